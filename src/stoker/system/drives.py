"""Drives of a machine, to read from: in go a label, a type of file system or a device, out comes what is there.

A drive is mounted read-only by the kernel, so whatever it can mount can be read (iso9660, vfat, udf, ext4), and its
files are reached through a `Tree`: no link on the drive leads out of it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from stoker.system.errors import CommandFault, FileFault
from stoker.system.protocol import Look, System
from stoker.system.tree import Tree

CDROM_DRIVE_STATUS: Final = 0x5326  # linux/cdrom.h
CDS_DISC_OK: Final = 4

BY_LABEL: Final = "/dev/disk/by-label"

_UDEV: Final = "/run/udev/control"
_OPTIONS: Final = "ro,nodev,nosuid,noexec"
_CHUNK: Final = 1 << 20


class Files(Protocol):
    """The files of a drive; the verbs are those of `System`."""

    def resolve(self, path: str, *, follow: bool = False) -> str:
        """See `System.resolve`."""

    def look(self, path: str) -> Look | None:
        """See `System.look`."""

    def read(self, path: str, limit: int = 64 << 20) -> bytes:
        """See `System.read`."""


class Drives(Protocol):
    """The drives of a machine. A device is named by its path inside the machine's root."""

    def labelled(self, label: str) -> str | None:
        """The device whose file system has the label, None when there is none (yet)."""

    def discs(self, filesystem: str) -> list[str]:
        """The CD-ROM drives that hold a disc with such a file system, sorted."""

    def opened(self, device: str, filesystem: str = "auto") -> AbstractContextManager[Files]:
        """The files of a device. Raises `CommandFault` when it cannot be mounted."""

    def read(self, path: str, limit: int) -> bytes | None:
        """The bytes of a block device itself, None when it is not there. Raises `FileFault`."""


class RealDrives:
    """The drives of a real machine, by udev's links where udevd runs, else by blkid(8)."""

    def __init__(self, system: System, by_label: str = BY_LABEL) -> None:
        self._system = system
        self._by_label = by_label

    def labelled(self, label: str) -> str | None:
        """See `Drives.labelled`."""
        path = self._system.resolve(f"{self._by_label}/{label}", follow=True)
        if self._system.look(path) is not None:
            return path
        if self._system.look(_UDEV) is not None:
            return None
        return next(iter(self._probed(f"LABEL={label}")), None)

    def discs(self, filesystem: str) -> list[str]:
        """See `Drives.discs`."""
        return [device for device in self._probed(f"TYPE={filesystem}") if self._holds_disc(device)]

    @contextmanager
    def opened(self, device: str, filesystem: str = "auto") -> Iterator[Files]:
        """See `Drives.opened`."""
        import tempfile  # noqa: PLC0415 -- slow to load, and few machines have such a drive

        point = tempfile.mkdtemp(prefix="stoker-drive-")
        try:
            self._system.run(["mount", "-o", _OPTIONS, "-t", filesystem, self._system.root + device, point])
            try:
                tree = Tree(Path(point), time.time)
                try:
                    yield tree
                finally:
                    tree.close()
            finally:
                self._system.run(["umount", point])
        finally:
            with suppress(OSError):  # it is still mounted where umount failed, and that is what is told
                os.rmdir(point)

    def read(self, path: str, limit: int) -> bytes | None:
        """See `Drives.read`."""
        path = self._system.resolve(path, follow=True)
        if self._system.look(path) is None:
            return None
        pieces: list[bytes] = []
        size = 0
        try:
            with open(self._system.root + path, "rb", buffering=0) as device:
                while piece := device.read(_CHUNK):
                    size += len(piece)
                    if size > limit:
                        raise FileFault("read", path, f"larger than {limit} bytes")
                    pieces.append(piece)
        except OSError as error:
            raise FileFault.of("read", path, error) from error
        return b"".join(pieces)

    def _probed(self, token: str) -> list[str]:
        """The devices that blkid(8) finds now; its exit status says no more than that there are none."""
        try:
            output = self._system.run(["blkid", "-c", "/dev/null", "-o", "device", "-t", token])
        except CommandFault:
            return []
        return sorted(output.decode(errors="replace").split())

    def _holds_disc(self, device: str) -> bool:
        """Whether it is a CD-ROM drive with a disc in it, and no other disk that someone attached."""
        try:
            descriptor = os.open(self._system.root + device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return fcntl.ioctl(descriptor, CDROM_DRIVE_STATUS, 0) == CDS_DISC_OK
        except OSError:
            return False
        finally:
            os.close(descriptor)
