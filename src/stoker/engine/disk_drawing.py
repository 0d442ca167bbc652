"""Disks as a person sees them: in goes what becomes of a disk, out come lines of plain text: two bars and what changes.

    /dev/vda, 1 GiB
      before |1 boot  |2 data           |                                                |
      after  |1 boot  |+3 new                                                            |
      - 2 data  at 101 MiB  200 MiB  ext4 `old`
      + 3 new   at 101 MiB  922 MiB

A plus stands for what is made, a minus for what goes, a tilde for what changes its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stoker.engine.partitions import DiskPlan
from stoker.system import Partition, Table

WIDTH = 80
INDENTED = WIDTH - 2  # for what stands below a heading
LEAST = 3  # columns of a cell
WIDE = 12  # columns that a cell gets for its text alone
SMALL = 2 << 20  # bytes of a gap that is not worth a cell: alignment, the tables themselves
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


class _Cell(NamedTuple):
    text: str
    size: int


def draw_disk(disk_plan: DiskPlan, width: int = WIDTH, *, is_assumed: bool = False) -> list[str]:
    """The lines for a disk, said to be assumed where nobody has it yet; bars alone where nothing changes."""
    unit = disk_plan.disk.sector_size
    rows = list(_changes(disk_plan))
    marks = {partition.number: mark for mark, partition in rows if mark != "-"}
    gone = {partition.number: "-" for mark, partition in rows if mark == "-"}
    return [
        f"{disk_plan.disk.node}, {size_text(disk_plan.disk.size)}{' assumed' if is_assumed else ''}",
        f"  before {draw_table(disk_plan.before, gone, width - 9)}",
        f"  after  {draw_table(disk_plan.after, marks, width - 9)}",
        *_listed(rows, unit),
        *(f"  ! lost: {loss}" for loss in disk_plan.losses),
    ]


def size_text(size: int) -> str:
    """A size in bytes in the largest unit that leaves at least 1, with at most one decimal."""
    power = 0
    while round(size / (1 << 10 * power), 1) >= 1024 and power < len(UNITS) - 1:
        power += 1
    return f"{size / (1 << 10 * power):.1f}".removesuffix(".0") + f" {UNITS[power]}"


def _changes(disk_plan: DiskPlan) -> Iterator[tuple[str, Partition]]:
    """What goes, comes or changes its size."""
    before = {partition.number: partition for partition in disk_plan.before.partitions} if disk_plan.before else {}
    after = {partition.number: partition for partition in disk_plan.after.partitions}
    for number in sorted(before.keys() | after.keys()):
        old, new = before.get(number), after.get(number)
        made = any(partition.number == number for partition in disk_plan.create)
        if old is not None and new is not None and old.guid == new.guid and old.start == new.start:
            if old.size != new.size:
                yield "~", new
            continue
        if old is not None and (new is None or made):
            yield "-", old
        if new is not None and made:
            yield "+", new


def _listed(rows: list[tuple[str, Partition]], unit: int) -> list[str]:
    """Changes in columns."""
    cells = [_row(partition, unit) for _, partition in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        f"  {mark} {'  '.join(map(str.ljust, row, widths))}".rstrip()
        for (mark, _), row in zip(rows, cells, strict=True)
    ]


def _row(partition: Partition, unit: int) -> tuple[str, str, str]:
    """Name, place and size of a partition."""
    return (_name(partition), f"at {size_text(partition.start * unit)}", size_text(partition.size * unit))


def _name(partition: Partition) -> str:
    label = "".join(letter if letter.isprintable() else "?" for letter in partition.label)
    return f"{partition.number} {label}".rstrip()


def draw_table(table: Table | None, marks: Mapping[int, str], width: int = WIDTH) -> str:
    """A table as one line, each partition with its mark, if any.

    Cells are as wide as what they stand for, and wide enough for their text if there is room.
    """
    if table is None:
        return f"|{'no partition table'.center(width - 2)}|"
    cells = list(_cells(table, marks))
    room = width - 1 - len(cells)
    least = [max(LEAST, min(len(cell.text), WIDE)) for cell in cells]
    if sum(least) > room:
        least = [LEAST] * len(cells)
    spare = max(room - sum(least), 0)
    total = sum(cell.size for cell in cells)
    drawn, used, passed = [], 0, 0
    for cell, narrow in zip(cells, least, strict=True):
        passed += cell.size
        columns = narrow + spare * passed // total - used
        used = spare * passed // total
        drawn.append(cell.text[:columns].ljust(columns))
    return f"|{'|'.join(drawn)}|"


def _cells(table: Table, marks: Mapping[int, str]) -> Iterator[_Cell]:
    """Partitions and what is free between them, in the order of the disk."""
    position = table.first_usable
    for partition in sorted(table.partitions, key=lambda one: one.start):
        yield from _gap(partition.start - position, table)
        yield _Cell(marks.get(partition.number, "") + _name(partition), partition.size)
        position = partition.last + 1
    if not table.partitions:
        yield _Cell("", max(table.last_usable + 1 - position, 1))
    else:
        yield from _gap(table.last_usable + 1 - position, table)


def _gap(sectors: int, table: Table) -> Iterator[_Cell]:
    if sectors * table.sector_size >= SMALL:
        yield _Cell("", sectors)
