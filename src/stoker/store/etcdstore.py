"""A store in etcd, for several servers that share it: changes and conditions go in as one transaction of etcd's.

A revision is the `mod_revision` of the key. A transaction whose answer was lost may have been carried out. All that it
put has then one new revision and the bytes that were sent, so that this can be looked up before it is sent again.

etcd keeps all earlier revisions until it is told not to: run it with `--auto-compaction-retention=1h`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from stoker.store import etcdwire as wire
from stoker.store.contract import Append, Change, Condition, Delete, Lease, OnChange, Put, lease_key
from stoker.store.errors import ConflictError, LimitError, RefusedError, UnsureError
from stoker.store.etcdclient import NOT_FOUND, PAUSE, SECONDS, Access, Client
from stoker.store.etcdlease import EtcdLease
from stoker.store.etcdwatch import EtcdWatch, item_of
from stoker.store.limits import MAX_ITEMS, check_commit, check_key
from stoker.store.rings import name_items, number_of, ring_key, ring_span
from stoker.store.snapshots import Item, Snapshot, take_snapshot

PREFIX: Final = "/stoker/"
PAGES: Final = (500, 30)  # items at once: as many as is quick, and so few that they are small enough in any case
MAX_ENDS: Final = 100_000


class Attempt(NamedTuple):
    """A commit as it is sent: what it puts and takes away, the last numbers of its rings after it, the request."""

    puts: dict[str, bytes]
    deletes: list[str]
    ends: dict[str, int]
    request: wire.Request


class EtcdStore:
    """Everything below a prefix of one etcd cluster."""

    def __init__(self, access: Access, prefix: str = PREFIX, seconds: float = SECONDS) -> None:
        """`seconds` bounds each commit. Nothing is asked of etcd yet: it may come later than who uses it."""
        self._client = Client(access, seconds)
        self._prefix = prefix.encode()
        self._watches: list[EtcdWatch] = []
        self._ends: dict[
            str, int
        ] = {}  # the last number of a ring, as far as known: a transaction tells when it is not
        self._revision = 0  # the newest that was seen

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
        deadline = time.monotonic() + self._client.seconds
        before = self._revision or self._look_at_revision(deadline)
        unanswered: list[Attempt] = []
        while True:
            attempt = self._attempt(changes, conditions, deadline)
            fault, done = None, None
            try:
                done = self._send(attempt, changes, deadline)
            except UnsureError as error:
                fault = error
                unanswered.append(attempt)
            if done is not None and done.succeeded:
                return self._note(attempt, done.header.revision)
            for each in unanswered:
                revision = self._find(each, before, deadline)
                if revision is not None:
                    return self._note(each, revision)
            if done is not None:
                self._forget_rings(changes)
                failed = _failed(conditions, done)
                if failed:
                    raise ConflictError(failed)
            if time.monotonic() > deadline:
                raise UnsureError(
                    f"{fault or 'etcd was too busy'}; the changes may have been made or not, read again"
                ) from fault
            if fault is not None:
                time.sleep(PAUSE)

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

    def _attempt(self, changes: Sequence[Change], conditions: Sequence[Condition], deadline: float) -> Attempt:
        puts: dict[str, bytes] = {}
        deletes: list[str] = []
        ends = self._look_at_rings([each.folder for each in changes if isinstance(each, Append)], deadline)
        compare = [wire.unchanged(self._raw(each.key), _number(each.revision)) for each in conditions]
        operations: list[wire.Request] = []
        for change in changes:
            match change:
                case Put(key=key, data=data, lease=lease):
                    puts[key] = data
                    operations.append(wire.put(self._raw(key), data, _hold(lease) if lease else 0))
                case Delete(key=key):
                    deletes.append(key)
                    operations.append(wire.delete(self._raw(key)))
                case Append(folder=folder):
                    start, end = map(self._raw, ring_span(folder))
                    named, first = name_items(change, ends[folder])
                    puts |= named
                    compare.append(wire.none_from(self._raw(ring_key(folder, ends[folder] + 1)), end))
                    ends[folder] += len(change.items)
                    operations += [wire.put(self._raw(key), data) for key, data in named.items()]
                    if first > ring_key(folder, 1):
                        operations.append(wire.delete(start, self._raw(first)))
        looks = [wire.find(wire.look(self._raw(each.key))) for each in conditions]
        return Attempt(puts, deletes, ends, wire.transaction(compare, operations, looks))

    def _send(self, attempt: Attempt, changes: Sequence[Change], deadline: float) -> wire.Transaction:
        try:
            return self._transact(attempt.request, deadline, repeat=not changes)
        except RefusedError as error:
            leases = [each.lease for each in changes if isinstance(each, Put) and each.lease]
            if error.code == NOT_FOUND and leases:
                raise ConflictError(lease_key(lease.name) for lease in leases) from error
            raise

    def _transact(self, request: wire.Request, deadline: float, *, repeat: bool) -> wire.Transaction:
        done = self._client.call("/v3/kv/txn", request, wire.Transaction, repeat=repeat, deadline=deadline)
        self._revision = max(self._revision, done.header.revision)
        return done

    def _note(self, attempt: Attempt, revision: int) -> dict[str, str]:
        if len(self._ends) > MAX_ENDS:
            self._ends.clear()
        self._ends |= attempt.ends
        return dict.fromkeys(attempt.puts, str(revision))

    def _find(self, attempt: Attempt, before: int, deadline: float) -> int | None:
        """The revision in which an attempt was carried out after all; None if it was not, as far as etcd knows now."""
        keys = [*attempt.puts, *attempt.deletes]
        request = wire.transaction([], [wire.find(wire.get(self._raw(key))) for key in keys], [])
        found = dict(zip(keys, self._transact(request, deadline, repeat=True).ranges(), strict=True))
        if any(found[key] for key in attempt.deletes):
            return None
        revisions = {kv.mod_revision for key in attempt.puts for kv in found[key]}
        are_ours = all([kv.value for kv in found[key]] == [data] for key, data in attempt.puts.items())
        if not are_ours or len(revisions) > 1 or min(revisions, default=before + 1) <= before:
            return None
        return min(revisions, default=0)

    def _look_at_revision(self, deadline: float) -> int:
        return self._transact(wire.transaction([], [], []), deadline, repeat=True).header.revision

    def _look_at_rings(self, folders: Sequence[str], deadline: float) -> dict[str, int]:
        """The last number of each ring: as it was known, or looked up."""
        ends = {folder: self._ends.get(folder, -1) for folder in folders}
        unknown = [folder for folder, end in ends.items() if end < 0]
        if unknown:
            looks = [wire.find(wire.last(*map(self._raw, ring_span(folder)))) for folder in unknown]
            found = self._transact(wire.transaction([], looks, []), deadline, repeat=True).ranges()
            for folder, kvs in zip(unknown, found, strict=True):
                ends[folder] = number_of(kvs[0].key.decode(errors="replace")) if kvs else 0
        return ends

    def _forget_rings(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if isinstance(change, Append):
                self._ends.pop(change.folder, None)


def _failed(conditions: Sequence[Condition], done: wire.Transaction) -> list[str]:
    """The keys of the conditions that do not hold, of a transaction that looked at each."""
    found = [kvs[0].mod_revision if kvs else 0 for kvs in done.ranges()]
    return [each.key for each, revision in zip(conditions, found, strict=True) if _number(each.revision) != revision]


def _number(revision: str) -> int:
    """What etcd compares; a revision that is none of its own, another store's, never holds."""
    return int(revision) if revision.isascii() and revision.isdigit() else -1 if revision else 0


def _hold(lease: Lease) -> int:
    if not lease.identity:
        raise ConflictError([lease_key(lease.name)])
    return int(lease.identity)
