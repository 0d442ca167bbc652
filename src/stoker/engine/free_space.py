"""Where a new partition goes on a disk: in go a table and a wish, out comes the stretch that sgdisk(8) would choose.

A start of 0 is the beginning of the largest free stretch, aligned; a size of 0 goes on to the end of the largest free
stretch, in which the start has to be. Sectors are logical ones. Source: sgdisk(8), `--new` and `--set-alignment`;
Ignition's operator notes, "Partition size 0".
"""

from __future__ import annotations

from typing import Final

from stoker.system import Table

ALIGNMENT: Final = 1 << 20  # bytes
LEAST_ON_LARGE: Final = 8  # sectors, on a disk of at least LARGE sectors
LARGE: Final = 585_937_500


class FreeSpace:
    """The free stretches of a disk while partitions come and go. The alignment stays that of the table as it was."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._taken = {partition.number: (partition.start, partition.last) for partition in table.partitions}
        self._alignment = _alignment(table)

    def remove(self, number: int) -> None:
        """Free what a partition takes."""
        self._taken.pop(number, None)

    def add(self, number: int, start: int, size: int) -> tuple[int, int, bool]:
        """Take a stretch for a partition; 0 leaves start or size open.

        Returns start, last sector, and whether it fits; what does not fit is not taken.
        """
        free = self._free()
        largest = max(free, key=lambda stretch: stretch[1] - stretch[0], default=(0, 0))  # of equal ones the first
        start = start or self._aligned(*largest)
        last = start + size - 1 if size else largest[1]
        fits = number not in self._taken and any(first <= start <= last <= end for first, end in free)
        if fits:
            self._taken[number] = (start, last)
        return start, last, fits

    def _free(self) -> list[tuple[int, int]]:
        """First and last sector of every free stretch, in order."""
        found = []
        first = self._table.first_usable
        for start, last in sorted(self._taken.values()):
            if first < start:
                found.append((first, start - 1))
            first = max(first, last + 1)
        return [*found, *([(first, self._table.last_usable)] if first <= self._table.last_usable else [])]

    def _aligned(self, first: int, last: int) -> int:
        """The first aligned sector of a stretch; its own first where there is none."""
        aligned = -(-first // self._alignment) * self._alignment
        return aligned if aligned <= last else first


def _alignment(table: Table) -> int:
    """The largest power of two, up to a mebibyte, that every partition starts at a multiple of."""
    alignment = ALIGNMENT // table.sector_size
    for partition in table.partitions:
        while partition.start % alignment:
            alignment //= 2
    return max(alignment, LEAST_ON_LARGE) if table.sectors >= LARGE else alignment
