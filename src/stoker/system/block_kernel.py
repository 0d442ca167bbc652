"""The kernel's view of block devices: in go nodes, out comes what sysfs and the mount table say; partitions by ioctl.

Sources: Documentation/ABI/stable/sysfs-block, linux/blkpg.h, linux/fs.h, proc_pid_mountinfo(5).
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import re
import stat
import struct
from typing import Final

from stoker.system.devices import Device, partition_node
from stoker.system.errors import DeviceFault

UNIT: Final = 512  # bytes that sysfs and the kernel count in, whatever the sectors of a disk are

_BLKPG = 0x1269
_ADD, _DELETE, _RESIZE = 1, 2, 3
_PARTITION = struct.Struct("=qqi64s64s4x")  # struct blkpg_partition
_ARGUMENT = struct.Struct("@iiiP")  # struct blkpg_ioctl_arg
_ESCAPED = re.compile(r"\\([0-7]{3})")


def device_at(path: str) -> Device | None:
    """The block device that a path leads to, None when there is none."""
    try:
        node = os.path.realpath(path, strict=True)
        if not stat.S_ISBLK(os.stat(node).st_mode):
            return None
        own = _sysfs(node)
        disk = os.path.dirname(os.path.realpath(own)) if os.path.exists(f"{own}/partition") else ""
        size, sector_size = (_text(place) for place in (f"{own}/size", f"{disk or own}/queue/logical_block_size"))
    except OSError:  # it may go while it is looked at
        return None
    return Device(node, int(size) * UNIT, int(sector_size), f"/dev/{_name(disk)}".replace("!", "/") if disk else "")


def known_partitions(disk: Device) -> dict[int, tuple[int, int]]:
    """The partitions that the kernel knows of a disk: number to start and size in logical sectors.

    Raises `DeviceFault` for a disk of the device mapper, whose partitions are devices of their own.
    """
    if os.path.exists(f"{_sysfs(disk.node)}/dm/name"):
        raise DeviceFault(f"`{disk.node}` belongs to the device mapper: its partitions are not managed")
    own, name = _sysfs(disk.node), _name(os.path.realpath(disk.node))
    found = {}
    for entry in os.listdir(own):
        if entry.startswith(name) and os.path.exists(f"{own}/{entry}/partition"):
            start, size = (int(_text(f"{own}/{entry}/{file}")) * UNIT // disk.sector_size for file in ("start", "size"))
            found[int(_text(f"{own}/{entry}/partition"))] = (start, size)
    return found


def set_partitions(disk: Device, wanted: dict[int, tuple[int, int]]) -> None:
    """Delete, resize and add the kernel's partitions until they are `wanted`; those that agree are not touched.

    Raises `DeviceFault` naming the partition that the kernel keeps from changing.
    """
    known = known_partitions(disk)
    if known == wanted:
        return
    descriptor = os.open(disk.node, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for number, (start, _) in known.items():
            if number not in wanted or wanted[number][0] != start:
                _tell(descriptor, disk, _DELETE, number, (0, 0))
        for number, extent in wanted.items():
            if number in known and known[number][0] == extent[0]:
                if known[number] != extent:
                    _tell(descriptor, disk, _RESIZE, number, extent)
            else:
                _tell(descriptor, disk, _ADD, number, extent)
    finally:
        os.close(descriptor)
    check_partitions(disk, wanted)


def check_partitions(disk: Device, wanted: dict[int, tuple[int, int]]) -> None:
    """Raise `DeviceFault` where the kernel's partitions are not `wanted`. The words are Ignition's."""
    known = known_partitions(disk)
    scale = disk.sector_size // UNIT
    for number in sorted(known.keys() | wanted.keys()):
        node = partition_node(disk.node, number)
        if number not in wanted:
            raise DeviceFault(f'"{node}" unexpectedly exists after partitioning')
        if number not in known:
            raise DeviceFault(f'failed to resolve "{node}": the kernel has no such partition after partitioning')
        for what, found, asked in zip(("start", "size"), known[number], wanted[number], strict=True):
            if found != asked:
                raise DeviceFault(
                    f'kernel partition {what} for "{node}" does not match expected'
                    f" ({found * scale} != {asked * scale} 512-byte sectors)"
                )


def use(node: str) -> str:
    """What keeps a device busy: a mount, or another device that is made of it; empty when nothing does."""
    for source, directory, _ in mounts():
        if source == node or (source.startswith("/dev/") and os.path.realpath(source) == node):
            return f"mounted at `{directory}`"
    try:
        holders = sorted(os.listdir(f"{_sysfs(node)}/holders"))
    except OSError:
        holders = []
    if holders:
        return f"held by `{holders[0]}`"
    with open("/proc/swaps", encoding="utf-8", errors="surrogateescape") as swaps:
        used = {os.path.realpath(line.split()[0]) for line in swaps if line.startswith("/")}
    return "used as swap space" if node in used else ""


def mounts() -> list[tuple[str, str, str]]:
    """What is mounted: source, directory, format; a later mount of a directory hides an earlier one."""
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as table:
        rows = (line.split(" ") for line in table)
        return [(_unescaped(row[0]), _unescaped(row[1]), row[2]) for row in rows]


def array_of(node: str) -> tuple[str, tuple[str, ...]] | None:
    """Level and members of the md array at a node; None when it is none."""
    own = _sysfs(node)
    if not os.path.exists(f"{own}/md/level"):
        return None
    return _text(f"{own}/md/level"), tuple(sorted(f"/dev/{name}" for name in os.listdir(f"{own}/slaves")))


def _tell(descriptor: int, disk: Device, verb: int, number: int, extent: tuple[int, int]) -> None:
    start, size = (sectors * disk.sector_size for sectors in extent)
    data = array.array("B", _PARTITION.pack(start, size, number, b"", b""))
    try:
        fcntl.ioctl(descriptor, _BLKPG, _ARGUMENT.pack(verb, 0, _PARTITION.size, data.buffer_info()[0]))
    except OSError as error:
        what = {_ADD: "add", _DELETE: "delete", _RESIZE: "resize"}[verb]
        reason = "it is in use" if error.errno == errno.EBUSY else os.strerror(error.errno or 0).lower()
        raise DeviceFault(f"the kernel does not {what} partition {number} of `{disk.node}`: {reason}") from error


def _sysfs(node: str) -> str:
    return f"/sys/class/block/{_name(os.path.realpath(node))}"


def _name(path: str) -> str:
    """The kernel's name of a device; a slash in it is an exclamation mark in sysfs."""
    return path.removeprefix("/dev/").replace("/", "!") if path.startswith("/dev/") else os.path.basename(path)


def _text(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read().strip()


def _unescaped(field: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), field)
