"""A directory goes in, a Snapshot of the files in some of its folders comes out, again whenever one has changed.

A change is seen by the stat signatures of files (device, inode, size, times), so that an unchanged file is read once.
A file that cannot be read is a finding, and the last version that could be read stays.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from stoker.report import Place, Report, Severity
from stoker.store.errors import StoreUnavailableError
from stoker.store.messages import TOO_LARGE, TOO_MANY, UNREADABLE
from stoker.store.snapshots import Item, Snapshot, digest, take_snapshot

MAX_FILE: Final = 1 << 20
MAX_FILES: Final = 100_000
MAX_DEPTH: Final = 4

SETTLING: Final = 50_000_000


class Signature(NamedTuple):
    """What changes when a file does; times in nanoseconds since 1970."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


class Directory:
    """Some folders below a root, read as keys `folder/name`."""

    def __init__(self, root: Path, folders: Sequence[str]) -> None:
        self.root = root
        self.folders = tuple(folders)
        self.signatures: dict[str, Signature] = {}
        self.broken: set[str] = set()
        self.snapshot = Snapshot()
        self.report = Report()

    def refresh(self) -> bool:
        """Look for changes and take a new snapshot if there are any; tell whether there were.

        Raises StoreUnavailableError if the root cannot be read at all.
        """
        if not self.root.is_dir():
            raise StoreUnavailableError(
                f"data directory `{self.root}` is not a directory that can be read; create it with the folders "
                f"{', '.join(f'`{folder}`' for folder in self.folders)}, or name another"
            )
        report = Report()
        now = time.time_ns()
        found = self._look(report)
        if found == self.signatures and self.snapshot.revision:
            return False
        broken, self.broken = self.broken, set()
        items: dict[str, Item] = {}
        for key, signature in found.items():
            known = self.snapshot.items.get(key)
            if known is None or key in broken or self.signatures.get(key) != signature:
                known = self._read(key, signature.size, report) or known
            if known is not None:
                items[key] = known
        # A file may change twice within one tick of the clock that dates it: what is that new is read again.
        self.signatures = {key: each for key, each in found.items() if now - each.changed > SETTLING}
        before = self.snapshot.revision, self.report.entries
        self.snapshot, self.report = take_snapshot(items), report
        return before != (self.snapshot.revision, report.entries)

    def _look(self, report: Report) -> dict[str, Signature]:
        found: dict[str, Signature] = {}
        for folder in self.folders:
            for key, signature in self._walk(folder, MAX_DEPTH, report):
                if len(found) == MAX_FILES:
                    report.add(Severity.ERROR, TOO_MANY, key=key, limit=MAX_FILES)
                    return found
                found[key] = signature
        return found

    def _walk(self, folder: str, depth: int, report: Report) -> Iterator[tuple[str, Signature]]:
        """The files below a folder, links followed; what vanishes meanwhile is not there."""
        try:
            with os.scandir(self.root / folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        except OSError as error:
            report.add(Severity.ERROR, UNREADABLE, key=folder, reason=error.strerror or str(error))
            return
        for entry in entries:
            key = f"{folder}/{entry.name}"
            status = _status(entry)
            if status is None:
                continue
            if stat.S_ISREG(status.st_mode):
                times = status.st_mtime_ns, status.st_ctime_ns
                yield key, Signature(status.st_dev, status.st_ino, status.st_size, *times)
            elif stat.S_ISDIR(status.st_mode) and depth > 1:
                yield from self._walk(key, depth - 1, report)

    def _read(self, key: str, size: int, report: Report) -> Item | None:
        path = self.root / key
        place = Place(str(path), 1, 1)
        try:
            if size > MAX_FILE:
                report.add(Severity.ERROR, TOO_LARGE, place=place, key=key, size=size, limit=MAX_FILE)
            else:
                with path.open("rb") as file:
                    data = file.read(MAX_FILE)
                return Item(key, data, digest(data), str(path))
        except OSError as error:
            report.add(Severity.ERROR, UNREADABLE, place=place, key=key, reason=error.strerror or str(error))
        self.broken.add(key)
        return None


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:
        return None
