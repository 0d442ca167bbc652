"""A directory goes in, a Snapshot of the files in some of its folders comes out, again whenever one has changed.

A change is seen by the stat signatures of files (device, inode, size, times), so that an unchanged file is read once.
A file that cannot be read is a finding, and the last version that could be read stays. Changes go in as well: each
file is replaced whole or not at all.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from stoker.report import Place, Report, Severity
from stoker.store.contract import Change, Condition, Delete, Put
from stoker.store.errors import ConflictError, InvalidKeyError, LimitError, StoreUnavailableError
from stoker.store.limits import MAX_BYTES, MAX_ITEMS, MAX_PARTS, TEMPORARY, check_commit, check_key
from stoker.store.messages import TOO_LARGE, TOO_MANY, UNREADABLE
from stoker.store.snapshots import Item, Snapshot, digest, take_snapshot
from stoker.store.staging import Step, land, stage

MAX_FILE: Final = MAX_BYTES
MAX_FILES: Final = MAX_ITEMS
MAX_DEPTH: Final = MAX_PARTS - 1

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
        self.is_settled = False
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
        if self.is_settled and found == self.signatures:
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
        self.is_settled = len(self.signatures) == len(found)
        before = self.snapshot.revision, self.report.entries
        self.snapshot, self.report = take_snapshot(items), report
        return before != (self.snapshot.revision, report.entries)

    def get(self, key: str) -> Item | None:
        """The file of a key as it is now. Raises InvalidKeyError, LimitError, StoreUnavailableError."""
        check_key(key)
        self._check_folder(key)
        path = self.root / key
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                return None
            with path.open("rb") as file:
                data = file.read(MAX_FILE + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreUnavailableError(f"cannot read `{path}`: {_reason(error)}; check its owner and mode") from error
        if len(data) > MAX_FILE:
            raise LimitError(f"`{path}` has more than the {MAX_FILE} bytes that are read")
        return Item(key, data, digest(data), str(path))

    def commit(self, changes: Sequence[Change], conditions: Sequence[Condition] = ()) -> Mapping[str, str]:
        """Write and take away files if all conditions hold; return the revisions of those written.

        Where something fails, nothing is changed; a power failure between the renames of one commit leaves whole
        files, some of them new. Raises ConflictError, InvalidKeyError, LimitError, StoreUnavailableError.
        """
        check_commit(changes, conditions)
        self.check(conditions)
        files = self.files(changes)
        self.land(self.stage(files))
        return {key: digest(data) for key, data in files.items() if data is not None}

    def check(self, conditions: Iterable[Condition]) -> None:
        """Raise ConflictError with the keys of the conditions that do not hold."""
        failed = [each.key for each in conditions if _revision(self.get(each.key)) != each.revision]
        if failed:
            raise ConflictError(failed)

    def files(self, changes: Iterable[Change]) -> dict[str, bytes | None]:
        """The bytes of each file that changes, None if it goes. Raises InvalidKeyError for what no file can be."""
        files: dict[str, bytes | None] = {}
        for change in changes:
            match change:
                case Put(key=key, data=data, lease=None):
                    files[key] = data
                case Delete(key=key):
                    files[key] = None
                case Put(key=key):
                    raise InvalidKeyError(key, "is a file, which cannot go with a lease")
                case _:
                    raise InvalidKeyError(change.folder, "is a folder of files, which cannot be a ring")
            self._check_folder(key)
        return files

    def stage(self, files: Mapping[str, bytes | None]) -> list[Step]:
        """Make files ready to land; see `staging`. Raises InvalidKeyError, StoreUnavailableError."""
        try:
            return stage(self.root, files.items())
        except OSError as error:
            raise StoreUnavailableError(
                f"cannot write below `{self.root}`: {_reason(error)}; nothing was changed, check space, owner and mode"
            ) from error

    def land(self, steps: Sequence[Step]) -> None:
        """Rename staged files into place. Raises StoreUnavailableError."""
        try:
            land(self.root, steps)
        except OSError as error:
            raise StoreUnavailableError(
                f"cannot rename a file below `{self.root}`: {_reason(error)}; check the disk, then start again"
            ) from error

    def _check_folder(self, key: str) -> None:
        if key.partition("/")[0] not in self.folders:
            raise InvalidKeyError(key, f"is in none of the folders {', '.join(self.folders)}")

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
            report.add(Severity.ERROR, UNREADABLE, key=folder, reason=_reason(error))
            return
        for entry in entries:
            if entry.name.startswith(TEMPORARY):
                continue
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
            report.add(Severity.ERROR, UNREADABLE, place=place, key=key, reason=_reason(error))
        self.broken.add(key)
        return None


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:
        return None


def _revision(item: Item | None) -> str:
    return item.revision if item else ""


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
