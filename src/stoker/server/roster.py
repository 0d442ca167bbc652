"""Machines as this process knows them: what is stored and, over it, what is not stored yet. Synchronous, does no I/O.

Notes of what was seen, told or ordered go in and are folded into records at once. `take` gives a Batch, which is what
the store has to change for some of them; what became of that goes in by `done`, `conflicted` or `failed`. What others
have stored goes in by `stored`. Where others were quicker, the notes that are not stored yet are folded once more, into
what is stored by then; so each of them counts once, in the order in which this process had them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future

import msgspec

from stoker.machines import Identity, Register, State, fold
from stoker.report import Event
from stoker.server.notes import (
    AUDIT,
    EVENTS,
    MACHINES,
    MAX_AUDIT,
    MAX_EVENTS,
    MAX_MACHINES,
    STORED_BATCHES,
    Batch,
    Chapter,
    Dirty,
    Kept,
    Load,
    Note,
    Pending,
    Stored,
    decode_stored,
    in_order,
)
from stoker.store import Append, Change, Condition, Delete, Item, Put, StoreError


class Roster:
    """All machines of one process; `name` tells it from others, `spool` names the spool that its notes wait in."""

    def __init__(self, name: str, spool: str = "", max_machines: int = MAX_MACHINES) -> None:
        self.name = name
        self.spool = spool
        self.max_machines = max_machines
        self.register = Register()
        self.rings: dict[str, deque[Event]] = {}
        self.chapters: dict[str, list[str]] = {}
        self.records: dict[str, Stored] = {}
        self.dirty: dict[str, Dirty] = {}
        self.flight: dict[str, Dirty] = {}
        self.deferred: dict[str, Item | None] = {}
        self.garbage: list[str] = []
        self.count = 0
        self.last_position = 0
        self.turned_away = 0

    def note(self, note: Note, position: int = 0) -> tuple[Event, ...]:
        """Take in what was seen or told; the events that tell of it. Who names nobody leaves no trace."""
        self.last_position = max(self.last_position, position)
        return self._begin(Pending(note, self._next(), position))[0]

    def order(self, note: Note, audit: bytes) -> tuple[Future[None] | None, str, tuple[Event, ...]]:
        """Take in an order of a person: what to wait for, or why it is refused; and the events that tell of it."""
        pending = Pending(note, self._next(), done=Future(), audit=audit)
        events, refusal = self._begin(pending)
        if refusal:
            pending.done, pending.audit = None, b""
        return pending.done, refusal, events

    def events(self, name: str) -> tuple[Event, ...]:
        """The last events of a machine, the oldest first."""
        return tuple(self.rings.get(name, ()))

    def waiting(self) -> list[Pending]:
        """The notes that are not stored yet, in order."""
        return in_order((*self.dirty.values(), *self.flight.values()))

    def unspooled(self) -> list[Pending]:
        """The notes of those that are in no spool, in order; orders are never in one."""
        if not self.flight and not self.dirty:
            return []
        return [each for each in self.waiting() if not each.position and each.done is None]

    def spooled(self, pending: Pending, position: int) -> None:
        """A note is in the spool, at that position."""
        pending.position = position
        self.last_position = max(self.last_position, position)
        for dirty in (*self.dirty.values(), *self.flight.values()):
            if pending in dirty.pending:
                dirty.since = dirty.since or position

    def stored_up_to(self) -> int:
        """The position of the spool up to which nothing waits."""
        every = (*self.dirty.values(), *self.flight.values())
        return min((each.since for each in every if each.since), default=self.last_position + 1) - 1

    # What goes to the store.

    def take(self) -> Batch | None:
        """What to store next: whole records, together with all that have changed with them; None if there is nothing.

        There is one batch at a time.
        """
        if self.flight or not self.dirty:
            return None
        changes: list[Change] = []
        conditions: list[Condition] = []
        kept: dict[str, Kept | None] = {}
        load = Load(1)
        for first in list(self.dirty):
            together = [] if first in kept else sorted(self._together({first}))
            records = {name: self._kept(name) for name in together}
            more = [change for name in together for change in self._changes(name, records[name])]
            load = load.plus(more, in_order(self.dirty[name] for name in together))
            if kept and load.is_too_much:
                break
            changes += more
            kept |= records
            conditions += [Condition(f"{MACHINES}/{name}", self._revision(name)) for name in together]
        self.flight = {name: self.dirty.pop(name) for name in kept}
        audit = tuple(each.audit for each in in_order(self.flight.values()) if each.audit)
        if audit:
            changes.append(Append(AUDIT, audit, MAX_AUDIT))
        return Batch(tuple(changes), tuple(conditions), self.flight, kept)

    def done(self, batch: Batch, revisions: Mapping[str, str]) -> None:
        """The store has made these changes."""
        for name, record in batch.kept.items():
            if record is None:
                self.records.pop(name, None)
                self.garbage += [f"{EVENTS}/{name}/{key}" for key in self.chapters.pop(name, ())]
            else:
                self.records[name] = Stored(revisions[f"{MACHINES}/{name}"], record)
        self._land()
        for each in batch.pending:
            if each.done is not None:
                each.done.set_result(None)

    def conflicted(self, batch: Batch, found: Mapping[str, Item | None]) -> None:
        """Others were quicker: these are their records, by the name of the machine; fold what waits into them."""
        self._put_back(batch)
        for name, item in found.items():
            self._base(name, item)
        self._refold(set(found))

    def failed(self, batch: Batch, error: StoreError) -> None:
        """The store has made none of the changes: orders are taken back, and the rest waits."""
        self._put_back(batch)
        self._take_back([each for each in batch.pending if each.done is not None], error)

    def given_up(self, batch: Batch, error: StoreError) -> int:
        """The store will never make these changes: nothing of them is kept; how many notes that were."""
        self._put_back(batch)
        self._take_back(batch.pending, error)
        return len(batch.pending)

    # What comes from the store.

    def stored(self, name: str, item: Item | None) -> None:
        """A record as it is stored now, None if it is gone; what is older than what is known is left aside."""
        if name in self.flight:
            self.deferred[name] = item
        elif self._base(name, item):
            self._refold({name})

    def told(self, name: str, key: str, item: Item) -> tuple[Event, ...]:
        """A chapter of a machine's events as it is stored; what is news in it."""
        chapters = self.chapters.setdefault(name, [])
        if key in chapters:
            return ()
        chapters.append(key)
        del chapters[: -2 * STORED_BATCHES]
        chapter = decode_stored(item.data, Chapter)
        if chapter is None or chapter.by == self.name:
            return ()
        self._remember(chapter.events, name)
        return chapter.events

    def untold(self, name: str, key: str) -> None:
        """A chapter has gone from the store."""
        chapters = self.chapters.get(name, [])
        if key in chapters:
            chapters.remove(key)
        if not chapters:
            self.chapters.pop(name, None)

    def is_stored(self, name: str, position: int) -> bool:
        """Whether a note at that position of the spool is in a stored record."""
        known = self.records.get(name)
        return known is not None and known.kept.spool == self.spool and position <= known.kept.position

    # The workings.

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _begin(self, pending: Pending) -> tuple[tuple[Event, ...], str]:
        known = self.register.find(pending.note.identity)
        if known is None and len(self.register) >= self.max_machines and not self._make_room():
            self.turned_away += 1
            return (), "there is no room for another machine"
        events, refusal = self._apply(pending)
        self._remember(events)
        return events, refusal

    def _apply(self, pending: Pending) -> tuple[tuple[Event, ...], str]:
        """Fold a note into the records, and note what is not stored by that."""
        note = pending.note
        recognised = self.register.recognise(note.identity, note.at)
        if recognised is None:
            return (), "it names no machine"
        machine, refusal = recognised.machine, ""
        moved = {name for pair in recognised.moved for name in pair}
        pending.names = {machine.name, *(other.name for other in recognised.others), *moved}
        for name in pending.names:
            dirty = self.dirty.get(name) or self.dirty.setdefault(name, Dirty(self.register.machines.get(name)))
            dirty.add(pending)
        if recognised.events:
            self.register.apply(recognised)
        for old, new in recognised.moved:
            self._move_events(old, new)
        events = [*recognised.events]
        for fact in note.facts:
            folded = fold(machine, fact, note.at)
            events += folded.events
            refusal = folded.refusal or refusal
            if folded.machine is None:
                self.register.drop(machine.name)
                self.rings.pop(machine.name, None)
                break
            machine = folded.machine
            self.register.put(machine)
        for event in events:
            if event.machine in self.dirty:
                self.dirty[event.machine].events.append(event)
        return tuple(events), refusal

    def _move_events(self, old: str, new: str) -> None:
        """The events of a machine that has another name now."""
        moved = [msgspec.structs.replace(event, machine=new) for event in self.rings.pop(old, ())]
        self.dirty[new].events = [*moved, *self.dirty[new].events]
        self._remember(sorted([*moved, *self.rings.pop(new, ())], key=lambda event: event.at))

    def _remember(self, events: Iterable[Event], name: str = "") -> None:
        for event in events:
            self.rings.setdefault(name or event.machine, deque(maxlen=MAX_EVENTS)).append(event)

    def _make_room(self) -> bool:
        """Forget the machine that was heard of longest ago and with which nothing was begun, if there is one."""
        idle = (each for each in self.register if each.state is State.DISCOVERED)
        oldest = next((each for each in idle if each.name not in self.flight), None)
        if oldest is None:
            return False
        pending = Pending(Note(Identity(), (), oldest.last_seen), self._next(), names={oldest.name})
        dirty = self.dirty.setdefault(oldest.name, Dirty(oldest))
        dirty.pending, dirty.events = [pending], []
        self.register.drop(oldest.name)
        self.rings.pop(oldest.name, None)
        return True

    def _together(self, names: set[str]) -> set[str]:
        """These machines, and those that a note has changed together with one of them."""
        found: set[str] = set()
        while names:
            found |= names
            names = {name for each in names for of in self._pending(each) for name in of.names} - found
            names &= self.dirty.keys()
        return found

    def _pending(self, name: str) -> Sequence[Pending]:
        dirty = self.dirty.get(name)
        return dirty.pending if dirty else ()

    def _kept(self, name: str) -> Kept | None:
        machine = self.register.machines.get(name)
        if machine is None:
            return None
        known = self.records.get(name)
        before = known.kept.position if known is not None and known.kept.spool == self.spool else 0
        position = max((each.position for each in self.dirty[name].pending), default=0)
        return Kept(machine, known.kept.generation + 1 if known else 1, self.spool, max(before, position))

    def _changes(self, name: str, kept: Kept | None) -> list[Change]:
        events = tuple(self.dirty[name].events[-MAX_EVENTS:])
        if kept is None:
            return [Delete(f"{MACHINES}/{name}")]
        changes: list[Change] = [Put(f"{MACHINES}/{name}", msgspec.json.encode(kept, order="sorted"))]
        if events:
            chapter = msgspec.json.encode(Chapter(self.name, events))
            changes.append(Append(f"{EVENTS}/{name}", (chapter,), STORED_BATCHES))
        return changes

    def _revision(self, name: str) -> str:
        known = self.records.get(name)
        return known.revision if known else ""

    def _base(self, name: str, item: Item | None) -> bool:
        """Take in what is stored under a name; tell whether it is news."""
        known = self.records.get(name)
        if item is None:
            if known is None:
                return False
            del self.records[name]
        else:
            kept = decode_stored(item.data, Kept)
            if kept is None or (known is not None and kept.generation <= known.kept.generation):
                return False
            self.records[name] = Stored(item.revision, kept)
        machine = self.records[name].kept.machine if item is not None else None
        if name in self.dirty:
            self.dirty[name].base = machine
        elif machine is not None:
            self.register.put(machine)
        else:
            self.register.drop(name)
            self.rings.pop(name, None)
        return True

    def _refold(self, names: set[str]) -> None:
        """Fold what waits for these machines once more, into what is stored."""
        names = self._together(names & self.dirty.keys())
        again = in_order(self.dirty[name] for name in names)
        before = {name: self.dirty.pop(name) for name in names}
        for name, dirty in before.items():
            self.register.drop(name)
            if dirty.base is not None:
                self.register.put(dirty.base)
        for each in again:
            self._apply(each)

    def _take_back(self, lost: Sequence[Pending], error: StoreError) -> None:
        """Let records be as if these notes had never come, and tell who waits for them."""
        if not lost:
            return
        names = {name for each in lost for name in each.names}
        for dirty in self.dirty.values():
            dirty.pending = [each for each in dirty.pending if each not in lost]
        self._refold(names)
        for each in lost:
            if each.done is not None:
                each.done.set_exception(error)

    def _put_back(self, batch: Batch) -> None:
        """What was on its way waits again, before what came since."""
        for name, dirty in batch.dirty.items():
            newer = self.dirty.get(name) or Dirty(None)
            pending, events = [*dirty.pending, *newer.pending], [*dirty.events, *newer.events]
            self.dirty[name] = Dirty(dirty.base, pending, events, dirty.since or newer.since)
        self._land()

    def _land(self) -> None:
        """Nothing is on its way any more: what was told of it meanwhile is looked at now."""
        self.flight = {}
        deferred, self.deferred = self.deferred, {}
        for name, item in deferred.items():
            self.stored(name, item)
