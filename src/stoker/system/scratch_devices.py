"""Block devices on paper: in goes an inventory of disks, out comes what they would become; nothing is written.

Tables, signatures, arrays, volumes and mounts are records. The command lines that a real machine would run are kept
in order, so that a rehearsal can show them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stoker.system import disk_commands
from stoker.system.devices import (
    Array,
    ArrayFields,
    Device,
    FilesystemFields,
    Signature,
    Volume,
    VolumeFields,
    partition_node,
    udev_name,
)
from stoker.system.errors import CommandFault, DeviceFault, TableFault
from stoker.system.gpt import Partition, Table

LINUX_FILESYSTEM = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"  # the type that sgdisk gives when none is asked for

MADE_UP = "00000000-0000-4000-8000-000000000000"  # the UUID of what is given none


class Disk(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A disk of an inventory.

    `contents` maps the first byte of a stretch to what a probe finds there; `fault` says why its table cannot be
    read; `known` are the partitions that the kernel knows, those of the table when None. Of a disk that was
    `unreadable`, for the reason given, nothing more is known: it must not be taken for a blank one.
    """

    size: int
    sector_size: int = 512
    links: list[str] = []
    table: Table | None = None
    fault: str = ""
    contents: dict[int, Signature] = {}
    known: dict[int, tuple[int, int]] | None = None
    unreadable: str = ""


class Inventory(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A machine's block devices: disks by node; what is in use (node to words); arrays by path; headers by node.

    `held` says what is on arrays, by path; `mounts` what was mounted where when the inventory was taken: directory to
    node.
    """

    disks: dict[str, Disk] = {}
    uses: dict[str, str] = {}
    arrays: dict[str, Array] = {}
    volumes: dict[str, Volume] = {}
    held: dict[str, Signature] = {}
    mounts: dict[str, str] = {}


class ScratchDevices:
    """Block devices that are records. `commands` are the command lines that a real machine would have run."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.commands: list[list[str]] = []
        self.volume_keys: dict[str, bytes] = {}
        self.mounts: dict[str, list[str]] = {}  # directory -> nodes, each mounted over the one before
        self.mounted_once: dict[str, str] = {}  # directory -> the last node that was mounted there, even if no more
        self.keys: dict[str, list[bytes]] = {}  # node of a volume -> what opens it
        self.opened: dict[str, str] = {}  # name of a volume -> the node it is on
        self._signatures: dict[str, Signature | None] = {**inventory.held}  # of devices that are no part of a disk
        for disk in inventory.disks.values():
            if disk.known is None:
                disk.known = _extents(disk)

    # Looking

    def wait(self, paths: Sequence[str]) -> None:
        """See `BlockDevices.wait`: nothing appears on paper."""

    def find(self, path: str) -> Device | None:
        """See `BlockDevices.find`."""
        if path in self.inventory.arrays or path in {f"/dev/mapper/{name}" for name in self.opened}:
            return Device(path, 0)
        for node, disk in self.inventory.disks.items():
            names = {node, *disk.links}
            if path in names | _content_paths(disk, 0):
                return Device(node, disk.size, disk.sector_size)
            for number, (_, size) in (disk.known or {}).items():
                if path in self._partition_paths(node, disk, number):
                    length = size * disk.sector_size
                    return Device(partition_node(node, number), length, disk.sector_size, node)
        return None

    def _partition_paths(self, node: str, disk: Disk, number: int) -> set[str]:
        """Every path of a partition that the kernel knows: its node, and the links that udev makes."""
        paths = {partition_node(node, number), *(f"{link}-part{number}" for link in disk.links)}
        paths |= _content_paths(disk, (disk.known or {})[number][0] * disk.sector_size)
        partition = disk.table.partition(number) if disk.table else None
        if partition is not None:
            paths |= {f"/dev/disk/by-partuuid/{partition.guid.lower()}"}
            if partition.label:
                paths.add(f"/dev/disk/by-partlabel/{udev_name(partition.label)}")
        return paths

    def table(self, disk: Device) -> Table | None:
        """See `BlockDevices.table`."""
        record = self._readable(self._disk(disk.node))
        if record.fault:
            raise TableFault(record.fault)
        return record.table

    def known_partitions(self, disk: Device) -> dict[int, tuple[int, int]]:
        """See `BlockDevices.known_partitions`."""
        return dict(self._disk(disk.node).known or {})

    def use(self, node: str) -> str:
        """See `BlockDevices.use`."""
        mounted = next((f"mounted at `{directory}`" for directory, nodes in self.mounts.items() if node in nodes), "")
        return mounted or self.inventory.uses.get(node, "")

    def probe(self, node: str, start: int = 0, size: int = 0) -> Signature | None:
        """See `BlockDevices.probe`."""
        place = self._place(node)
        if place is None:
            return self._signatures.get(node)
        disk, offset = place
        return self._readable(disk).contents.get(offset + start)

    def array(self, path: str) -> Array | None:
        """See `BlockDevices.array`."""
        return self.inventory.arrays.get(path)

    def volume(self, node: str) -> Volume | None:
        """See `BlockDevices.volume`."""
        return self.inventory.volumes.get(node)

    def mounted(self, directory: str) -> str:
        """See `BlockDevices.mounted`."""
        return (self.mounts.get(directory) or [self.inventory.mounts.get(directory, "")])[-1]

    # Changing

    def wipe_table(self, disk: Device) -> None:
        """See `BlockDevices.wipe_table`."""
        self.commands.append(["sgdisk", "--zap-all", disk.node])
        record = self._disk(disk.node)
        record.table, record.fault = None, ""

    def change_table(self, disk: Device, delete: Sequence[int], create: Sequence[Partition]) -> None:
        """See `BlockDevices.change_table`."""
        self.commands.append(disk_commands.change_table(disk.node, delete, create))
        record = self._disk(disk.node)
        table = record.table or Table.blank(record.size, record.sector_size)
        kept = [partition for partition in table.partitions if partition.number not in delete]
        made = [_with_defaults(partition, disk.node) for partition in create]
        partitions = tuple(sorted([*kept, *made], key=lambda partition: partition.number))
        record.table = msgspec.structs.replace(table, partitions=partitions)

    def tell_kernel(self, disk: Device) -> None:
        """See `BlockDevices.tell_kernel`."""
        record = self._disk(disk.node)
        record.known = _extents(record)

    def wipe(self, node: str) -> None:
        """See `BlockDevices.wipe`."""
        self.commands.append(["wipefs", "-a", node])
        self._put(node, None)

    def make_filesystem(self, node: str, fields: FilesystemFields) -> None:
        """See `BlockDevices.make_filesystem`."""
        self.commands.append(disk_commands.make_filesystem(node, fields))
        self._put(node, Signature(fields.format, fields.label or "", fields.uuid or ""))

    def make_array(self, fields: ArrayFields) -> None:
        """See `BlockDevices.make_array`."""
        self.commands.append(disk_commands.make_array(fields))
        self.inventory.arrays[fields.path] = Array(fields.level, tuple(sorted(fields.devices)))
        for device in fields.devices:
            self._put(device, Signature("linux_raid_member"))
            self.inventory.uses[device] = f"held by `{fields.path}`"

    def format_volume(self, node: str, fields: VolumeFields, key: bytes) -> None:
        """See `BlockDevices.format_volume`."""
        self.commands.append(disk_commands.format_volume(node, fields))
        self.inventory.volumes[node] = Volume(2, fields.label or "", fields.uuid or MADE_UP)
        self.keys[node] = [key]
        self._put(node, Signature("crypto_LUKS", fields.label or "", fields.uuid or ""))

    def open_volume(self, node: str, fields: VolumeFields, key: bytes) -> None:
        """See `BlockDevices.open_volume`. A volume of the inventory opens with any key."""
        command = disk_commands.open_volume(node, fields)
        if key not in self.keys.get(node, [key]):
            raise CommandFault(command, "exit status 2", errors=b"No key available with this passphrase.", status=2)
        self.commands.append(command)
        flags = ("allow-discards",) if fields.discard else ()
        self.inventory.volumes[node] = msgspec.structs.replace(self.inventory.volumes[node], flags=flags)
        self.opened[fields.name] = node
        self.inventory.uses[node] = f"held by `{fields.name}`"

    def close_volume(self, name: str) -> None:
        """See `BlockDevices.close_volume`."""
        self.commands.append(["cryptsetup", "luksClose", name])
        self.inventory.uses.pop(self.opened.pop(name), None)

    def bind_volume(self, node: str, pin: str, config: str, key: bytes) -> None:
        """See `BlockDevices.bind_volume`."""
        self.commands.append(disk_commands.bind_volume(node, pin, config))

    def unlock_volume(self, node: str, name: str) -> None:
        """See `BlockDevices.unlock_volume`."""
        self.commands.append(disk_commands.unlock_volume(node, name))
        self.opened[name] = node
        self.inventory.uses[node] = f"held by `{name}`"

    def remove_key(self, node: str, key: bytes) -> None:
        """See `BlockDevices.remove_key`."""
        self.commands.append(["cryptsetup", "luksRemoveKey", node, "-"])
        self.keys[node].remove(key)

    def mount(self, node: str, directory: str, format_: str, options: Sequence[str]) -> None:
        """See `BlockDevices.mount`."""
        self.commands.append(disk_commands.mount(node, directory, format_, options))
        self.mounts.setdefault(directory, []).append(node)
        self.mounted_once[directory] = node

    def unmount(self, directory: str) -> None:
        """See `BlockDevices.unmount`."""
        self.commands.append(["umount", directory])
        self.mounts[directory].pop()

    # Records

    def _disk(self, node: str) -> Disk:
        found = self.inventory.disks.get(node)
        if found is None:
            raise DeviceFault(f"`{node}` is no disk")
        return found

    def _readable(self, disk: Disk) -> Disk:
        if disk.unreadable:
            raise DeviceFault(disk.unreadable)
        return disk

    def _place(self, node: str) -> tuple[Disk, int] | None:
        """The disk that a node is on, and its first byte there; None for what lies on no one disk."""
        device = self.find(node)
        if device is None or (not device.disk and device.node not in self.inventory.disks):
            return None
        disk = self._disk(device.disk or device.node)
        if not device.disk:
            return disk, 0
        for number, (start, _) in (disk.known or {}).items():
            if partition_node(device.disk, number) == device.node:
                return disk, start * disk.sector_size
        return None

    def _put(self, node: str, signature: Signature | None) -> None:
        place = self._place(node)
        if place is None:
            self._signatures[node] = signature
            return
        disk, offset = place
        disk.contents.pop(offset, None)
        if signature is not None:
            disk.contents[offset] = signature


def _extents(disk: Disk) -> dict[int, tuple[int, int]]:
    partitions = disk.table.partitions if disk.table else ()
    return {partition.number: (partition.start, partition.size) for partition in partitions}


def _content_paths(disk: Disk, start: int) -> set[str]:
    """The links that udev makes for what is on a stretch of a disk."""
    found = disk.contents.get(start)
    if found is None:
        return set()
    links = {"by-label": found.label, "by-uuid": found.uuid}
    return {f"/dev/disk/{directory}/{udev_name(name)}" for directory, name in links.items() if name}


def _with_defaults(partition: Partition, node: str) -> Partition:
    """A partition as sgdisk leaves it, with a GUID that is made up, but the same every time."""
    made_up = f"00000000-0000-4000-8000-{sum(node.encode()) * 4096 + partition.number:012X}"
    return msgspec.structs.replace(
        partition, guid=partition.guid.upper() or made_up, type_guid=partition.type_guid.upper() or LINUX_FILESYSTEM
    )
