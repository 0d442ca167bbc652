"""Faults of trust.

TrustError
├── KeyRingError    a key ring cannot be used
└── SigningError    a signature could not be made
"""

from __future__ import annotations


class TrustError(Exception):
    """Something that should be trusted cannot be."""


class KeyRingError(TrustError):
    """A key ring cannot be used: which and why are in the text."""


class SigningError(TrustError):
    """A signature could not be made; the text says why, and holds no secret."""
