"""Sightings go in, what is known of each machine comes out: its record, and the ring of what happened to it last.

All is held in memory and bounded: the machines seen last, of each the events that came last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from stoker.machines.boots import is_installed
from stoker.machines.facts import AnyFact, Booted, Seen, Sent, Told
from stoker.machines.fold import fold
from stoker.machines.identity import Identity
from stoker.machines.record import Machine
from stoker.machines.register import Recognised, Register
from stoker.report import Event

MAX_MACHINES: Final = 20_000
MAX_EVENTS: Final = 256
MAX_EVENTS_IN_ALL: Final = 100_000
# The server's own events of answers, by their stage.
SCRIPTS: Final = frozenset({"ipxe", "grub"})
CONFIGS: Final = frozenset({"ignition", "cloud"})


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a machine was heard of: who it says it is, what happened, which rule it met."""

    identity: Identity
    events: tuple[Event, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    profile: str = ""


class Timeline:
    """All machines, and the last events of each."""

    def __init__(self, max_machines: int = MAX_MACHINES, max_events: int = MAX_EVENTS_IN_ALL) -> None:
        self.max_machines = max_machines
        self.max_events = max_events
        self.kept = 0
        self.register = Register()
        self.rings: dict[str, deque[Event]] = {}

    def __iter__(self) -> Iterator[Machine]:
        return iter(self.register)

    def find(self, identity: Identity) -> Machine | None:
        """The machine of that identity."""
        return self.register.find(identity)

    def events(self, machine: Machine) -> Sequence[Event]:
        """The last events of a machine, the oldest first."""
        return self.rings.get(machine.name, ())

    def record(self, sighting: Sighting, at: float) -> Machine | None:
        """Note a sighting; one without an identity leaves no trace."""
        recognised = self.register.recognise(sighting.identity, at)
        if recognised is None:
            return None
        machine = recognised.machine
        self._take(recognised)
        for fact in facts_of(sighting):
            folded = fold(machine, fact, at)
            machine = folded.machine or machine
            self._add(folded.events)
        self.register.put(machine)
        while len(self.register) > 1 and (len(self.register) > self.max_machines or self.kept > self.max_events):
            self._forget(next(iter(self)).name)
        return machine

    def _take(self, recognised: Recognised) -> None:
        """Take in who is who; the events of a name that is no more go with its record."""
        if recognised.events:
            self.register.apply(recognised)
        for old, new in recognised.moved:
            events = [*self.rings.pop(old, ()), *self.rings.pop(new, ())]
            self.kept -= len(events)
            self._add([msgspec.structs.replace(event, machine=new) for event in events])
        self._add(recognised.events)

    def _add(self, events: Sequence[Event]) -> None:
        for event in events:
            ring = self.rings.setdefault(event.machine, deque(maxlen=MAX_EVENTS))
            self.kept += len(ring) < MAX_EVENTS
            ring.append(event)

    def _forget(self, name: str) -> None:
        self.register.drop(name)
        self.kept -= len(self.rings.pop(name, ()))


def facts_of(sighting: Sighting) -> Iterator[AnyFact]:
    """What a sighting says: of an answer that was given by a profile, that a script or a config was."""
    yield Seen(dict(sighting.labels), sighting.group, sighting.profile)
    for event in sighting.events:
        yield Told(event)
        if sighting.profile and event.outcome == "done":
            if event.stage in SCRIPTS:
                yield Booted()
            elif event.stage in CONFIGS:
                yield Sent(is_installed=is_installed(sighting.labels))
