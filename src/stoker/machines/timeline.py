"""Sightings go in, what is known of each machine comes out: its names and the ring of what happened to it last.

All is held in memory and bounded: the machines seen last, of each the events that came last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from stoker.machines.identity import Identity
from stoker.report import Event

MAX_MACHINES: Final = 20_000
MAX_EVENTS: Final = 256
MAX_EVENTS_IN_ALL: Final = 100_000
MAX_LABELS: Final = 32
MAX_LABEL: Final = 256


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a machine was heard of: who it says it is, what happened, which rule it met."""

    identity: Identity
    events: tuple[Event, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    profile: str = ""


@dataclass(slots=True)
class Machine:
    """What is known of one machine; `at` values are seconds since 1970."""

    name: str
    first_seen: float
    last_seen: float
    uuid: str = ""
    macs: list[str] = field(default_factory=list)
    labels: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    profile: str = ""
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))


class Timeline:
    """All machines, by name and by each of their aliases."""

    def __init__(self, max_machines: int = MAX_MACHINES, max_events: int = MAX_EVENTS_IN_ALL) -> None:
        self.max_machines = max_machines
        self.max_events = max_events
        self.kept = 0
        self.machines: dict[str, Machine] = {}
        self.by_uuid: dict[str, Machine] = {}
        self.by_mac: dict[str, Machine] = {}

    def __iter__(self) -> Iterator[Machine]:
        return iter(self.machines.values())

    def find(self, identity: Identity) -> Machine | None:
        """The machine of that identity: by its address where that is known, else by its UUID."""
        return self.by_mac.get(identity.mac) or self.by_uuid.get(identity.uuid)

    def record(self, sighting: Sighting, at: float) -> Machine | None:
        """Note a sighting; one without an identity leaves no trace."""
        if not sighting.identity.mac and not sighting.identity.uuid:
            return None
        machine = self._recognise(sighting.identity, at)
        machine.last_seen = at
        machine.labels = _shorten(sighting.labels) or machine.labels
        machine.group = sighting.group or machine.group
        machine.profile = sighting.profile or machine.profile
        for event in sighting.events:
            self._keep(machine, event)
        self.machines[machine.name] = self.machines.pop(machine.name)
        while self.kept > self.max_events and len(self.machines) > 1:
            self._forget(next(iter(self)))
        return machine

    def _recognise(self, identity: Identity, at: float) -> Machine:
        """The machine of that identity, made or renamed if need be.

        A UUID that is seen with a second address is shared by two machines: the second goes by its address.
        """
        uuid, mac = identity.uuid, identity.mac
        machine = self.by_mac.get(mac)
        owner = self.by_uuid.get(uuid)
        if machine is None and owner is not None and (not mac or not owner.macs):
            machine = owner
        if machine is None:
            machine = self._add(uuid if uuid and owner is None else mac or uuid, at)
        if mac and mac not in machine.macs:
            machine.macs.append(mac)
            self.by_mac[mac] = machine
            if machine.name != mac:
                self._tell(machine, at, f"goes by address {mac}")
        if uuid and owner is None and not machine.uuid:
            machine.uuid = uuid
            self.by_uuid[uuid] = machine
            self._rename(machine, uuid, at)
        return machine

    def _add(self, name: str, at: float) -> Machine:
        if len(self.machines) >= self.max_machines:
            self._forget(next(iter(self)))
        machine = self.machines[name] = Machine(name, at, at)
        self._tell(machine, at, "first seen")
        return machine

    def _forget(self, machine: Machine) -> None:
        del self.machines[machine.name]
        self.kept -= len(machine.events)
        self.by_uuid.pop(machine.uuid, None)
        for mac in machine.macs:
            self.by_mac.pop(mac, None)

    def _rename(self, machine: Machine, name: str, at: float) -> None:
        if machine.name != name:
            self._tell(machine, at, f"is machine {name} from now on")
            del self.machines[machine.name]
            machine.name = name
            self.machines[name] = machine

    def _tell(self, machine: Machine, at: float, text: str) -> None:
        self._keep(machine, Event(at, "identity", text))

    def _keep(self, machine: Machine, event: Event) -> None:
        self.kept += len(machine.events) < MAX_EVENTS
        machine.events.append(msgspec.structs.replace(event, machine=machine.name))


def _shorten(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels as far as they are worth keeping."""
    return {key[:MAX_LABEL]: value[:MAX_LABEL] for key, value in list(labels.items())[:MAX_LABELS]}
