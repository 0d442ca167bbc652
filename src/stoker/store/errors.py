"""Faults of the store.

StoreError
├── ConflictError           a condition does not hold: nothing was changed
├── InvalidKeyError         a key that the store does not take
├── LimitError              more than a store takes at once
└── StoreUnavailableError   the store as a whole cannot be read, or not written to: nothing was changed
    ├── RefusedError        etcd answers that it will not
    ├── UnreachableError    no etcd answers
    └── UnsureError         what was asked for may have been done, or may still be
"""

from __future__ import annotations

from collections.abc import Iterable


class StoreError(Exception):
    """Something about the store as a whole."""


class ConflictError(StoreError):
    """Conditions do not hold, and nothing was changed: `keys` are theirs, sorted."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = tuple(sorted(set(keys)))
        named = ", ".join(f"`{key}`" for key in self.keys)
        super().__init__(f"{named} changed meanwhile; read again, and change what is there now")


class InvalidKeyError(StoreError):
    """A key that the store does not take: which, why, and what one looks like are in the text."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        super().__init__(f"key {key[:200]!a} {reason}; a key is `folder/name`, or has up to three folders more")


class LimitError(StoreError):
    """A commit, an item or a folder is larger than a store takes; the limit is in the text."""


class StoreUnavailableError(StoreError):
    """The store cannot be read, or not written to: which, why, and what to do are in the text."""


class RefusedError(StoreUnavailableError):
    """etcd answers that it will not; `code` is that of gRPC, or of HTTP where there is none."""

    def __init__(self, path: str, code: int, message: str, hint: str = "") -> None:
        self.code = code
        super().__init__(f"etcd refused `{path}`: {message}{hint and '; '}{hint}")


class UnreachableError(StoreUnavailableError):
    """No etcd answers, and nothing was carried out: which were tried is in the text."""


class UnsureError(StoreUnavailableError):
    """What was asked for may have been done, or may still be: read again before it is asked for once more."""
