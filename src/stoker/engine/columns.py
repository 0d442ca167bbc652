"""Plain text in columns: in go rows of cells, out come lines; and the few words that go with numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

WIDEST: Final = 45  # columns of a terminal that a cell gets; what is longer pushes aside the rest of its own row


def table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows in columns as wide as their widest cell, two spaces between; numbers stand to the right."""
    cells = list(rows)
    widths = [min(max(map(len, column)), WIDEST) for column in itertools.zip_longest(*cells, fillvalue="")]
    return ["  ".join(map(_padded, row, widths)) for row in cells]


def count(number: int, noun: str) -> str:
    """A number of things: `1 file`, `2 files`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _padded(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.isdecimal() else cell.ljust(width)
