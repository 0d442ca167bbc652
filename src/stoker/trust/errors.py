"""Faults of trust.

TrustError
└── SecretError     a secret cannot be had by its reference
"""

from __future__ import annotations


class TrustError(Exception):
    """Something that should be trusted cannot be."""


class SecretError(TrustError):
    """A secret cannot be had: why is in the text, and nothing of the secret is."""
