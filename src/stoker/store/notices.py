"""The kernel's notices of changed files: folders go in, the names of those in which something happened come out.

inotify(7) by three calls of the C library: the packages for it are either a runtime of their own or as small as this.
Where there is none, or the machine's limit of watches is reached, `wait` only waits, and the caller looks by itself.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# <sys/inotify.h>: MODIFY, ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE, DELETE_SELF, MOVE_SELF, ONLYDIR
MASK: Final = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x01000000
NONBLOCK: Final = os.O_NONBLOCK | os.O_CLOEXEC
EVENT: Final = struct.Struct("iIII")
READ: Final = 1 << 16

Notice = tuple[Path, str]  # the folder, and the name in it, "" for the folder itself or when notices were lost


class Notices:
    """Watches folders, and can be woken by another thread."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        start = getattr(self._library, "inotify_init1", None)
        self._notices = start(NONBLOCK) if start else -1
        self._poll = select.poll()  # `select` takes no descriptor above 1023
        self._poll.register(self._wake, select.POLLIN)
        if self._notices >= 0:
            self._poll.register(self._notices, select.POLLIN)
        self._folders: dict[int, Path] = {}
        self._closing = threading.Lock()
        self._is_open = True
        self.is_complete = self._notices >= 0

    def watch(self, folders: Iterable[Path]) -> None:
        """Watch these folders from now on, too; those that are not there are left out."""
        for folder in folders:
            if self._notices < 0:
                return
            number = self._library.inotify_add_watch(self._notices, os.fsencode(folder), MASK)
            if number >= 0:
                self._folders[number] = folder
            elif folder.is_dir():
                self.is_complete = False

    def wait(self, seconds: float) -> tuple[set[Notice], bool]:
        """Wait for a notice or to be woken, so many seconds at most; what was noticed, and whether it was woken."""
        ready = {descriptor for descriptor, _ in self._poll.poll(1000 * seconds)}
        is_woken = self._wake in ready
        if is_woken:
            os.eventfd_read(self._wake)
        return (self._read() if self._notices in ready else set()), is_woken

    def wake(self) -> None:
        """End the wait of another thread, or its next one."""
        with self._closing:
            if self._is_open:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Give the descriptors back; nobody may be waiting."""
        with self._closing:
            self._is_open = False
            os.close(self._wake)
            if self._notices >= 0:
                os.close(self._notices)

    def _read(self) -> set[Notice]:
        try:
            data = os.read(self._notices, READ)
        except BlockingIOError:
            return set()
        noticed: set[Notice] = set()
        offset = 0
        while offset < len(data):
            number, _, _, length = EVENT.unpack_from(data, offset)
            offset += EVENT.size
            name = os.fsdecode(data[offset : offset + length].rstrip(b"\0"))
            offset += length
            if number < 0:  # the queue of the kernel ran over
                noticed |= {(folder, "") for folder in self._folders.values()}
            elif number in self._folders:
                noticed.add((self._folders[number], name))
        return noticed
