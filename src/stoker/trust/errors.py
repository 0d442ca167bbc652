"""Faults of trust.

TrustError
├── KeyRingError    a key ring cannot be used
├── SecretError     a secret cannot be had by its reference
└── SigningError    a signature could not be made
"""

from __future__ import annotations


class TrustError(Exception):
    """Something that should be trusted cannot be."""


class KeyRingError(TrustError):
    """A key ring cannot be used: which and why are in the text."""


class SecretError(TrustError):
    """A secret cannot be had: why is in the text, and nothing of the secret is."""


class SigningError(TrustError):
    """A signature could not be made; the text says why, and holds no secret."""
