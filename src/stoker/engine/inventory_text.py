"""A captured machine as people read it: in goes what was captured, out come lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine.columns import table
from stoker.engine.disk_drawing import INDENTED, draw_table, size_text
from stoker.engine.operations.losses import words
from stoker.report.native import plain
from stoker.system.devices import partition_node
from stoker.system.inventory import Captured
from stoker.system.scratch_devices import Disk, Inventory

NO_SHELLS = ("/nologin", "/false", "/sync", "/halt", "/shutdown")


def inventory_text(captured: Captured) -> str:
    """Its system, disks, arrays, the accounts of people, its kernel arguments."""
    lines = [captured.os.get("PRETTY_NAME") or captured.os.get("ID") or "a system that does not say what it is"]
    for node, disk in captured.devices.disks.items():
        lines += ["", *_disk(node, disk, captured.devices)]
    for path, array in captured.devices.arrays.items():
        held = words(captured.devices.held.get(path))
        lines += ["", f"{path}, {array.level} of {', '.join(array.members)}{held and f', {held}'}"]
    people = [user for user in captured.users if not user.shell.endswith(NO_SHELLS)]
    if people:
        rows = table((user.name, f"id {user.uid}", user.home, user.shell) for user in people)
        lines += ["", "accounts", *(f"  {row}" for row in rows)]
    if captured.kernel_arguments:
        lines += ["", "kernel arguments", *(f"  {argument}" for argument in captured.kernel_arguments)]
    return "\n".join(plain(line).rstrip() for line in lines) + "\n"


def _disk(node: str, disk: Disk, inventory: Inventory) -> Iterator[str]:
    sectors = "" if disk.sector_size == 512 else f", sectors of {disk.sector_size} bytes"
    yield f"{node}, {size_text(disk.size)}{sectors}"
    yield from (f"  {link}" for link in disk.links)
    reason = disk.unreadable or disk.fault
    if reason:
        yield f"  {reason}"
        return
    yield f"  {draw_table(disk.table, {}, INDENTED)}"
    rows = []
    for partition in disk.table.partitions if disk.table else ():
        start = partition.start * disk.sector_size
        place = partition_node(node, partition.number)
        size = size_text(partition.size * disk.sector_size)
        use = inventory.uses.get(place, "")
        rows.append((place, partition.label, size, words(disk.contents.get(start)), use))
    if not rows:
        rows = [(node, "", size_text(disk.size), words(disk.contents.get(0)), inventory.uses.get(node, ""))]
    yield from (f"  {row}" for row in table(rows))
