"""The block devices of a machine as they will be: in go tables as planned, out come the nodes that paths lead to then.

Later parts of a plan stand on earlier ones: a file system on a partition that is still to be made. What is in the
place of a partition now will be in it then, so that can be looked at before.
"""

from __future__ import annotations

from typing import NamedTuple

from stoker.engine.operations.losses import Loss
from stoker.system import BlockDevices, Device, Signature, Table, TableFault
from stoker.system.devices import partition_node, udev_name


class Located(NamedTuple):
    """Where a path will lead: a node, and the stretch of a device in bytes where its content is now, if any."""

    node: str
    holder: str = ""
    start: int = 0
    size: int = 0


class Outlook:
    """The devices once everything planned so far is done."""

    def __init__(self, devices: BlockDevices) -> None:
        self.devices = devices
        self._promised: dict[str, Located] = {}
        self._gone: set[str] = set()
        self._tables: dict[str, Table] = {}
        self._awaited: set[str] = set()
        self._sealed: set[str] = set()

    def expect_table(self, names: set[str], disk: Device, table: Table) -> None:
        """Expect a disk, known by those names, to have the partitions of a table and no others."""
        self._tables[disk.node] = table
        self._gone |= {partition_node(disk.node, number) for number in self.devices.known_partitions(disk)}
        for partition in table.partitions:
            node = partition_node(disk.node, partition.number)
            size = partition.size * disk.sector_size
            located = Located(node, disk.node, partition.start * disk.sector_size, size)
            paths = {node, *(f"{name}-part{partition.number}" for name in names)}
            if partition.label:
                paths.add(f"/dev/disk/by-partlabel/{udev_name(partition.label)}")
            if partition.guid:
                paths.add(f"/dev/disk/by-partuuid/{partition.guid.lower()}")
            self._promised |= dict.fromkeys(paths, located)

    def expect(self, *paths: str) -> None:
        """Expect a device of which nothing is known yet; its path will do for a node."""
        self._promised |= {path: Located(paths[0]) for path in paths}

    def expect_sealed(self, node: str) -> None:
        """Expect a device to hold what nobody can see before it is there: an encrypted volume that is used again."""
        self._sealed.add(node)

    def expect_links(self, located: Located, paths: list[str]) -> None:
        """Expect further paths to lead to a device, unless they are promised to another one."""
        for path in paths:
            self._promised.setdefault(path, located)

    def locate(self, path: str) -> Located | None:
        """Where a path will lead; None when nothing will be there."""
        promised = self._promised.get(path)
        if promised is not None:
            return promised
        if path not in self._awaited:
            self._awaited.add(path)
            self.devices.wait([path])
        device = self.devices.find(path)
        if device is None:
            return None
        return self._promised.get(device.node) or (
            None if device.node in self._gone else Located(device.node, device.node)
        )

    def size(self, located: Located) -> int | None:
        """The bytes that a device will have; None when that is not known yet."""
        if located.size:
            return located.size
        device = self.devices.find(located.holder) if located.holder else None
        return None if device is None else device.size

    def probe(self, located: Located) -> Signature | None:
        """What is now where the device will be."""
        if not located.holder:
            return None
        return self.devices.probe(located.holder, located.start, located.size)

    def losses(self, located: Located, name: str, held: Signature | None, *, wipes: bool = True) -> tuple[Loss, ...]:
        """What is lost when the device, called `name`, is written over: what it holds, or the partitions of a disk.

        What does not wipe looks once more before it writes, and is stopped by anything that it finds.
        """
        if located.node in self._sealed:
            return () if not wipes else (Loss(f"what the volume {located.node} holds", device=located.node),)
        if held is not None:
            return (Loss(name, "", held),)
        disk = self.devices.find(located.holder) if located.holder and not located.size else None
        if disk is None or disk.disk or not disk.size:
            return ()
        try:
            found = self.devices.table(disk)
        except TableFault as fault:
            return (Loss(f"the whole of {disk.node}", str(fault), None, disk.node),)
        after = self._tables.get(disk.node, found)
        left = {one.start for one in after.partitions} if after else set()  # the others are lost before
        unit = disk.sector_size
        return tuple(
            Loss.of(one, disk.node, self.devices.probe(disk.node, one.start * unit, one.size * unit))
            for one in (found.partitions if found else ())
            if one.start in left
        )
