"""What a store takes at once, and which keys: changes come in, an error goes out if there is too much or a bad one.

The numbers are such that each store can keep them: etcd takes 128 operations and 1.5 MiB a transaction by default
(`--max-txn-ops`, `--max-request-bytes`), and files have names of 255 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from stoker.store.contract import LEASES, Append, Change, Condition, Put
from stoker.store.errors import InvalidKeyError, LimitError

MAX_KEYS: Final = 100
MAX_BYTES: Final = 1 << 20
MAX_ITEMS: Final = 100_000
MAX_PARTS: Final = 5
MAX_PART: Final = 255

TEMPORARY: Final = ".stoker-"  # what names of files begin with that are not there for a reader yet


def check_commit(changes: Sequence[Change], conditions: Sequence[Condition]) -> None:
    """Raise LimitError or InvalidKeyError if no store takes this."""
    keys = sum(len(change.items) + 1 if isinstance(change, Append) else 1 for change in changes)
    conditional = len(conditions) + sum(isinstance(change, Append) for change in changes)
    size = sum(len(data) for change in changes for data in _data(change))
    if keys > MAX_KEYS or conditional > MAX_KEYS:
        raise LimitError(f"a commit of {max(keys, conditional)} keys, where {MAX_KEYS} is the most; make several")
    if size > MAX_BYTES:
        raise LimitError(f"a commit of {size} bytes, where {MAX_BYTES} is the most; make several")
    seen: set[str] = set()
    for change in changes:
        key = change.folder if isinstance(change, Append) else change.key
        _check_change(change, key)
        if key in seen:
            raise InvalidKeyError(key, "is changed twice in one commit")
        seen.add(key)
    for condition in conditions:
        check_key(condition.key)


def check_key(key: str) -> None:
    """Raise InvalidKeyError if this is no key: parts with something in them, of which none leads elsewhere."""
    parts = key.split("/")
    if not 2 <= len(parts) <= MAX_PARTS:
        raise InvalidKeyError(key, f"has {len(parts)} parts")
    _check_parts(key, parts)


def _check_change(change: Change, key: str) -> None:
    if isinstance(change, Append):
        check_key(f"{change.folder}/0")
        if not 1 <= change.cap <= MAX_ITEMS:
            raise LimitError(f"a ring of {change.cap} items below `{key}`, where it may have 1 to {MAX_ITEMS}")
    else:
        check_key(key)
    if key.partition("/")[0] == LEASES:
        raise InvalidKeyError(key, "belongs to a lease, which alone may change it")


def _check_parts(key: str, parts: Sequence[str]) -> None:
    for part in parts:
        if part in {"", ".", ".."}:
            raise InvalidKeyError(key, f"has the part {part!a}")
        if part.startswith(TEMPORARY):
            raise InvalidKeyError(key, f"has a part that begins with `{TEMPORARY}`")
        if "\0" in part:
            raise InvalidKeyError(key, "has a NUL in it")
        try:
            size = len(part.encode())
        except UnicodeEncodeError:
            raise InvalidKeyError(key, "is no text that UTF-8 can write") from None
        if size > MAX_PART:
            raise InvalidKeyError(key, f"has a part of {size} bytes, where {MAX_PART} is the most")


def _data(change: Change) -> Iterator[bytes]:
    if isinstance(change, Put):
        yield change.data
    elif isinstance(change, Append):
        yield from change.items
