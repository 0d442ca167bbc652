"""Stoker lights, feeds and tends container-Linux machines."""
