"""A store for one machine: some folders are files that a person may edit, all else is in one SQLite file.

A commit that changes both is decided by the database. First the files are written and synced under temporary names;
then one transaction checks the conditions, makes the changes and notes which files shall be in place: from there on the
commit is made. Then the files are renamed. Who is killed before has changed nothing, who is killed after is followed by
whoever uses the store next, who renames the rest first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stoker.store.contract import Append, Change, Condition, OnChange, lease_key
from stoker.store.database import Clock, Database, machine_clock
from stoker.store.directory import Directory
from stoker.store.errors import ConflictError, StoreUnavailableError, UnsureError
from stoker.store.filewatch import FileWatch
from stoker.store.limits import check_commit, check_key
from stoker.store.snapshots import Item, Snapshot, digest, take_snapshot
from stoker.store.staging import Step, discard, sweep


class FileStore:
    """Folders below `root` as files, everything else in `database`."""

    def __init__(self, root: Path, folders: Sequence[str], database: Path, clock: Clock | None = None) -> None:
        """Open it, and finish what was cut off. Raises StoreUnavailableError."""
        self._directory = Directory(root, folders)
        self._database = Database(database, clock or machine_clock())
        self._watches: list[FileWatch] = []
        self._settle()
        sweep(root, folders, time.time())

    def get(self, key: str) -> Item | None:
        check_key(key)
        return self._directory.get(key) if self._is_file(key) else self._database.get(key)

    def scan(self, folder: str) -> Snapshot:
        check_key(f"{folder}/0")
        if not self._is_file(folder):
            return take_snapshot(self._database.scan(folder))
        directory = Directory(self._directory.root, (folder,))
        directory.refresh()
        for entry in directory.report:
            raise StoreUnavailableError(f"cannot read all of `{folder}`: {entry.message}")
        return directory.snapshot

    def commit(self, changes: Sequence[Change], conditions: Sequence[Condition] = ()) -> Mapping[str, str]:
        check_commit(changes, conditions)
        files = self._directory.files(each for each in changes if self._is_file(_place(each)))
        steps: list[Step] = []
        try:
            with self._database.transaction():
                self._land()
                self._check(conditions)
                steps = self._directory.stage(files)
                revisions = self._database.apply([each for each in changes if not self._is_file(_place(each))])
                self._database.note_landing(steps)
        except BaseException:
            discard(self._directory.root, steps)
            raise
        try:
            self._settle()
        except StoreUnavailableError as error:
            raise UnsureError(f"{error}; the changes are decided, and will be whole when that is mended") from error
        self._tell()
        return revisions | {key: digest(data) for key, data in files.items() if data is not None}

    def watch(self, folders: Sequence[str], on_change: OnChange) -> FileWatch:
        files = [folder for folder in folders if self._is_file(folder)]
        others = [folder for folder in folders if not self._is_file(folder)]
        directory = Directory(self._directory.root, files)
        watch = FileWatch(directory, self._database, others, self._settle, on_change)
        self._watches = [*(each for each in self._watches if each.is_open), watch]
        return watch

    def lease(self, name: str, holder: str, seconds: float) -> FileLease:
        check_key(lease_key(name))
        return FileLease(self._database, name, holder, seconds, self._tell)

    def close(self) -> None:
        while self._watches:
            self._watches.pop().close()
        self._database.close()

    def _is_file(self, key: str) -> bool:
        return key.partition("/")[0] in self._directory.folders

    def _check(self, conditions: Sequence[Condition]) -> None:
        failed = []
        for condition in conditions:
            item = self.get(condition.key)
            if condition.revision != (item.revision if item else ""):
                failed.append(condition.key)
        if failed:
            raise ConflictError(failed)

    def _settle(self) -> None:
        """Put in place what commits decided on, also those of a process that was killed; let lapse what has."""
        if self._database.landing() or self._database.next_lapse() == 0:
            with self._database.transaction():
                self._land()

    def _land(self) -> None:
        """In a transaction, so that no other process does the same, or commits to the same files."""
        steps = self._database.landing()
        if steps:
            self._directory.land(steps)
            self._database.forget_landing()

    def _tell(self) -> None:
        for watch in tuple(self._watches):
            watch.wake()


class FileLease:
    """A lease in the database of a FileStore."""

    def __init__(self, database: Database, name: str, holder: str, seconds: float, tell: Callable[[], None]) -> None:
        self.name = name
        self.holder = holder
        self.identity = ""
        self.revision = ""
        self._database = database
        self._seconds = seconds
        self._tell = tell

    def acquire(self) -> bool:
        if self.identity and self.renew():
            return True
        with self._database.transaction():
            granted = self._database.grant(lease_key(self.name), self.holder, self._seconds)
        self.identity, self.revision = granted or ("", "")
        self._tell()
        return granted is not None

    def renew(self) -> bool:
        if self.identity:
            with self._database.transaction():
                is_held = self._database.extend(self.identity, self._seconds)
            if not is_held:
                self.identity = self.revision = ""
        return bool(self.identity)

    def release(self) -> None:
        if self.identity:
            with self._database.transaction():
                self._database.revoke(self.identity)
            self.identity = self.revision = ""
            self._tell()


def _place(change: Change) -> str:
    return change.folder if isinstance(change, Append) else change.key
