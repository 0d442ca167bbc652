"""ignition"""
