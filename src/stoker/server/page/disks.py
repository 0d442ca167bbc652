"""Disks drawn: a config and what a machine says that it has go in, out come its disks before and after, as boxes.

A disk that the machine has not told of is drawn as that of a fresh machine of the distribution, with room for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from stoker.engine.disk_drawing import draw_disk, size_text
from stoker.engine.disks import draft_disks
from stoker.engine.imagined import imagine
from stoker.engine.outlook import Outlook
from stoker.engine.partitions import DiskPlan
from stoker.machines import Machine
from stoker.report import Report
from stoker.schema.v3 import Config
from stoker.system import Table
from stoker.system.scratch_devices import ScratchDevices

WIDTH: Final = 1000  # of a drawing, in its own units
LEAST: Final = 14  # of a box: what is small is drawn larger than it is, so that one sees it
SHOWN_NAME: Final = 60  # the least width of a box that its name is written in
SMALL: Final = 2 << 20  # bytes of a gap that is not worth a box


class Box(NamedTuple):
    """A partition, or free space where `name` is empty; `kind` is `made`, `gone` or `kept`."""

    x: int
    width: int
    name: str
    size: str
    kind: str


class Drawing(NamedTuple):
    """A disk: its partitions before and after, and both in words."""

    node: str
    size: str
    is_told: bool
    before: tuple[Box, ...]
    after: tuple[Box, ...]
    text: str


def draw_disks(config: Config | None, distribution: str, machine: Machine) -> list[Drawing]:
    """The disks of a config on a machine."""
    if config is None or config.storage is None or not config.storage.disks:
        return []
    inventory = imagine(config, distribution)
    told = {part.name: part.size for part in machine.inventory.disks} if machine.inventory else {}
    for node, disk in inventory.disks.items():
        if disk.table is None and told.get(node, 0) > SMALL:
            disk.size = told[node]
    plans = draft_disks(config.storage, Outlook(ScratchDevices(inventory)), Report())
    return [_draw(plan, told) for plan in plans]


def _draw(plan: DiskPlan, told: Mapping[str, int]) -> Drawing:
    before = {part.number: part for part in plan.before.partitions} if plan.before else {}
    after = {part.number: part for part in plan.after.partitions}
    both = before.keys() & after.keys()
    kept = {n for n in both if (before[n].guid, before[n].start) == (after[n].guid, after[n].start)}
    return Drawing(
        plan.disk.node,
        size_text(plan.disk.size),
        plan.disk.node in told,
        tuple(_boxes(plan.before, {number: "kept" if number in kept else "gone" for number in before})),
        tuple(_boxes(plan.after, {number: "kept" if number in kept else "made" for number in after})),
        "\n".join(draw_disk(plan)[3:]),
    )


def _boxes(table: Table | None, kinds: Mapping[int, str]) -> Iterator[Box]:
    """The boxes of a table, side by side over the whole width."""
    if table is None:
        yield Box(0, WIDTH, "", "without a table", "free")
        return
    cells: list[tuple[str, int, str]] = []
    position = table.first_usable
    for part in sorted(table.partitions, key=lambda one: one.start):
        cells += _gap(part.start - position, table.sector_size)
        cells.append((f"{part.number} {part.label}".strip(), part.size * table.sector_size, kinds[part.number]))
        position = part.last + 1
    cells += _gap(table.last_usable + 1 - position, table.sector_size)
    total = sum(size for _, size, _ in cells) or 1
    spare = max(WIDTH - LEAST * len(cells), 0)
    x = passed = 0
    for number, (name, size, kind) in enumerate(cells, 1):
        passed += size
        end = number * LEAST + spare * passed // total
        yield Box(x, end - x, name, size_text(size), kind)
        x = end


def _gap(sectors: int, sector_size: int) -> list[tuple[str, int, str]]:
    size = sectors * sector_size
    return [("", size, "free")] if size >= SMALL else []
