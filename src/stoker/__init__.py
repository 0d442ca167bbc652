"""Stoker lights, feeds and tends container-Linux machines."""

__version__ = "0.1.0"
