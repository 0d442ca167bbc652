"""What the roster of machines is made of: notes as they come in, records as they are stored, and what a commit has.

`machines/NAME` holds a Kept, `events/NAME/` is a ring of Chapters, `audit/` one of what persons did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from stoker.machines import AnyFact, Identity, Machine
from stoker.report import Event
from stoker.store import Append, Change, Condition, Put

MACHINES: Final = "machines"
EVENTS: Final = "events"
AUDIT: Final = "audit"

# So that the rings of all machines together are no more items than a store gives at once.
MAX_MACHINES: Final = 6_000
STORED_BATCHES: Final = 16  # of events of a machine: what a commit adds is one
MAX_EVENTS: Final = 64  # of a machine, in memory
MAX_PENDING: Final = 32  # notes of a machine that are folded anew where another process was quicker
MAX_AUDIT: Final = 5_000
BATCH_KEYS: Final = 90
BATCH_BYTES: Final = 900 << 10

Shape = TypeVar("Shape")


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became known of the machine of an identity, at a time in seconds since 1970."""

    identity: Identity
    facts: tuple[AnyFact, ...]
    at: float


def plain(note: Note) -> Note:
    """The note as it can be kept, which is as JSON: with `?` for what is no text, such as a file's name may have."""
    try:
        msgspec.json.encode(note)
    except UnicodeEncodeError:
        return msgspec.convert(_plain(msgspec.to_builtins(note)), Note)
    return note


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record as it is stored; each that takes its place has a higher `generation`.

    It has all notes of the spool of that name up to `position`: one that is found in there again counts no more.
    """

    machine: Machine
    generation: int
    spool: str = ""
    position: int = 0


class Chapter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Some events of one machine as they are stored together, and which process stored them."""

    by: str
    events: tuple[Event, ...]


@dataclass(eq=False, slots=True)
class Pending:
    """A note that is not stored yet. `done` is waited for where a person gave an order; `audit` is stored with it."""

    note: Note
    number: int
    position: int = 0
    done: Future[None] | None = None
    audit: bytes = b""
    names: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Dirty:
    """A record that is not stored as it is: what is stored, the notes over that, and the events that tell of them."""

    base: Machine | None
    pending: list[Pending] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    since: int = 0  # the first position of the spool that is not stored

    def add(self, pending: Pending) -> None:
        """One more note. Of too many the oldest are in the record alone: folding anew would not count them again."""
        self.pending.append(pending)
        self.since = self.since or pending.position
        if len(self.pending) > MAX_PENDING:
            first = next((each for each in self.pending if each.done is None), None)
            if first is not None:
                self.pending.remove(first)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a stored record beside itself."""

    revision: str
    kept: Kept


@dataclass(frozen=True, slots=True)
class Batch:
    """What the store has to change, and for which machines."""

    changes: tuple[Change, ...]
    conditions: tuple[Condition, ...]
    dirty: Mapping[str, Dirty]
    kept: Mapping[str, Kept | None]

    @property
    def pending(self) -> list[Pending]:
        """The notes in it, in order."""
        return in_order(self.dirty.values())


class Load(NamedTuple):
    """How much there is in a commit."""

    keys: int = 0
    size: int = 0

    def plus(self, changes: Iterable[Change], pending: Iterable[Pending]) -> Load:
        """With these changes, and what is audited of these notes, in it."""
        keys, size = self
        for change in changes:
            keys += 2 if isinstance(change, Append) else 1
            size += len(change.data) if isinstance(change, Put) else 0
            size += sum(map(len, change.items)) if isinstance(change, Append) else 0
        audits = [each.audit for each in pending if each.audit]
        return Load(keys + len(audits), size + sum(map(len, audits)))

    @property
    def is_too_much(self) -> bool:
        """Whether it is more than a batch takes."""
        return self.keys > BATCH_KEYS or self.size > BATCH_BYTES


def in_order(dirty: Iterable[Dirty]) -> list[Pending]:
    """The notes of these records, each once, in the order in which they came."""
    every = {id(each): each for of in dirty for each in of.pending}
    return sorted(every.values(), key=lambda each: each.number)


def decode_stored(data: bytes, shape: type[Shape]) -> Shape | None:
    """What is stored, None if it is of another version's making."""
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
