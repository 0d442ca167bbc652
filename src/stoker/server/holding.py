"""Templates that are held back: failures of machines go in, and Holds as they are stored; what is held comes out.

A failure counts at once and is stored soon. What waits to be stored is counted once more into what others have stored
meanwhile, which changes nothing where they have counted it, too. Synchronous, does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from stoker.machines import Machine, Receipt, Sign, Told, find_receipt
from stoker.machines.facts import sign_of
from stoker.machines.holds import Hold, note_failure
from stoker.machines.record import Failure
from stoker.report import Event
from stoker.server.notes import Note, decode_stored
from stoker.store import Condition, Item, Put

HOLDS: Final = "holds"
MAX_WAITING: Final = 1000
BATCH_HOLDS: Final = 50


class Failing(NamedTuple):
    """That a machine failed at a part of a config that it was sent."""

    receipt: Receipt
    failure: Failure
    machine: str
    at: float


class Batch(NamedTuple):
    """What the store has to change, and how many of the failures that wait are in that."""

    changes: tuple[Put, ...]
    conditions: tuple[Condition, ...]
    failings: int


def failings_of(note: Note, machine: Machine | None) -> Iterator[Failing]:
    """The failures in a note that may say something against a template: by the machine's own word."""
    if machine is None:
        return
    for fact in note.facts:
        if isinstance(fact, Told) and fact.event.pointer and sign_of(fact) is Sign.FAILED:
            event = fact.event
            receipt = find_receipt(machine.receipts, event.digest)
            if receipt is not None:
                failure = Failure(note.at, event.stage, event.text, event.digest, event.pointer)
                yield Failing(receipt, failure, machine.name, note.at)


class Holding:
    """What is known against templates, by their keys."""

    def __init__(self) -> None:
        self.holds: dict[str, Hold] = {}
        self.revisions: dict[str, str] = {}
        self.waiting: list[Failing] = []

    def __iter__(self) -> Iterator[Hold]:
        return iter(self.holds.values())

    def note(self, failing: Failing) -> tuple[Event, ...]:
        """Take in a failure; the events that tell of a template that is held from now on."""
        before = self.holds.get(failing.receipt.template)
        events = self._count(failing)
        if self.holds.get(failing.receipt.template) is not before and len(self.waiting) < MAX_WAITING:
            self.waiting.append(failing)
        return events

    def take(self, template: str, item: Item | None) -> None:
        """Take in what is stored of a template, None if nothing is."""
        hold = decode_stored(item.data, Hold) if item is not None else None
        self.holds.pop(template, None)
        self.revisions.pop(template, None)
        if item is not None:
            self.revisions[template] = item.revision
        if hold is not None:
            self.holds[template] = hold
        for failing in self.waiting:
            if failing.receipt.template == template:
                self._count(failing)

    def batch(self) -> Batch | None:
        """What to store next, None if there is nothing."""
        waiting = self.waiting[:BATCH_HOLDS]
        if not waiting:
            return None
        templates = dict.fromkeys(failing.receipt.template for failing in waiting)
        changes = tuple(Put(_key(each), msgspec.json.encode(self.holds[each], order="sorted")) for each in templates)
        return Batch(
            changes, tuple(Condition(_key(each), self.revisions.get(each, "")) for each in templates), len(waiting)
        )

    def done(self, batch: Batch, revisions: Mapping[str, str]) -> None:
        """The store has made these changes, or never will: then there are no revisions.

        What others have stored since may have been told first: then that is the newer one.
        """
        del self.waiting[: batch.failings]
        for condition in batch.conditions:
            template = condition.key.removeprefix(f"{HOLDS}/")
            if condition.key in revisions and self.revisions.get(template, "") == condition.revision:
                self.revisions[template] = revisions[condition.key]

    def _count(self, failing: Failing) -> tuple[Event, ...]:
        template = failing.receipt.template
        held = note_failure(self.holds.get(template), failing.receipt, failing.failure, failing.machine, failing.at)
        if held is None:
            return ()
        self.holds[template] = held.hold
        return held.events


def _key(template: str) -> str:
    return f"{HOLDS}/{template}"
