"""One file of a spool: records go in at its end, each with its length and checksum; the sound ones come out again.

What was cut off while it was written (a kill, a full disk, a power failure) is at the end, and is not sound.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HEAD: Final = struct.Struct("<II")  # the length of the data that follows, and a checksum of both
DIGITS: Final = 16
ENDING: Final = ".records"


class Segment:
    """Records with successive positions, the first of which is the name of the file."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it, and cut off what is not sound. Raises OSError."""
        self.path = path
        self.first = int(path.name.removesuffix(ENDING))
        self.count = 0
        self.size = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        for _, end in self.records(0):
            self.count += 1
            self.size = end
        self.cut = os.fstat(self._file).st_size - self.size
        if self.cut:
            os.ftruncate(self._file, self.size)

    @classmethod
    def at(cls, directory: Path, first: int) -> Segment:
        """A new one."""
        return cls(directory / f"{first:0{DIGITS}}{ENDING}")

    @property
    def end(self) -> int:
        """The position after the last record."""
        return self.first + self.count

    def append(self, data: bytes) -> None:
        """Write one record, which is there when the process dies right after. Raises OSError, and then it is not."""
        record = HEAD.pack(len(data), _checksum(data)) + data
        written = 0
        try:
            while written < len(record):  # the second write says why the first was cut short
                written += os.pwrite(self._file, record[written:], self.size + written)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(record)
        self.count += 1

    def records(self, offset: int) -> Iterator[tuple[bytes, int]]:
        """The records from a place in the file on, each with the place where it ends."""
        while len(head := os.pread(self._file, HEAD.size, offset)) == HEAD.size:
            length, checksum = HEAD.unpack(head)
            data = os.pread(self._file, length, offset + HEAD.size)
            if len(data) != length or _checksum(data) != checksum:
                return
            offset += HEAD.size + length
            yield data, offset

    def sync(self) -> None:
        """What was appended also outlives a power failure."""
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)

    def remove(self) -> None:
        """Close it and take it away."""
        self.close()
        self.path.unlink(missing_ok=True)


def _checksum(data: bytes) -> int:
    """Not 0 for nothing: a tail of zeros, which a power failure may leave, is no record."""
    return zlib.crc32(data, zlib.crc32(len(data).to_bytes(4, "little")))
