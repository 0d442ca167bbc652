"""Long lists in pages: all of a list and the number of a page go in, the page comes out, or the last one there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

PAGE: Final = 100

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """The rows of a page, its number from 1, and how many rows all pages have."""

    rows: tuple[Item, ...]
    number: int
    found: int

    @property
    def first(self) -> int:
        """The number of the first row, from 1."""
        return (self.number - 1) * PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The number of the last row."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def cut(items: Sequence[Item], number: int) -> Page[Item]:
    """A page of a list."""
    number = max(1, min(number, -(-len(items) // PAGE)))
    return Page(tuple(items[(number - 1) * PAGE : number * PAGE]), number, len(items))
