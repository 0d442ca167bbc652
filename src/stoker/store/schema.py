"""The one SQLite file: a path goes in, a connection to a database of this schema goes out, sound and ready to write.

Write-ahead log, so that readers in other processes never wait. `synchronous=FULL`, so that a commit is on the disk when
it returns: with NORMAL, which is faster, a power failure takes back the last commits, and somebody was told of them.
Many small changes are made cheap by committing them together.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stoker.store.errors import StoreUnavailableError
from stoker.store.staging import sync_folder

APPLICATION: Final = 1400139627  # "Stok" in the header of the file
VERSION: Final = 1
BUSY_SECONDS: Final = 5.0
PRIVATE: Final = 0o600

SCHEMA: Final = """
BEGIN IMMEDIATE;
CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO state VALUES ('revision', 0), ('forgotten', 0), ('files', 0), ('boot', '');
CREATE TABLE items (key TEXT PRIMARY KEY, data BLOB NOT NULL, revision INTEGER NOT NULL, lease INTEGER);
CREATE INDEX items_by_revision ON items (revision);
CREATE INDEX items_by_lease ON items (lease) WHERE lease IS NOT NULL;
-- keys whose items went, and when: what a watch is told
CREATE TABLE gone (key TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX gone_by_revision ON gone (revision);
-- `until` in seconds of the clock that runs from boot, also while the machine sleeps
CREATE TABLE leases (id INTEGER PRIMARY KEY AUTOINCREMENT, until REAL NOT NULL);
-- files that are decided on, and not all in place yet
CREATE TABLE landing (key TEXT PRIMARY KEY, temporary TEXT NOT NULL) WITHOUT ROWID;
PRAGMA application_id = 1400139627;
PRAGMA user_version = 1;
COMMIT;
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or make it, with mode 0600. Raises StoreUnavailableError for one that is damaged or not ours."""
    with faults(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
            sync_folder(path.parent)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreUnavailableError(f"cannot open `{path}`: {reason}; check its owner and mode") from error
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the file into StoreUnavailableError."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        hint = next((text for start, text in HINTS.items() if name.startswith(start)), "check the disk")
        raise StoreUnavailableError(f"cannot use `{path}`: {error}; {hint}") from error


HINTS: Final = {
    "SQLITE_FULL": "nothing was changed, make space",
    "SQLITE_IOERR": "nothing was changed, check the disk and its space",
    "SQLITE_BUSY": f"another process has been writing for {BUSY_SECONDS:.0f} s, nothing was changed",
    "SQLITE_READONLY": "nothing was changed, check its owner and mode",
    "SQLITE_CANTOPEN": "check its owner and mode, and those of its folder",
    "SQLITE_CORRUPT": "restore it from a backup, or move it away to start empty",
    "SQLITE_NOTADB": "it is no database; restore it from a backup, or move it away to start empty",
}


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _check_kind(connection, path)
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise StoreUnavailableError(f"`{path}` cannot have a write-ahead log there; put it on a local disk")
    connection.execute("PRAGMA synchronous = FULL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        _create(connection)
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreUnavailableError(f"`{path}` is damaged: {found}; {HINTS['SQLITE_CORRUPT']}")


def _check_kind(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and application != APPLICATION:
        raise StoreUnavailableError(f"`{path}` is a database of another program; name another file")
    if version > VERSION:
        raise StoreUnavailableError(
            f"`{path}` has schema {version} of a newer version, and this one knows {VERSION}; install the newer"
        )


def _create(connection: sqlite3.Connection) -> None:
    try:
        connection.executescript(SCHEMA)
    except sqlite3.OperationalError:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise  # else another process was first
