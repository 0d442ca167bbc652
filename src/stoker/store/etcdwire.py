"""What etcd says, as far as it is read here: JSON of its gateway in, structs out; and the requests as dictionaries.

The names are those of etcd's API (etcdserverpb/rpc.proto, mvccpb/kv.proto). Keys and values are base64 in JSON, which
is how msgspec writes and reads bytes; what is zero is left out; 64-bit numbers are strings.
"""

from __future__ import annotations

from typing import Any

import msgspec

Request = dict[str, Any]


class Header(msgspec.Struct):
    """The revision of the store when the answer was given."""

    revision: int = 0


class KeyValue(msgspec.Struct):
    """A key as it is, or as it was when it went."""

    key: bytes
    value: bytes = b""
    mod_revision: int = 0
    lease: int = 0


class Range(msgspec.Struct):
    """The answer to `get`."""

    header: Header = msgspec.field(default_factory=Header)
    kvs: list[KeyValue] = []
    more: bool = False


class Response(msgspec.Struct):
    """The answer to one operation of a transaction; only that to a range matters."""

    response_range: Range | None = None


class Transaction(msgspec.Struct):
    """The answer to a transaction: whether all comparisons held, and what the operations of that branch gave."""

    header: Header
    succeeded: bool = False
    responses: list[Response] = []

    def ranges(self) -> list[list[KeyValue]]:
        """What was found by each operation that looked for something."""
        return [each.response_range.kvs for each in self.responses if each.response_range is not None]


class Granted(msgspec.Struct):
    """A new lease."""

    ID: int
    TTL: int = 0


class KeptAlive(msgspec.Struct):
    """A lease that was renewed; one that had lapsed has no TTL."""

    result: Granted


class Nothing(msgspec.Struct):
    """An answer of which only matters that it came."""


class Event(msgspec.Struct):
    """What happened to a key."""

    kv: KeyValue
    type: str = "PUT"


class Watched(msgspec.Struct):
    """One answer to a watch: what happened, or that it is over."""

    header: Header = msgspec.field(default_factory=Header)
    events: list[Event] = []
    created: bool = False
    canceled: bool = False
    compact_revision: int = 0
    cancel_reason: str = ""


class Failure(msgspec.Struct):
    """Why a stream ends."""

    message: str = ""


class Piece(msgspec.Struct):
    """A line of a stream."""

    result: Watched | None = None
    error: Failure | None = None


def get(key: bytes) -> Request:
    """The item of a key."""
    return {"key": key}


def look(key: bytes) -> Request:
    """The item of a key without its bytes."""
    return {"key": key, "keys_only": True}


def page(start: bytes, end: bytes, revision: int, most: int) -> Request:
    """The first items from one key to before another, as they were at a revision, 0 for now."""
    return {"key": start, "range_end": end, "revision": revision, "limit": most}


def last(start: bytes, end: bytes) -> Request:
    """The last of some keys, without its bytes."""
    return {**page(start, end, 0, 1), "keys_only": True, "sort_order": "DESCEND", "sort_target": "KEY"}


def put(key: bytes, value: bytes, lease: int = 0) -> Request:
    """An operation that puts an item."""
    return {"request_put": {"key": key, "value": value, "lease": lease}}


def delete(key: bytes, end: bytes = b"") -> Request:
    """An operation that takes a key away, or all from it to before another."""
    return {"request_delete_range": {"key": key, "range_end": end} if end else {"key": key}}


def find(request: Request) -> Request:
    """An operation that looks."""
    return {"request_range": request}


def unchanged(key: bytes, revision: int) -> Request:
    """A comparison: the item of a key has a revision, 0 if there is none."""
    return {"key": key, "target": "MOD", "result": "EQUAL", "mod_revision": revision}


def none_from(start: bytes, end: bytes) -> Request:
    """A comparison: there is nothing from one key to before another."""
    return {**unchanged(start, 0), "range_end": end}


def transaction(compare: list[Request], success: list[Request], failure: list[Request]) -> Request:
    """All of `success` if each comparison holds, else all of `failure`."""
    return {"compare": compare, "success": success, "failure": failure}
