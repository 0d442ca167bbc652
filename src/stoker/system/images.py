"""Disk images looked at: in goes a file or device with a disk's bytes, out comes a record of that disk.

It is opened for reading only, and blkid(8) judges what is on it; neither needs root. Source for sector sizes: UEFI
specification 2.10, section 5.3 (the header of a GPT is in the second sector).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from stoker.system.errors import DeviceFault, FileFault, TableFault
from stoker.system.gpt import Partition, read_table
from stoker.system.real_devices import RealDevices, Run
from stoker.system.scratch_devices import Disk

SECTOR: Final = 512
LARGE_SECTOR: Final = 4096
SMALLEST: Final = 67 * SECTOR  # room for a GPT twice, the record that protects it, and nothing between
REMEDY: Final = "name the raw image of a disk, or a device"

# First bytes of what holds a disk without being one: what it is, and how to get at the disk.
_WRAPPED: Final = {
    b"QFI\xfb": ("a qcow2 image", "qemu-img convert -O raw IN OUT"),
    b"KDMV": ("a VMDK image", "qemu-img convert -O raw IN OUT"),
    b"conectix": ("a VHD image", "qemu-img convert -O raw IN OUT"),
    b"vhdxfile": ("a VHDX image", "qemu-img convert -O raw IN OUT"),
    b"\xfd7zXZ\0": ("compressed", "xz -dk"),
    b"\x1f\x8b": ("compressed", "gzip -dk"),
    b"BZh": ("compressed", "bzip2 -dk"),
    b"\x28\xb5\x2f\xfd": ("compressed", "zstd -dk"),
}


def image_disk(path: Path, run: Run) -> Disk:
    """Read the disk in an image: its table, and what is on each partition or on the whole of it.

    Raises `FileFault` when it cannot be read, `DeviceFault` when it is no raw image, `CommandFault` without blkid.
    """
    probe = RealDevices(run).probe
    try:
        _judge_kind(path, path.stat().st_mode)
        with path.open("rb") as file:
            size = os.lseek(file.fileno(), 0, os.SEEK_END)
            file.seek(0)
            head = file.read(LARGE_SECTOR + 8)
            for magic, (what, remedy) in _WRAPPED.items():
                if head.startswith(magic):
                    raise DeviceFault(f"`{path}` is {what}, not the bytes of a disk: `{remedy}` unwraps it")
            _judge_size(path, size)
            disk = Disk(size=size, sector_size=LARGE_SECTOR if head[LARGE_SECTOR:] == b"EFI PART" else SECTOR)
            try:
                disk.table = read_table(file, size, disk.sector_size)
            except TableFault as fault:
                disk.fault = str(fault)
    except OSError as error:
        raise FileFault.of("read", str(path), error) from error
    stretches = [(one.start * disk.sector_size, one.size * disk.sector_size) for one in _partitions(disk)] or [
        (0, size)
    ]
    for start, length in stretches:
        found = probe(str(path), start, length) if length else None
        if found is not None:
            disk.contents[start] = found
    return disk


def _judge_kind(path: Path, mode: int) -> None:
    """Raise `DeviceFault` for a pipe and the like: to open one waits for who writes. A directory is no case of it."""
    if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode) or stat.S_ISDIR(mode)):
        raise DeviceFault(f"`{path}` is no disk image: it is no file and no block device; {REMEDY}")


def _judge_size(path: Path, size: int) -> None:
    """Raise `DeviceFault` for what cannot be a disk."""
    if size < SMALLEST:
        raise DeviceFault(
            f"`{path}` is no disk image: it has {size} bytes, and a disk has at least {SMALLEST}; {REMEDY}"
        )
    if size % SECTOR:
        raise DeviceFault(f"`{path}` is no disk image: its {size} bytes are no whole number of sectors; {REMEDY}")


def _partitions(disk: Disk) -> tuple[Partition, ...]:
    return disk.table.partitions if disk.table else ()
