"""Faults of the store.

StoreError
└── StoreUnavailableError   the store as a whole cannot be read
"""

from __future__ import annotations


class StoreError(Exception):
    """Something about the store as a whole."""


class StoreUnavailableError(StoreError):
    """The store cannot be read: which, why, and what to do are in the text."""
