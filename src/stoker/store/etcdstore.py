"""A store in etcd, for several servers that share it: changes and conditions go in as one transaction of etcd's.

A revision is the `mod_revision` of the key. A transaction whose answer was lost may have been carried out, or may still
be. Each therefore leaves a mark under a key of its writer, and asks that the last mark be the one before: so it can be
sent again without being made twice, and who is refused sees by the mark whether that was because it was there already.

etcd keeps all earlier revisions until it is told not to: run it with `--auto-compaction-retention=1h`.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from stoker.store import etcdwire as wire
from stoker.store.contract import Append, Change, Condition, Delete, Lease, OnChange, Put, lease_key
from stoker.store.errors import (
    ConflictError,
    LimitError,
    RefusedError,
    StoreError,
    StoreUnavailableError,
    UnreachableError,
    UnsureError,
)
from stoker.store.etcdaddress import PREFIX
from stoker.store.etcdclient import NOT_FOUND, PAUSE, SECONDS, Access, Client
from stoker.store.etcdlease import EtcdLease
from stoker.store.etcdwatch import EtcdWatch, item_of
from stoker.store.limits import MAX_ITEMS, MAX_KEYS, check_commit, check_key
from stoker.store.rings import name_items, number_of, ring_key, ring_span
from stoker.store.snapshots import Item, Snapshot, take_snapshot

PAGES: Final = (500, 30)  # items at once: as many as is quick, and so few that they are small enough in any case
WRITERS: Final = ".writers"
CLOSING_SECONDS: Final = 1.0
MAX_ENDS: Final = 100_000


@dataclass(slots=True)
class Writer:
    """Who makes one commit at a time: the key of its mark, the revision of that, how many marks it has made."""

    key: bytes
    revision: int = 0
    marks: int = 0


class Attempt(NamedTuple):
    """A commit as it is sent: the keys that it puts, the last numbers of its rings after it, the request."""

    puts: list[str]
    ends: dict[str, int]
    request: wire.Request


class EtcdStore:
    """Everything below a prefix of one etcd cluster."""

    def __init__(self, access: Access, prefix: str = PREFIX, seconds: float = SECONDS) -> None:
        """`seconds` bounds each commit. Nothing is asked of etcd yet: it may come later than who uses it."""
        self._client = Client(access, seconds)
        self._prefix = prefix.encode()
        self._watches: list[EtcdWatch] = []
        self._ends: dict[str, int] = {}  # the last numbers of rings; where one is wrong, the transaction is refused
        self._writers: deque[Writer] = deque()  # those that make no commit at the moment

    def get(self, key: str) -> Item | None:
        check_key(key)
        found = self._client.call("/v3/kv/range", wire.get(self._raw(key)), wire.Range, repeat=True)
        return item_of(found.kvs[0], self._prefix) if found.kvs else None

    def scan(self, folder: str) -> Snapshot:
        check_key(f"{folder}/0")
        return take_snapshot(self.read([folder])[0])

    def read(self, folders: Sequence[str]) -> tuple[dict[str, Item], int]:
        """All items below some folders as they were at one revision, and that. Raises LimitError."""
        items: dict[str, Item] = {}
        revision = 0
        for folder in folders:
            count = len(items)
            start, end = self._raw(f"{folder}/"), self._raw(f"{folder}0")
            while start:
                found = self._read_page(start, end, revision)
                revision = revision or found.header.revision
                items |= {item.key: item for item in (item_of(each, self._prefix) for each in found.kvs)}
                if len(items) - count > MAX_ITEMS:
                    raise LimitError(f"more than {MAX_ITEMS} items below `{folder}`; take some away")
                start = found.kvs[-1].key + b"\0" if found.more else b""
        return items, revision

    def commit(self, changes: Sequence[Change], conditions: Sequence[Condition] = ()) -> Mapping[str, str]:
        check_commit(changes, conditions)
        writer = self._writers.pop() if self._writers else Writer(self._raw(f"{WRITERS}/{os.urandom(8).hex()}"))
        try:
            return self._commit(writer, changes, conditions, time.monotonic() + self._client.seconds)
        finally:
            self._writers.append(writer)

    def watch(self, folders: Sequence[str], on_change: OnChange) -> EtcdWatch:
        watch = EtcdWatch(self._client, self._prefix, self.read, tuple(folders), on_change)
        self._watches = [*(each for each in self._watches if each.is_open), watch]
        return watch

    def lease(self, name: str, holder: str, seconds: float) -> EtcdLease:
        check_key(lease_key(name))
        return EtcdLease(self._client, self._raw(lease_key(name)), name, holder, seconds)

    def close(self) -> None:
        while self._watches:
            self._watches.pop().close()
        marks = [wire.delete(writer.key) for writer in self._writers if writer.revision]
        if marks:
            with suppress(StoreError):  # an etcd that is away keeps them; they are small
                self._transact(wire.transaction([], marks[:MAX_KEYS], []), time.monotonic() + CLOSING_SECONDS)
        self._client.close()

    def _raw(self, key: str) -> bytes:
        return self._prefix + key.encode()

    def _read_page(self, start: bytes, end: bytes, revision: int) -> wire.Range:
        """The first items of a span, few if they are large."""
        for most in PAGES:
            try:
                return self._client.call("/v3/kv/range", wire.page(start, end, revision, most), wire.Range, repeat=True)
            except LimitError:
                continue
        raise LimitError(f"an item after {start!r} is larger than what is read")

    def _commit(
        self, writer: Writer, changes: Sequence[Change], conditions: Sequence[Condition], deadline: float
    ) -> dict[str, str]:
        sent: dict[bytes, Attempt] = {}
        is_unsure = False
        while True:
            writer.marks += 1
            mark = str(writer.marks).encode()
            try:
                sent[mark] = self._attempt(writer, mark, changes, conditions, deadline)
                done = self._send(sent[mark].request, changes, deadline)
            except StoreUnavailableError as error:
                is_unsure = is_unsure or isinstance(error, UnsureError)
                if not is_unsure:
                    raise
                if time.monotonic() > deadline:
                    raise UnsureError(f"{error}; the changes may have been made or not, read again") from error
                time.sleep(PAUSE)
                continue
            if done.succeeded:
                writer.revision = done.header.revision
                return self._note(sent[mark], writer.revision)
            *looked, last = done.ranges()
            writer.revision = last[0].mod_revision if last else 0
            if last and last[0].value in sent:
                return self._note(sent[last[0].value], writer.revision)
            self._forget_rings(changes)
            _check(conditions, looked)
            if time.monotonic() > deadline:
                raise UnreachableError("others were quicker in etcd for too long; nothing was changed, try again")

    def _attempt(
        self,
        writer: Writer,
        mark: bytes,
        changes: Sequence[Change],
        conditions: Sequence[Condition],
        deadline: float,
    ) -> Attempt:
        puts: list[str] = []
        ends = self._look_at_rings([each.folder for each in changes if isinstance(each, Append)], deadline)
        compare = [wire.unchanged(self._raw(each.key), _number(each.revision)) for each in conditions]
        compare.append(wire.unchanged(writer.key, writer.revision))
        operations = [wire.put(writer.key, mark)]
        for change in changes:
            match change:
                case Put(key=key, data=data, lease=lease):
                    puts.append(key)
                    operations.append(wire.put(self._raw(key), data, _hold(lease) if lease else 0))
                case Delete(key=key):
                    operations.append(wire.delete(self._raw(key)))
                case Append(folder=folder):
                    start, end = map(self._raw, ring_span(folder))
                    named, first = name_items(change, ends[folder])
                    puts += named
                    compare.append(wire.none_from(self._raw(ring_key(folder, ends[folder] + 1)), end))
                    ends[folder] += len(change.items)
                    operations += [wire.put(self._raw(key), data) for key, data in named.items()]
                    if first > ring_key(folder, 1):
                        operations.append(wire.delete(start, self._raw(first)))
        looks = [wire.find(wire.look(self._raw(each.key))) for each in conditions]
        looks.append(wire.find(wire.get(writer.key)))
        return Attempt(puts, ends, wire.transaction(compare, operations, looks))

    def _send(self, request: wire.Request, changes: Sequence[Change], deadline: float) -> wire.Transaction:
        try:
            return self._transact(request, deadline, repeat=False)
        except RefusedError as error:
            leases = [each.lease for each in changes if isinstance(each, Put) and each.lease]
            if error.code == NOT_FOUND and leases:
                raise ConflictError(lease_key(lease.name) for lease in leases) from error
            raise

    def _transact(self, request: wire.Request, deadline: float, *, repeat: bool = True) -> wire.Transaction:
        return self._client.call("/v3/kv/txn", request, wire.Transaction, repeat=repeat, deadline=deadline)

    def _note(self, attempt: Attempt, revision: int) -> dict[str, str]:
        if len(self._ends) > MAX_ENDS:
            self._ends.clear()
        self._ends |= attempt.ends
        return dict.fromkeys(attempt.puts, str(revision))

    def _look_at_rings(self, folders: Sequence[str], deadline: float) -> dict[str, int]:
        """The last number of each ring: as it was known, or looked up."""
        ends = {folder: self._ends.get(folder, -1) for folder in folders}
        unknown = [folder for folder, end in ends.items() if end < 0]
        if unknown:
            looks = [wire.find(wire.last(*map(self._raw, ring_span(folder)))) for folder in unknown]
            found = self._transact(wire.transaction([], looks, []), deadline).ranges()
            for folder, kvs in zip(unknown, found, strict=True):
                ends[folder] = number_of(kvs[0].key.decode(errors="replace")) if kvs else 0
        return ends

    def _forget_rings(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if isinstance(change, Append):
                self._ends.pop(change.folder, None)


def _check(conditions: Sequence[Condition], looked: Sequence[Sequence[wire.KeyValue]]) -> None:
    """Raise ConflictError if a condition does not hold for what was found of its key."""
    found = [kvs[0].mod_revision if kvs else 0 for kvs in looked]
    failed = [each.key for each, revision in zip(conditions, found, strict=True) if _number(each.revision) != revision]
    if failed:
        raise ConflictError(failed)


def _number(revision: str) -> int:
    """What etcd compares; a revision that is none of its own, another store's, never holds."""
    return int(revision) if revision.isascii() and revision.isdigit() else -1 if revision else 0


def _hold(lease: Lease) -> int:
    if not lease.identity:
        raise ConflictError([lease_key(lease.name)])
    return int(lease.identity)
