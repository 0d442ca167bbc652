"""Records that wait on the local disk until a store takes them: bytes go in, and come out in order until acknowledged.

Each record has a position, which only grows, also over restarts: who commits a record together with its position knows
what it has already, when the process dies between commit and acknowledgement and the record comes out again.

A record outlives the process once `append` has returned, and a power failure once `sync` has: that is left to the
caller, who syncs many at once. When the space that it may take is full, the oldest go, an eighth of it at a time, and
are counted.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import zlib
from collections import deque
from pathlib import Path
from typing import Final, NamedTuple

from stoker.store.errors import LimitError, StoreUnavailableError
from stoker.store.segments import ENDING, HEAD, Segment
from stoker.store.staging import sync_folder

MAX_BYTES: Final = 64 << 20
PARTS: Final = 8
MARK: Final = struct.Struct("<QI")  # the position that was acknowledged last, and a CRC-32


class Record(NamedTuple):
    """What waits, and its position."""

    position: int
    data: bytes


class Spool:
    """A directory of records, in use by one process. Many threads may append; one should read and acknowledge."""

    def __init__(self, directory: Path, max_bytes: int = MAX_BYTES) -> None:
        """Open it, and cut off what was not written whole. Raises StoreUnavailableError."""
        self.dropped = 0  # records that went unacknowledged since this was opened
        self.cut = 0  # bytes of records that had not been written whole
        self._directory = directory
        self._part = max_bytes // PARTS
        self._lock = threading.Lock()
        self._unsynced: set[Segment] = set()
        self._passed = 0  # records of the first segment that are acknowledged
        self._offset = 0  # where they end
        try:
            directory.mkdir(0o700, parents=True, exist_ok=True)
            self._mark = os.open(directory / "acknowledged", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _fault(directory, error) from error
        try:
            self._own()
            self.acknowledged = self._read_mark()
            self._segments = deque(Segment(path) for path in sorted(directory.glob(f"*{ENDING}")))
        except (OSError, StoreUnavailableError) as error:
            os.close(self._mark)
            if isinstance(error, OSError):
                raise _fault(directory, error) from error
            raise
        self.cut = sum(segment.cut for segment in self._segments)
        if not self._segments or self._segments[-1].end <= self.acknowledged:
            # No position twice: a power failure may have taken records that were acknowledged already.
            while self._segments:
                self._segments.popleft().remove()
            self._segments.append(Segment.at(directory, self.acknowledged + 1))
        self._skip(self.acknowledged)

    def __len__(self) -> int:
        """How many records wait."""
        with self._lock:
            return sum(segment.count for segment in self._segments) - self._passed

    @property
    def fullness(self) -> float:
        """How much of its space is taken, 1 for all of it: with more the oldest records go."""
        with self._lock:
            return sum(segment.size for segment in self._segments) / (self._part * PARTS)

    def append(self, data: bytes) -> int:
        """Add a record; its position. Raises LimitError for one that is too large, StoreUnavailableError."""
        if HEAD.size + len(data) > self._part:
            raise LimitError(f"a record of {len(data)} bytes, where {self._part - HEAD.size} is the most")
        with self._lock:
            try:
                last = self._segments[-1]
                if last.size + HEAD.size + len(data) > self._part:
                    last = Segment.at(self._directory, last.end)
                    self._segments.append(last)
                    self._make_room()
                last.append(data)
            except OSError as error:
                raise _fault(self._directory, error) from error
            self._unsynced.add(last)
            return last.end - 1

    def sync(self) -> None:
        """Let what was appended and acknowledged outlive a power failure. Raises StoreUnavailableError."""
        with self._lock:
            unsynced, self._unsynced = self._unsynced, set()
            try:
                for segment in unsynced:
                    segment.sync()
                os.fdatasync(self._mark)
                sync_folder(self._directory)
            except OSError as error:
                raise _fault(self._directory, error) from error

    def read(self, most: int, max_bytes: int = 1 << 20) -> list[Record]:
        """The oldest records that wait, the same again until they are acknowledged; at least one if there is one."""
        found: list[Record] = []
        size = 0
        with self._lock:
            offset, passed = self._offset, self._passed
            for segment in self._segments:
                for position, (data, _) in enumerate(segment.records(offset), segment.first + passed):
                    size += len(data)
                    if len(found) == most or (found and size > max_bytes):
                        return found
                    found.append(Record(position, data))
                offset = passed = 0
        return found

    def acknowledge(self, position: int) -> None:
        """Forget the records up to a position. Raises StoreUnavailableError."""
        with self._lock:
            if position <= self.acknowledged:
                return
            try:
                self._write_mark(position)
                self.acknowledged = position
                self._skip(position)
            except OSError as error:
                raise _fault(self._directory, error) from error

    def close(self) -> None:
        """Give the files back; what waits stays."""
        with self._lock:
            for segment in self._segments:
                segment.close()
            os.close(self._mark)

    def _own(self) -> None:
        try:
            fcntl.flock(self._mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailableError(
                f"another process uses the spool `{self._directory}`; stop it, or name another directory"
            ) from None

    def _read_mark(self) -> int:
        data = os.pread(self._mark, MARK.size, 0)
        if len(data) != MARK.size:
            self._write_mark(0)  # so that its place on the disk is there when the disk is full
            return 0
        position, checksum = MARK.unpack(data)
        return int(position) if zlib.crc32(data[:8]) == checksum else 0

    def _write_mark(self, position: int) -> None:
        os.pwrite(self._mark, MARK.pack(position, zlib.crc32(position.to_bytes(8, "little"))), 0)

    def _skip(self, position: int) -> None:
        """Pass the records up to a position, and take files away in which nothing waits."""
        while len(self._segments) > 1 and self._segments[0].end <= position + 1:
            self._drop_first()
        first = self._segments[0]
        for _, end in first.records(self._offset):
            if first.first + self._passed > position:
                return
            self._passed += 1
            self._offset = end

    def _make_room(self) -> None:
        while len(self._segments) > PARTS:
            self.dropped += self._segments[0].count - self._passed
            self._drop_first()

    def _drop_first(self) -> None:
        segment = self._segments.popleft()
        self._unsynced.discard(segment)
        self._passed = self._offset = 0
        segment.remove()


def _fault(directory: Path, error: OSError) -> StoreUnavailableError:
    reason = error.strerror or str(error)
    return StoreUnavailableError(f"cannot use the spool `{directory}`: {reason}; check its space, owner and mode")
