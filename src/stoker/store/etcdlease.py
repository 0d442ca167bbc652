"""A lease in etcd: a name and a holder come in; while it is renewed, etcd keeps the key that stands for it."""

from __future__ import annotations

import math

from stoker.store import etcdwire as wire
from stoker.store.errors import RefusedError
from stoker.store.etcdclient import NOT_FOUND, Client


class EtcdLease:
    """etcd counts in whole seconds, and takes no fewer than it needs for an election."""

    def __init__(self, client: Client, key: bytes, name: str, holder: str, seconds: float) -> None:
        self.name = name
        self.holder = holder
        self.identity = ""
        self.revision = ""
        self._client = client
        self._key = key
        self._seconds = math.ceil(seconds)

    def acquire(self) -> bool:
        if self.identity and self.renew():
            return True
        if self._client.call("/v3/kv/range", wire.look(self._key), wire.Range, repeat=True).kvs:
            return False
        granted = self._client.call("/v3/lease/grant", {"TTL": self._seconds}, wire.Granted, repeat=True)
        request = wire.transaction(
            [wire.unchanged(self._key, 0)],
            [wire.put(self._key, self.holder.encode(), granted.ID)],
            [wire.find(wire.get(self._key))],
        )
        # Sent twice, the second is refused by the first: whose lease is on the key tells who has it.
        done = self._client.call("/v3/kv/txn", request, wire.Transaction, repeat=True)
        found = [kv for kvs in done.ranges() for kv in kvs if kv.lease == granted.ID]
        if done.succeeded or found:
            self.identity = str(granted.ID)
            self.revision = str(done.header.revision if done.succeeded else found[0].mod_revision)
        else:
            self._revoke(granted.ID)
        return bool(self.identity)

    def renew(self) -> bool:
        if self.identity:
            request = {"ID": int(self.identity)}
            kept = self._client.call("/v3/lease/keepalive", request, wire.KeptAlive, repeat=True)
            if not kept.result.TTL:
                self.identity = self.revision = ""
        return bool(self.identity)

    def release(self) -> None:
        if self.identity:
            self._revoke(int(self.identity))
            self.identity = self.revision = ""

    def _revoke(self, identity: int) -> None:
        try:
            self._client.call("/v3/lease/revoke", {"ID": identity}, wire.Nothing, repeat=True)
        except RefusedError as error:
            if error.code != NOT_FOUND:  # it has lapsed already
                raise
