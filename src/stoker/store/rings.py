"""The keys of a ring: an Append and the last number in use go in, named items and the first key to keep come out."""

from __future__ import annotations

from typing import Final

from stoker.store.contract import Append
from stoker.store.errors import InvalidKeyError

DIGITS: Final = 16
PAST_DIGITS: Final = ":"  # what follows 9 where keys are compared by their bytes


def name_items(ring: Append, last: int) -> tuple[dict[str, bytes], str]:
    """The items that the ring keeps of those appended, by key, and the key below which everything goes."""
    first = last + len(ring.items) - ring.cap + 1
    numbered = enumerate(ring.items, last + 1)
    named = {ring_key(ring.folder, number): data for number, data in numbered if number >= first}
    return named, ring_key(ring.folder, max(first, 0))


def ring_key(folder: str, number: int) -> str:
    """The key of an item of a ring; the first has the number 1."""
    return f"{folder}/{number:0{DIGITS}}"


def ring_span(folder: str) -> tuple[str, str]:
    """All items of a ring: a key, and one past the last."""
    return f"{folder}/0", f"{folder}/{PAST_DIGITS}"


def number_of(key: str) -> int:
    """The number of an item of a ring. Raises InvalidKeyError for one that no ring has."""
    name = key.rpartition("/")[2]
    if len(name) != DIGITS or not (name.isascii() and name.isdigit()):
        raise InvalidKeyError(key, "stands where a ring is")
    return int(name)
