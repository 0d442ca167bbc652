"""A watch over files and SQLite: notices of the kernel and of commits come in, Updates go out by a thread of its own.

Files may be written by people, the database by other processes, so both are also looked at when nothing was noticed:
some seldom, all often where the kernel gives no notices.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from stoker.report import Report
from stoker.store.contract import OnChange, Update
from stoker.store.database import Database, Delta
from stoker.store.directory import Directory
from stoker.store.errors import StoreError
from stoker.store.notices import Notice, Notices
from stoker.store.snapshots import Snapshot

QUIET: Final = 0.02  # seconds without a notice that end a burst
LONGEST_BURST: Final = 0.2
SELDOM: Final = 2.0
OFTEN: Final = 0.25
SHARE: Final = 20  # looking at files takes one part of so many of the time at most


class FileWatch:
    """Tells of what changes below folders of files, and below folders of the database."""

    def __init__(
        self,
        directory: Directory,
        database: Database,
        folders: Sequence[str],
        settle: Callable[[], None],
        on_change: OnChange,
        notices: Notices | None = None,
    ) -> None:
        """`directory` is this watch's own. `settle` puts in place the files of all commits; it may raise StoreError."""
        self.trouble = "the store was not read yet"
        self._directory = directory
        self._database = database
        self._folders = tuple(folders)
        self._settle = settle
        self._on_change = on_change
        self._notices = notices or Notices()
        self._closing = threading.Event()
        self._snapshot = Snapshot()
        self._report = Report()
        self._revision = -1
        self._file_commits = -1
        self._next_files = 0.0
        self._next_look = 0.0
        self._is_soon = False
        self._thread = threading.Thread(target=self._run, name="stoker-watch", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was committed: look now."""
        self._notices.wake()

    @property
    def is_open(self) -> bool:
        """Whether it was not closed."""
        return not self._closing.is_set()

    def close(self) -> None:
        self._closing.set()
        self._notices.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._look()
                if not self._closing.is_set():
                    self._wait()
        except BaseException as error:
            self.trouble = f"the watch ended: {type(error).__name__}: {error}"
            raise
        finally:
            self._notices.close()

    def _look(self) -> None:
        self._next_look = time.monotonic() + (OFTEN if self._is_soon or not self._notices.is_complete else SELDOM)
        self._is_soon = False
        try:
            delta = self._read()
            lapse = self._database.next_lapse()
        except StoreError as error:
            self.trouble = str(error)
            return
        if lapse is not None:
            self._next_look = min(self._next_look, time.monotonic() + lapse)
        update = self._update(delta)
        if update is not None:
            self._on_change(update)
        self.trouble = ""

    def _read(self) -> Delta:
        """What changed in the database, with the files read as the same commits left them."""
        while True:
            commits = self._database.file_commits()
            if commits != self._file_commits:
                self._next_files = 0.0
            self._settle()
            self._look_at_files()
            delta = self._database.since(self._revision, self._folders) or self._database.whole(self._folders)
            self._file_commits = commits
            if self._database.file_commits() == commits:
                return delta

    def _look_at_files(self) -> None:
        start = time.monotonic()
        if start < self._next_files or not self._directory.folders:
            return
        self._notices.watch(self._watched())  # first, so that what changes from here on is noticed
        self._directory.refresh()
        now = time.monotonic()
        self._next_files = now + max(SELDOM if self._notices.is_complete else OFTEN, SHARE * (now - start))

    def _update(self, delta: Delta) -> Update | None:
        """What is told now; None if nothing is new."""
        known, told = self._snapshot.items, self._report
        items, report = self._directory.snapshot.items, self._directory.report
        self._snapshot, self._report, self._revision = self._directory.snapshot, report, delta.revision
        if delta.is_whole:
            return Update({**items, **delta.items}, is_whole=True, report=report)
        if items is known and not delta.items and not delta.gone:
            return None
        changed = {key: item for key, item in items.items() if known.get(key) != item} if items is not known else {}
        gone = (*(key for key in known if key not in items), *delta.gone)
        if not changed and not gone and not delta.items and report.entries == told.entries:
            return None
        return Update({**changed, **delta.items}, gone, report=report)

    def _wait(self) -> None:
        """Until there is something to look at; until the end of a burst, if files are written."""
        noticed, is_woken = self._notices.wait(max(0.0, self._next_look - time.monotonic()))
        end = time.monotonic() + LONGEST_BURST
        self._is_soon = bool(noticed)  # a commit of another process is noticed before it is done
        while self._concerns_files(noticed):
            self._next_files = 0.0
            if is_woken or time.monotonic() > end:
                return
            noticed, is_woken = self._notices.wait(QUIET)

    def _concerns_files(self, noticed: set[Notice]) -> bool:
        own = self._database.path
        return any(folder != own.parent or not name.startswith(own.name) for folder, name in noticed)

    def _watched(self) -> Iterator[Path]:
        yield self._database.path.parent
        yield self._directory.root
        for folder in self._directory.folders:
            for path, _, _ in os.walk(self._directory.root / folder):
                yield Path(path)
