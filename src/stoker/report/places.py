"""Where something is: a place in a text a person wrote, and a pointer into the data it says.

Places count from 1; columns count characters. A pointer is a tuple of keys and indexes from the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

Pointer = tuple[str | int, ...]

ROOT: Pointer = ()


class Place(NamedTuple):
    """A point in a text: `file:line:column`."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def end_of(file: str, lines: Sequence[str]) -> Place:
    """The place behind the last character of a text in `lines`."""
    return Place(file, max(1, len(lines)), len(lines[-1]) + 1 if lines else 1)


def pointer_text(pointer: Pointer) -> str:
    """Write a pointer as people read it: `$.storage.files.0.mode`; the root is `$`."""
    return ".".join(["$", *map(str, pointer)])
