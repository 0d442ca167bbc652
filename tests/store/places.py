"""The stores that the contract is held against: for each a place, where several stores can be opened side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from stoker.store import Lease, Store, Update
from stoker.store.database import Clock
from stoker.store.etcdclient import Access, Client
from stoker.store.etcdstore import EtcdStore
from stoker.store.filestore import FileStore
from stoker.store.snapshots import Item
from tests.store.etcds import PATIENCE, Cluster

FILES = ("texts", "more")  # the folders that are files where there are any; `t` and others are never


class Place(Protocol):
    """Where stores keep things."""

    def open(self) -> Store:
        """Another store of the same things."""

    def lapse(self, lease: Lease) -> None:
        """Let the time of a lease run out."""

    def forget(self, store: Store) -> None:
        """Let what changed before now not be known any more."""


class FilePlace:
    """A directory and a database; time goes on when it is told to."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.time = 1000.0
        (directory / "data").mkdir(exist_ok=True)

    def open(self) -> FileStore:
        clock = Clock(lambda: self.time, "this boot")
        return FileStore(self.directory / "data", FILES, self.directory / "store.db", clock)

    def lapse(self, lease: Lease) -> None:
        self.time += 1000.0

    def forget(self, store: Store) -> None:
        assert isinstance(store, FileStore)
        with store._database.transaction():
            store._database._forget(store._database.revision())


class EtcdPlace:
    """A prefix of its own in a cluster that other tests use, too."""

    prefixes = 0

    def __init__(self, cluster: Cluster) -> None:
        EtcdPlace.prefixes += 1
        self.cluster = cluster
        self.prefix = f"/test{EtcdPlace.prefixes}/"

    def open(self) -> EtcdStore:
        return EtcdStore(Access(self.cluster.endpoints), self.prefix)

    def lapse(self, lease: Lease) -> None:
        """As etcd itself does it; the seconds are etcd's own business."""
        self._call("/v3/lease/revoke", {"ID": int(lease.identity)})

    def forget(self, store: Store) -> None:
        found = self._call("/v3/kv/txn", {})
        self._call("/v3/kv/compaction", {"revision": found["header"]["revision"], "physical": True})

    def _call(self, path: str, request: dict[str, object]) -> dict[str, dict[str, object]]:
        client = Client(Access(self.cluster.endpoints))
        raw = client.call(path, request, msgspec.Raw, repeat=True)
        client.close()
        found: dict[str, dict[str, object]] = msgspec.json.decode(raw)
        return found


class Seen:
    """What a watch has told, folded as whoever keeps a copy does it."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.updates: list[Update] = []
        self.states: list[dict[str, str]] = []
        self._told = threading.Condition()

    def __call__(self, update: Update) -> None:
        with self._told:
            if update.is_whole:
                self.items.clear()
            for key in update.gone:
                self.items.pop(key, None)
            self.items |= update.items
            self.updates.append(update)
            self.states.append(self.texts())
            self._told.notify_all()

    def wait(self, reached: Callable[[], object]) -> None:
        with self._told:
            assert self._told.wait_for(reached, PATIENCE), f"the watch told only {self.texts()}"

    def wait_for(self, texts: dict[str, str]) -> None:
        self.wait(lambda: self.texts() == texts)

    def texts(self) -> dict[str, str]:
        return texts(self.items.values())


def texts(items: Iterable[Item]) -> dict[str, str]:
    return {item.key: item.data.decode(errors="replace") for item in items}
