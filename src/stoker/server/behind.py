"""What is kept and where: directories or the address of an etcd go in, store and spool of one process come out."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from stoker.machines import FOLDERS
from stoker.store import Store, StoreUnavailableError
from stoker.store.filestore import FileStore
from stoker.store.spool import Spool

if TYPE_CHECKING:
    from stoker.store.etcdclient import Access

DATABASE: Final = "stoker.db"
SPOOL: Final = "spool"
NAME: Final = "name"
KEY: Final = "key"
KEY_BYTES: Final = 32


class Behind(NamedTuple):
    """What is behind a server: the store, the spool if there is one, and the name that this place has for good.

    `root` is where files are, None where they are in etcd, too. `key` is the server's own, for digests that nobody else
    can make: of tokens, and of what was sent. It is kept beside the store and not in it, the same for all servers that
    share a store.
    """

    store: Store
    root: Path | None = None
    spool: Spool | None = None
    name: str = ""
    key: bytes = b""


class Etcd(NamedTuple):
    """An etcd that replicas share: how it is reached, and what all keys begin with."""

    access: Access
    prefix: str


@contextmanager
def open_behind(kept: Path | Etcd, state: Path | None) -> Iterator[Behind]:
    """What is kept in files or in etcd; `state` is of this process alone, where there is one.

    Raises StoreUnavailableError, not for an etcd that is away: that may come later than who uses it.
    """
    with open_etcd(kept, state) if isinstance(kept, Etcd) else open_files(kept, state) as behind:
        yield behind


@contextmanager
def open_etcd(etcd: Etcd, state: Path | None) -> Iterator[Behind]:
    """All in etcd, but for a spool in `state`. Raises StoreUnavailableError."""
    with ExitStack() as stack:
        store = stack.enter_context(open_shared(etcd))
        yield Behind(store, key=secrets.token_bytes(KEY_BYTES)) if state is None else _behind(store, None, state, stack)


@contextmanager
def open_files(data: Path, state: Path | None) -> Iterator[Behind]:
    """Files in `data`, and what is known of machines in `state`; without that it is forgotten in the end.

    Raises StoreUnavailableError.
    """
    with ExitStack() as stack:
        if state is None:
            directory = Path(stack.enter_context(TemporaryDirectory(prefix="stoker-", ignore_cleanup_errors=True)))
            store = FileStore(data, FOLDERS, directory / DATABASE)
            stack.callback(store.close)
            yield Behind(store, data, key=secrets.token_bytes(KEY_BYTES))
            return
        _make(state)
        store = FileStore(data, FOLDERS, state / DATABASE)
        stack.callback(store.close)
        yield _behind(store, data, state, stack)


def open_store(data: Path, state: Path) -> AbstractContextManager[Store]:
    """The store alone, beside the server that uses it. Raises StoreUnavailableError."""
    return closing(FileStore(data, FOLDERS, state / DATABASE))


def open_shared(etcd: Etcd) -> AbstractContextManager[Store]:
    """The store alone, beside the servers that use it. Raises StoreUnavailableError."""
    from stoker.store.etcdstore import EtcdStore  # noqa: PLC0415 -- only replicas pay for it

    return closing(EtcdStore(etcd.access, etcd.prefix))


def _behind(store: Store, root: Path | None, state: Path, stack: ExitStack) -> Behind:
    """A store and the spool of this process, which is closed with the stack."""
    _make(state)
    spool = Spool(state / SPOOL)
    stack.callback(spool.close)
    return Behind(store, root, spool, _name(state), _key(state))


def _make(state: Path) -> None:
    try:
        state.mkdir(0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"cannot make the state directory `{state}`: {error.strerror}") from error


def _name(state: Path) -> str:
    """The name of this place."""
    return _once(state / NAME, secrets.token_hex(8))


def _key(state: Path) -> bytes:
    """The key of this place. Raises StoreUnavailableError where the file holds none."""
    path = state / KEY
    try:
        key = bytes.fromhex(_once(path, secrets.token_hex(KEY_BYTES)))
    except (ValueError, UnicodeDecodeError):
        key = b""
    if len(key) < KEY_BYTES:
        raise StoreUnavailableError(f"`{path}` holds no key; remove it to have another made, which ends all tokens")
    return key


def _once(path: Path, text: str) -> str:
    """What a file holds, which is made with this text if it is missing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with open(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return path.read_text().strip()
