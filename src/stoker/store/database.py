"""Items in one SQLite file: changes go in within a transaction, items and what changed since a revision come out.

A revision is the number of the commit that wrote the item. What went is remembered for a while, so that a watch can be
told of it; leases are rows whose items go with them. One connection, one lock: many threads, one at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from stoker.store.contract import Append, Change, Delete, Lease, Put, lease_key
from stoker.store.errors import ConflictError, LimitError
from stoker.store.limits import MAX_ITEMS
from stoker.store.rings import name_items, number_of, ring_span
from stoker.store.schema import connect, faults
from stoker.store.snapshots import Item
from stoker.store.staging import Step

REMEMBERED: Final = 10_000  # commits whose deletions are known
FORGET_EVERY: Final = 1_000

BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
VISIBLE: Final = "(lease IS NULL OR lease IN (SELECT id FROM leases WHERE until > ?))"

CHANGED: Final = "SELECT key, data, revision FROM items INDEXED BY items_by_revision WHERE revision > ?"


class Delta(NamedTuple):
    """What is new or changed, which keys went, and the revision up to which that is so."""

    items: dict[str, Item]
    gone: list[str]
    revision: int
    is_whole: bool


class Clock(NamedTuple):
    """Seconds that also pass while the machine sleeps, and the boot that they are counted from."""

    now: Callable[[], float]
    boot: str


def machine_clock() -> Clock:
    """The clock of this machine, the same in all its processes."""
    return Clock(lambda: time.clock_gettime(time.CLOCK_BOOTTIME), BOOT.read_text().strip())


class Database:
    """Items by key in one file. Everything here may raise StoreUnavailableError."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.now = clock.now
        self._connection = connect(path)
        self._lock = threading.RLock()
        with self.transaction():
            if self._state("boot") != clock.boot:  # what held a lease before is gone, and so is its clock
                self._execute("UPDATE leases SET until = 0")
                self._execute("UPDATE state SET value = ? WHERE name = 'boot'", clock.boot)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one writer at a time, also among processes; what lapsed by now is gone in it."""
        with self._lock, faults(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._expire()
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def get(self, key: str) -> Item | None:
        sql = f"SELECT key, data, revision FROM items WHERE key = ? AND {VISIBLE}"  # noqa: S608 -- no word of a person
        rows = self._rows(sql, key, self.now())
        return self._item(rows[0]) if rows else None

    def scan(self, folder: str) -> dict[str, Item]:
        """All items below a folder. Raises LimitError."""
        sql = f"SELECT key, data, revision FROM items WHERE key >= ? AND key < ? AND {VISIBLE} LIMIT ?"  # noqa: S608
        rows = self._rows(sql, f"{folder}/", f"{folder}0", self.now(), MAX_ITEMS + 1)
        if len(rows) > MAX_ITEMS:
            raise LimitError(f"more than {MAX_ITEMS} items below `{folder}`; take some away")
        return {row[0]: self._item(row) for row in rows}

    def whole(self, folders: Sequence[str]) -> Delta:
        """All items below some folders at one moment."""
        with self._lock, faults(self.path), self._reading():
            items = {key: item for folder in folders for key, item in self.scan(folder).items()}
            return Delta(items, [], self.revision(), is_whole=True)

    def since(self, revision: int, folders: Sequence[str]) -> Delta | None:
        """What changed below some folders after a revision; None if that is not known any more."""
        with self._lock, faults(self.path), self._reading():
            newest = self.revision()
            if not self._state("forgotten") <= revision <= newest:
                return None
            starts = tuple(f"{folder}/" for folder in folders)
            changed = self._rows(CHANGED, revision)
            gone = self._rows("SELECT key FROM gone INDEXED BY gone_by_revision WHERE revision > ?", revision)
            items = {row[0]: self._item(row) for row in sorted(changed) if row[0].startswith(starts)}
            return Delta(items, sorted(key for (key,) in gone if key.startswith(starts)), newest, is_whole=False)

    def revision(self) -> int:
        """The number of the last commit."""
        return int(self._state("revision"))

    def file_commits(self) -> int:
        """How many commits changed files."""
        return int(self._state("files"))

    def apply(self, changes: Sequence[Change]) -> dict[str, str]:
        """Make changes, within a transaction; the new revisions. Raises ConflictError if the lease of a Put lapsed."""
        if not changes:
            return {}
        revision = self.revision() + 1
        self._execute("UPDATE state SET value = ? WHERE name = 'revision'", revision)
        if revision % FORGET_EVERY == 0:
            self._forget(revision - REMEMBERED)
        put: list[str] = []
        for change in changes:
            match change:
                case Put(key=key, data=data, lease=lease):
                    self._put(key, data, revision, self._hold(lease) if lease else None)
                    put.append(key)
                case Delete(key=key):
                    self._delete("key = ?", revision, key)
                case Append():
                    put += self._append(change, revision)
        return dict.fromkeys(put, str(revision))

    def landing(self) -> list[Step]:
        """The files that are decided on and may not be in place."""
        return [Step(*row) for row in self._rows("SELECT key, temporary FROM landing ORDER BY key")]

    def note_landing(self, steps: Sequence[Step]) -> None:
        """Note, within a transaction, what shall be in place after it."""
        if steps:
            self._execute("UPDATE state SET value = value + 1 WHERE name = 'files'")
        for step in steps:
            self._execute("INSERT INTO landing VALUES (?, ?)", *step)

    def forget_landing(self) -> None:
        """Everything is in place."""
        self._execute("DELETE FROM landing")

    def grant(self, key: str, holder: str, seconds: float) -> tuple[str, str] | None:
        """A new lease that stands under a key, as identity and revision; None if another does. In a transaction."""
        if self.get(key) is not None:
            return None
        until = self.now() + seconds
        identity = self._connection.execute("INSERT INTO leases (until) VALUES (?)", (until,)).lastrowid
        revision = self.revision() + 1
        self._execute("UPDATE state SET value = ? WHERE name = 'revision'", revision)
        self._put(key, holder.encode(), revision, identity)
        return str(identity), str(revision)

    def extend(self, identity: str, seconds: float) -> bool:
        """Let a lease last so many seconds from now, within a transaction; False if there is none."""
        sql = "UPDATE leases SET until = ? WHERE id = ?"
        return self._connection.execute(sql, (self.now() + seconds, int(identity))).rowcount == 1

    def revoke(self, identity: str) -> None:
        """End a lease, within a transaction, and what is on it."""
        self._execute("UPDATE leases SET until = 0 WHERE id = ?", int(identity))
        self._expire()

    def next_lapse(self) -> float | None:
        """Seconds until a lease lapses if nobody renews it; None if there is no lease."""
        (until,) = self._rows("SELECT min(until) FROM leases")[0]
        return None if until is None else max(0.0, until - self.now())

    def _expire(self) -> None:
        lapsed = self._rows("SELECT id FROM leases WHERE until <= ?", self.now())
        if not lapsed:
            return
        revision = self.revision() + 1
        self._execute("UPDATE state SET value = ? WHERE name = 'revision'", revision)
        for (identity,) in lapsed:
            self._delete("lease = ?", revision, identity)
            self._execute("DELETE FROM leases WHERE id = ?", identity)

    def _hold(self, lease: Lease) -> int:
        identity = int(lease.identity or 0)
        if not self._rows("SELECT 1 FROM leases WHERE id = ?", identity):
            raise ConflictError([lease_key(lease.name)])
        return identity

    def _put(self, key: str, data: bytes, revision: int, lease: int | None) -> None:
        self._execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", key, data, revision, lease)
        self._execute("DELETE FROM gone WHERE key = ?", key)

    def _delete(self, which: str, revision: int, *values: object) -> None:
        sql = f"INSERT OR REPLACE INTO gone SELECT key, {revision} FROM items WHERE {which}"  # noqa: S608
        if self._connection.execute(sql, values).rowcount:
            self._execute(f"DELETE FROM items WHERE {which}", *values)  # noqa: S608

    def _append(self, ring: Append, revision: int) -> list[str]:
        span = ring_span(ring.folder)
        (last,) = self._rows("SELECT max(key) FROM items WHERE key >= ? AND key < ?", *span)[0]
        named, first = name_items(ring, number_of(last) if last else 0)
        self._delete("key >= ? AND key < ?", revision, span[0], first)
        for key, data in named.items():
            self._put(key, data, revision, None)
        return list(named)

    def _forget(self, revision: int) -> None:
        self._execute("DELETE FROM gone WHERE revision <= ?", revision)
        self._execute("UPDATE state SET value = max(value, ?) WHERE name = 'forgotten'", revision)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One view of the file over several questions, which another process cannot change meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def _state(self, name: str) -> Any:
        return self._rows("SELECT value FROM state WHERE name = ?", name)[0][0]

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with self._lock, faults(self.path):
            return self._connection.execute(sql, values).fetchall()

    def _execute(self, sql: str, *values: object) -> None:
        self._connection.execute(sql, values)

    def _item(self, row: Sequence[Any]) -> Item:
        key, data, revision = row
        return Item(key, data, str(revision), str(self.path))
