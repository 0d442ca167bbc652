"""The protocol of a machine's block devices: what the rooms above may ask of them, and the values they get.

A device is named by any absolute path, links included, or by its node (`/dev/vda1`); `find` leads from one to the
other. Two implementations speak this protocol: `RealDevices` and `ScratchDevices`. Every verb raises `DeviceFault`
when the machine refuses, or `CommandFault` when a tool does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import msgspec

from stoker.system.gpt import Partition, Table


class Device(msgspec.Struct, frozen=True):
    """A block device: its node, its size in bytes, its logical sector size, the disk it is a partition of, if so."""

    node: str
    size: int
    sector_size: int = 512
    disk: str = ""


class Signature(msgspec.Struct, frozen=True):
    """What a device holds, as libblkid says it. `others` tells that there are traces of more than that."""

    type: str
    label: str = ""
    uuid: str = ""
    others: bool = False


class ArrayFields(msgspec.Struct, frozen=True):
    """What is asked of an array. The last `spares` of the devices stand by."""

    name: str
    level: str
    devices: tuple[str, ...]
    spares: int = 0
    options: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path of its device."""
        return self.name if self.name.startswith("/dev") else f"/dev/md/{self.name}"


class Array(msgspec.Struct, frozen=True):
    """An array that runs: its level as md(4) names it, the nodes of its members, sorted."""

    level: str
    members: tuple[str, ...]


class FilesystemFields(msgspec.Struct, frozen=True):
    """What is asked of a file system. `uuid` is in the form that its tool takes."""

    format: str
    label: str | None = None
    uuid: str | None = None
    options: tuple[str, ...] = ()


class VolumeFields(msgspec.Struct, frozen=True):
    """What is asked of an encrypted volume. `name` is that of the opened device below /dev/mapper."""

    name: str
    label: str | None = None
    uuid: str | None = None
    options: tuple[str, ...] = ()
    discard: bool = False
    open_options: tuple[str, ...] = ()


class Volume(msgspec.Struct, frozen=True):
    """The header of an encrypted volume. `version` is 1 or 2, `flags` are those kept for opening it."""

    version: int
    label: str
    uuid: str
    flags: tuple[str, ...] = ()


class BlockDevices(Protocol):
    """The block devices of a machine.

    `volume_keys` holds the keys of the volumes made or opened in this run, by name: they go into the machine's files
    and nowhere else.
    """

    volume_keys: dict[str, bytes]

    # Looking

    def wait(self, paths: Sequence[str]) -> None:
        """Wait for devices, as long as this machine is to be given; what is missing then stays missing."""

    def find(self, path: str) -> Device | None:
        """The device that a path leads to, None when there is none."""

    def table(self, disk: Device) -> Table | None:
        """The disk's partition table, None when there is none. Raises `TableFault` for one that is no sound GPT."""

    def known_partitions(self, disk: Device) -> dict[int, tuple[int, int]]:
        """The partitions that the kernel knows: number to start and size in logical sectors."""

    def use(self, node: str) -> str:
        """What keeps a device busy, in words (`mounted at /x`, `held by md0`); empty when nothing does."""

    def probe(self, node: str, start: int = 0, size: int = 0) -> Signature | None:
        """What a device holds, or a stretch of it in bytes; None when nothing that is known."""

    def array(self, path: str) -> Array | None:
        """The array that runs under that path."""

    def volume(self, node: str) -> Volume | None:
        """The header of the encrypted volume on a device."""

    # Changing

    def wipe_table(self, disk: Device) -> None:
        """Destroy the disk's partition tables, as `sgdisk --zap-all` does."""

    def change_table(self, disk: Device, delete: Sequence[int], create: Sequence[Partition]) -> None:
        """Delete entries, then make others, with one call of sgdisk(8). A blank disk gets a table."""

    def tell_kernel(self, disk: Device) -> None:
        """Make the kernel's partitions those of the table, one by one, and check that they are."""

    def wipe(self, node: str) -> None:
        """Remove every signature from a device, as `wipefs -a` does."""

    def make_filesystem(self, node: str, fields: FilesystemFields) -> None:
        """Make a file system over whatever is there."""

    def make_array(self, fields: ArrayFields) -> None:
        """Make and start an array over whatever is there."""

    def format_volume(self, node: str, fields: VolumeFields, key: bytes) -> None:
        """Make an encrypted volume (LUKS 2) that the key opens, over whatever is there."""

    def open_volume(self, node: str, fields: VolumeFields, key: bytes) -> None:
        """Open an encrypted volume; its flags are kept in its header."""

    def close_volume(self, name: str) -> None:
        """Close an encrypted volume."""

    def bind_volume(self, node: str, pin: str, config: str, key: bytes) -> None:
        """Let clevis(1) unlock a volume by a pin with that configuration."""

    def unlock_volume(self, node: str, name: str) -> None:
        """Open a volume by clevis(1)."""

    def remove_key(self, node: str, key: bytes) -> None:
        """Let a key open a volume no more."""

    def mount(self, node: str, directory: str, format_: str, options: Sequence[str]) -> None:
        """Mount a file system at a directory of the machine that runs this."""

    def unmount(self, directory: str) -> None:
        """Unmount what is mounted at a directory of the machine that runs this."""

    def mounted(self, directory: str) -> str:
        """The node that is mounted at a directory of the machine that runs this; empty when none is."""


def partition_node(disk: str, number: int) -> str:
    """The node that the kernel gives a partition: `/dev/vda1`, `/dev/nvme0n1p1`."""
    return f"{disk}{'p' if disk[-1].isdigit() else ''}{number}"


def udev_name(text: str) -> str:
    """Text as it stands in a link below /dev/disk: what is not plain in hexadecimal (udev(7), OPTIONS)."""
    return re.sub(r"[^0-9A-Za-z#+\-.:=@_\u0080-\U0010ffff]", lambda match: f"\\x{ord(match[0]):02x}", text)
