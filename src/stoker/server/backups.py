"""Backups of a store: its items as they were at one moment go in, an archive with a file for each comes out; and back.

The first member says how many follow, so that an archive that was cut off is told from a whole one. Nothing is in it
that the store does not hold: of secrets their references, of tokens and of what was sent digests.
"""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from stoker import __version__
from stoker.server.errors import BackupError, OccupiedError
from stoker.server.keeper import WATCHED
from stoker.store import Delete, Item, Put, Store, Update
from stoker.store.limits import MAX_BYTES, MAX_KEYS, check_key

HEAD: Final = "stoker-backup.json"
FORMAT: Final = 1
READ_SECONDS: Final = 60.0
MODE: Final = 0o600


class Head(msgspec.Struct, frozen=True):
    """What an archive says of itself."""

    format: int
    version: str
    items: int


def read_store(store: Store) -> Mapping[str, Item]:
    """All items that a server keeps, as they were at one moment. Raises BackupError, StoreError."""
    found: list[Mapping[str, Item]] = []
    is_read = threading.Event()

    def take(update: Update) -> None:
        if not is_read.is_set():
            found.append(update.items)
            is_read.set()

    watch = store.watch(WATCHED, take)
    try:
        if not is_read.wait(READ_SECONDS):
            raise BackupError(f"the store was not read within {READ_SECONDS:g} s: {watch.trouble}")
    finally:
        watch.close()
    return found[0]


def write_archive(items: Mapping[str, Item], path: Path, at: float) -> None:
    """Write an archive, whole or not at all; `at` is its date in seconds since 1970. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    try:
        with open(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as archive:
                head = msgspec.json.encode(Head(FORMAT, __version__, len(items)))
                for name, data in ((HEAD, head), *((key, items[key].data) for key in sorted(items))):
                    member = tarfile.TarInfo(name)
                    member.size, member.mtime, member.mode = len(data), int(at), MODE
                    archive.addfile(member, io.BytesIO(data))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def read_archive(path: Path) -> dict[str, bytes]:
    """The items of an archive. Raises BackupError, OSError."""
    try:
        with tarfile.open(path, mode="r:gz") as archive:
            found = dict(_members(archive, path))
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BackupError(f"`{path}` is no whole backup: {error}") from error
    try:
        head = msgspec.json.decode(found.pop(HEAD, b""), type=Head)
    except msgspec.MsgspecError as error:
        raise BackupError(f"`{path}` is no backup of this program: it has no `{HEAD}`") from error
    if head.format != FORMAT or head.items != len(found):
        raise BackupError(f"`{path}` is no whole backup: it has {len(found)} of {head.items} items")
    return found


def restore(store: Store, items: Mapping[str, bytes], *, force: bool = False) -> None:
    """Put items into a store that has none. With `force` what it has goes first; cut off, it can be done again.

    Raises OccupiedError, StoreError.
    """
    there = read_store(store)
    if there and not force:
        raise OccupiedError(f"the store has {len(there)} items already, such as `{next(iter(there))}`")
    for keys in _batches([(key, 0) for key in there if key not in items]):
        store.commit([Delete(key) for key in keys])
    for keys in _batches([(key, len(data)) for key, data in items.items()]):
        store.commit([Put(key, items[key]) for key in keys])


def _members(archive: tarfile.TarFile, path: Path) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        data = archive.extractfile(member) if member.isfile() else None
        if data is None or member.size > MAX_BYTES:
            raise BackupError(f"`{path}` is no backup of this program: `{member.name}` is no file of at most 1 MiB")
        if member.name != HEAD:
            check_key(member.name)
        yield member.name, data.read()


def _batches(keys: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    """Keys in as many batches as a store takes, by the size of their data."""
    batch: list[str] = []
    total = 0
    for key, size in keys:
        if batch and (len(batch) == MAX_KEYS or total + size > MAX_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(key)
        total += size
    if batch:
        yield batch
