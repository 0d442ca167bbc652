"""A watch over etcd: events come in from one endpoint after another, Updates go out by a thread of its own.

What was told last has a revision, and a new stream begins right after that, so that nothing is missed and nothing comes
twice. If etcd has forgotten what happened since (it was compacted), the whole is read again.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from stoker.store import etcdwire as wire
from stoker.store.contract import OnChange, Update
from stoker.store.errors import StoreError, StoreUnavailableError
from stoker.store.etcdclient import Client, Stream
from stoker.store.snapshots import Item

SILENCE: Final = 5.0  # seconds after which another endpoint is asked: one that hangs is silent, too
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 0.5  # others may write already while this one waits

Read = Callable[[Sequence[str]], tuple[Mapping[str, Item], int]]


class EtcdWatch:
    """Tells of what changes below some folders of a prefix."""

    def __init__(self, client: Client, prefix: bytes, read: Read, folders: Sequence[str], on_change: OnChange) -> None:
        self.trouble = "etcd was not reached yet"
        self._client = client
        self._prefix = prefix
        self._read = read
        self._folders = tuple(folders)
        self._starts = tuple(f"{folder}/" for folder in folders)
        self._on_change = on_change
        self._closing = threading.Event()
        self._stream: Stream | None = None
        self._revision = 0  # up to which it has told; 0: the whole is due
        self._pause = FIRST_PAUSE
        self._thread = threading.Thread(target=self._run, name="stoker-watch", daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether it was not closed."""
        return not self._closing.is_set()

    def close(self) -> None:
        self._closing.set()
        stream = self._stream
        if stream is not None:
            stream.end()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._follow()
        except BaseException as error:
            self.trouble = f"the watch ended: {type(error).__name__}: {error}"
            raise

    def _follow(self) -> None:
        try:
            if not self._revision:
                items, revision = self._read(self._folders)
                self._on_change(Update(items, is_whole=True))
                self._revision, self.trouble = revision, ""
            self._listen()
        except StoreError as error:
            if not self._closing.is_set():
                self.trouble = str(error)
                self._closing.wait(self._pause * random.uniform(0.5, 1.0))  # noqa: S311 -- apart from other replicas
                self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _listen(self) -> None:
        request = {
            "key": self._prefix,
            "range_end": self._prefix[:-1] + bytes([self._prefix[-1] + 1]),
            "start_revision": self._revision + 1,
        }
        self._stream = self._client.stream("/v3/watch", {"create_request": request}, SILENCE)
        try:
            if not self._closing.is_set():  # else nobody ends the stream
                self._take_all(self._stream)
        finally:
            self._stream.close()

    def _take_all(self, stream: Stream) -> None:
        for line in stream.lines():
            if not self._take(line) or self._closing.is_set():
                return

    def _take(self, line: bytes) -> bool:
        """One answer; False if the stream is over and the whole is due."""
        try:
            piece = msgspec.json.decode(line, type=wire.Piece, strict=False)
        except msgspec.DecodeError as error:  # or more of it than is read: pages of the whole are smaller
            self._revision = 0
            raise StoreUnavailableError(f"the watch told what no etcd would: {line[:80]!r}") from error
        watched = piece.result
        if watched is None:
            raise StoreUnavailableError(f"etcd ended the watch: {piece.error.message if piece.error else line[:200]!r}")
        if watched.compact_revision:
            self._revision = 0
            return False
        if watched.canceled:
            raise StoreUnavailableError(f"etcd ended the watch: {watched.cancel_reason or 'it did not say why'}")
        self._pause, self.trouble = FIRST_PAUSE, ""
        if watched.events:
            update = self._update(watched.events)
            if update.items or update.gone:
                self._on_change(update)
            self._revision = max(event.kv.mod_revision for event in watched.events)
        return True

    def _update(self, events: Sequence[wire.Event]) -> Update:
        """What is so after all events: the last of each key counts."""
        latest = {event.kv.key: event for event in events}.values()
        told = [(event.type, item_of(event.kv, self._prefix)) for event in latest]
        ours = [(kind, item) for kind, item in told if item.key.startswith(self._starts)]
        items = {item.key: item for kind, item in ours if kind != "DELETE"}
        return Update(items, tuple(item.key for kind, item in ours if kind == "DELETE"))


def item_of(found: wire.KeyValue, prefix: bytes) -> Item:
    """An item as etcd has it, by the key that it has below the prefix."""
    key = found.key.decode(errors="surrogateescape")
    return Item(key[len(prefix.decode()) :], found.value, str(found.mod_revision), f"etcd:{key}")
