"""What every store does: changes and conditions go in, new revisions come out, and whoever watches is told.

The bytes of an item mean nothing here. A revision is opaque, changes with the item, and is "" for one that is not
there. Calls are synchronous; any thread may make them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stoker.report import Report
from stoker.store.errors import ConflictError
from stoker.store.snapshots import Item, Snapshot


class Lease(Protocol):
    """A name that one holder at most has at a time, for so many seconds after it was last renewed.

    Who has it is also an item, `leases/NAME`, whose bytes are the holder. That goes when the lease does, and so does
    all that was put on the lease.
    """

    name: str
    holder: str
    identity: str  # of this hold, for the store; "" while it is not held
    revision: str  # of the item `leases/NAME` in this hold

    def acquire(self) -> bool:
        """Take it if nobody has it; tell whether it is now held. Raises StoreUnavailableError, as all three do."""

    def renew(self) -> bool:
        """Keep it; False if it has lapsed, and then it is not held any more."""

    def release(self) -> None:
        """Give it back, at once and not only in time."""


@dataclass(frozen=True, slots=True)
class Put:
    """Make an item of these bytes, or replace the one there is; it goes when the lease goes, if it is on one."""

    key: str
    data: bytes
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Take an item away; if there is none, nothing happens."""

    key: str


@dataclass(frozen=True, slots=True)
class Append:
    """Add items at the end of a ring, and take the oldest away until `cap` are left.

    A ring is a folder whose items are named by the store, sixteen digits that only grow: in order of their keys they
    are in order of time.
    """

    folder: str
    items: tuple[bytes, ...]
    cap: int


Change = Put | Delete | Append


@dataclass(frozen=True, slots=True)
class Condition:
    """The item of a key has this revision; "": there is none."""

    key: str
    revision: str


def held(lease: Lease) -> Condition:
    """The condition that a lease is held, by this holder and without a break. Raises ConflictError if it is not."""
    if not lease.identity:
        raise ConflictError([lease_key(lease.name)])
    return Condition(lease_key(lease.name), lease.revision)


def lease_key(name: str) -> str:
    """The key under which the holder of a lease stands."""
    return f"{LEASES}/{name}"


LEASES = "leases"


@dataclass(frozen=True, slots=True)
class Update:
    """What a watch tells: all items of its folders (`is_whole`), or those that are new or changed, and the keys gone.

    `report` has what cannot be read at present, of the folders that a person writes into.
    """

    items: Mapping[str, Item]
    gone: tuple[str, ...] = ()
    is_whole: bool = False
    report: Report = field(default_factory=Report)


OnChange = Callable[[Update], None]


class Watch(Protocol):
    """A thread that tells of changes until it is closed. `trouble` says why it is behind, "" when it is not."""

    trouble: str

    def close(self) -> None:
        """Stop telling; on return the thread has ended, unless it is the one that calls."""


class Store(Protocol):
    """Keys and bytes with revisions."""

    def get(self, key: str) -> Item | None:
        """The item of a key. Raises StoreUnavailableError, as everything here does."""

    def scan(self, folder: str) -> Snapshot:
        """All items below a folder as they were at one moment. Raises LimitError above MAX_ITEMS of them."""

    def commit(self, changes: Sequence[Change], conditions: Sequence[Condition] = ()) -> Mapping[str, str]:
        """Make all changes or, if a condition does not hold, none; return the new revision of each key that was put.

        At most MAX_KEYS keys and MAX_BYTES of data: an Append counts as many keys as it has items, and one. No key
        twice. What was returned from is on the disk. Raises ConflictError, InvalidKeyError, LimitError, with nothing
        changed as with every StoreUnavailableError that is not an UnsureError.
        """

    def watch(self, folders: Sequence[str], on_change: OnChange) -> Watch:
        """Call back from a thread of its own: with the whole of these folders, then with each batch of changes.

        A batch is never a part of a commit. Changes soon after one another may come as one. When the watch was cut off
        for so long that what changed meanwhile is not known, the whole comes again. `on_change` must not raise.
        """

    def lease(self, name: str, holder: str, seconds: float) -> Lease:
        """A lease, not held yet. Some stores keep it a little longer than asked, none shorter."""

    def close(self) -> None:
        """End what belongs to this object; what it stored stays."""
