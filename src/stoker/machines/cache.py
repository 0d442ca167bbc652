"""What was made of something goes in under what it was made of, and comes out again while it is among the last used.

The bound is in bytes, since configs differ by a thousand times in size. Keys are revisions of contents, so nothing has
to be thrown away when a file changes: what was made of it is just not asked for any more.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

CACHE_BYTES: Final = 64 << 20
ENTRY_BYTES: Final = 1024  # what an entry takes beside its value: key, report, bookkeeping


class Cache(Generic[Value]):
    """Values by key, the least recently used forgotten first; `hits` and `misses` count what was asked for."""

    def __init__(self, size_of: Callable[[Value], int], bound: int = CACHE_BYTES) -> None:
        self.size_of = size_of
        self.bound = bound
        self.size = 0
        self.hits = 0
        self.misses = 0
        self.values: OrderedDict[Hashable, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self.values)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made now if it is not kept. What alone is over the bound is not kept."""
        value = self.values.get(key)
        if value is not None:
            self.hits += 1
            self.values.move_to_end(key)
            return value
        self.misses += 1
        value = make()
        size = self.size_of(value) + ENTRY_BYTES
        if size <= self.bound:
            self.values[key] = value
            self.size += size
            while self.size > self.bound:
                self.size -= self.size_of(self.values.popitem(last=False)[1]) + ENTRY_BYTES
        return value
