"""All machines, by name and by each alias; an identity goes in, the machine it is of comes out, and what changes by it.

A machine is its UUID, unless that is known to be bad or two machines give it; else it is its boot address. Two records
that turn out to be of one machine are merged. All of this is told by events of the machines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from stoker.machines.identity import Identity
from stoker.machines.record import MAX_ADDRESSES, MAX_RECEIPTS, Machine
from stoker.machines.states import State
from stoker.report import Event

STAGE: Final = "identity"
# Of two records of one machine, what holds it back counts more than what lets it go on.
_HELD: Final = {State.RETIRED: 2, State.QUARANTINED: 1}


class Recognised(NamedTuple):
    """What an identity makes of the register: the machine, and other records that change. To be written in one commit.

    `moved` are names that no record has now, each with the one that took its place. `events` name their machines, and
    are counted in the records already.
    """

    machine: Machine
    others: tuple[Machine, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def records(self) -> dict[str, Machine | None]:
        """What is to be written under each name, None where the record goes: only if none of them has changed since."""
        gone: dict[str, Machine | None] = dict.fromkeys(old for old, _ in self.moved)
        return gone | {machine.name: machine for machine in (*self.others, self.machine)}


class Register:
    """Records by name and by alias. A UUID that is shared leads to no record.

    An address may lead to several: of two servers one may have made a record while the other gave its address to
    another. The next sighting joins them.
    """

    def __init__(self, machines: Iterable[Machine] = ()) -> None:
        self.machines: dict[str, Machine] = {}
        self.by_uuid: dict[str, str] = {}
        self.by_mac: dict[str, set[str]] = {}
        self.sharers: dict[str, set[str]] = {}
        for machine in machines:
            self.put(machine)

    def __iter__(self) -> Iterator[Machine]:
        return iter(self.machines.values())

    def __len__(self) -> int:
        return len(self.machines)

    def put(self, machine: Machine) -> None:
        """Take in a record, in place of the one of that name; it counts as the one seen last."""
        self.drop(machine.name)
        self.machines[machine.name] = machine
        for mac in machine.macs:
            self.by_mac.setdefault(mac, set()).add(machine.name)
        if machine.uuid:
            self.by_uuid[machine.uuid] = machine.name
        if machine.shared_uuid:
            self.sharers.setdefault(machine.shared_uuid, set()).add(machine.name)

    def drop(self, name: str) -> Machine | None:
        """Leave out a record."""
        machine = self.machines.pop(name, None)
        if machine is None:
            return None
        self.by_uuid.pop(machine.uuid, None)
        for alias, table in ((machine.shared_uuid, self.sharers), *((mac, self.by_mac) for mac in machine.macs)):
            names = table.get(alias, set())
            names.discard(name)
            if not names:
                table.pop(alias, None)
        return machine

    def apply(self, recognised: Recognised) -> None:
        """Take in what `recognise` found."""
        for name, machine in recognised.records.items():
            if machine is None:
                self.drop(name)
            else:
                self.put(machine)

    def find(self, identity: Identity) -> Machine | None:
        """The machine of an identity: by its UUID where that is known, else by an address."""
        names = [self.by_uuid.get(identity.uuid, ""), *(name for mac in identity.macs for name in self.named(mac))]
        return next((self.machines[name] for name in names if name), None)

    def named(self, mac: str) -> list[str]:
        """The names of the machines that go by an address, in order."""
        return sorted(self.by_mac.get(mac, ()))

    def recognise(self, identity: Identity, at: float) -> Recognised | None:
        """The machine of an identity, new or changed if need be; None for an identity that names nobody."""
        known = self.find(identity)
        if known is not None and self._is_settled(known, identity):
            return Recognised(known)
        return _Recognition(self, identity, at).result()

    def _is_settled(self, known: Machine, identity: Identity) -> bool:
        """Whether an identity says nothing new of a machine, as most requests do."""
        names = {known.name}
        is_known = identity.uuid in {"", known.uuid} and identity.uuid not in self.sharers
        return is_known and all(self.by_mac.get(mac) == names for mac in identity.macs)


class _Recognition:
    """One identity looked up in a register: what changes by it."""

    def __init__(self, register: Register, identity: Identity, at: float) -> None:
        self.register = register
        self.identity = identity
        self.at = at
        self.events: dict[str, list[str]] = {}
        self.others: dict[str, Machine] = {}
        self.moved: list[tuple[str, str]] = []
        self.merged: list[str] = []
        self.owner = self._owner()

    def result(self) -> Recognised | None:
        macs = self.identity.macs
        uuid, shared = self._uuid()
        if not uuid and not macs:
            return None
        found = self._found(macs)
        if uuid:
            mine = [machine for machine in found if machine is self.owner or not machine.uuid]
            for other in found:
                if other not in mine:
                    self._take_addresses(other, macs)
        else:
            mine = [machine for machine in found if machine is found[0] or not machine.uuid]
            own = {machine.name: machine for machine in mine}
            macs = tuple(mac for mac in macs if own.keys() >= self.register.by_mac.get(mac, set()))
        return self._settle(self._merged(mine, uuid or self.identity.macs[0]), uuid, shared, macs)

    def _owner(self) -> Machine | None:
        """The machine of the UUID, with the records that have one of its addresses and no UUID: they are its own."""
        register = self.register
        owner = register.machines.get(register.by_uuid.get(self.identity.uuid, ""))
        for name in sorted({name for mac in (owner.macs if owner else ()) for name in register.by_mac[mac]}):
            double = register.machines[name]
            if owner is not None and not double.uuid:
                owner = merge(owner, double)
                self.merged.append(name)
        return owner

    def _found(self, macs: tuple[str, ...]) -> list[Machine]:
        """The records that the identity names, each once; what is the owner's own is not found again."""
        names = dict.fromkeys(name for mac in macs for name in self.register.named(mac) if name not in self.merged)
        owner = [self.owner] if self.owner is not None else []
        return owner + [self.register.machines[name] for name in names if name not in {each.name for each in owner}]

    def _uuid(self) -> tuple[str, str]:
        """The UUID as far as it names one machine, and as far as it does not."""
        uuid, macs, owner = self.identity.uuid, set(self.identity.macs), self.owner
        sharers = [self.register.machines[name] for name in self.register.sharers.get(uuid, ())]
        is_shared = sharers and not all(macs.issuperset(machine.macs) for machine in sharers)
        is_other = owner is not None and bool(macs) and bool(owner.macs) and macs.isdisjoint(owner.macs)
        if owner is not None and is_other:
            name = owner.macs[0]
            self._tell(name, f"UUID {uuid} is given by {self.identity.macs[0]}, too: it stands for neither")
            self.moved += [(old, name) for old in (owner.name, *self.merged) if old != name]
            self.others[name] = replace(owner, name=name, uuid="", shared_uuid=uuid)
            self.owner, self.merged = None, []
        elif owner is not None and is_shared and not owner.macs:
            self.owner = None
        return ("", uuid) if is_shared or is_other else (uuid, "")

    def _take_addresses(self, other: Machine, macs: tuple[str, ...]) -> None:
        """An address went from one machine to another: the UUID that it comes with now is not the one before."""
        kept = tuple(mac for mac in other.macs if mac not in macs)
        self.others[other.name] = replace(other, macs=kept)
        self._tell(
            other.name, f"no longer goes by {', '.join(mac for mac in other.macs if mac in macs)}: another has it"
        )

    def _merged(self, mine: list[Machine], name: str) -> Machine:
        if not mine:
            self._tell(name, "first seen")
            return Machine(name, self.at, self.at, since=self.at)
        machine, *rest = mine
        for other in rest:
            machine = merge(machine, other)
            self.merged.append(other.name)
        for old in self.merged:
            self._tell(machine.name, f"is the machine that was known as {old}, too")
        return machine

    def _settle(self, machine: Machine, uuid: str, shared: str, macs: tuple[str, ...]) -> Recognised:
        """Give a machine its aliases and its name."""
        before = machine.name
        uuid = uuid or (machine.uuid if machine.uuid != shared else "")
        every = tuple(dict.fromkeys((*machine.macs, *macs)))[:MAX_ADDRESSES]
        told = self.events.pop(before, [])
        name = uuid or next(iter(every), before)
        told += [f"goes by address {mac}" for mac in every if mac not in machine.macs and mac != name]
        if name != before:
            told.append(f"is machine {name} from now on")
        shared = "" if uuid else shared or machine.shared_uuid
        if shared and shared != machine.shared_uuid:
            told.append(f"UUID {shared} is given by another machine, too: it stands for neither")
        machine = replace(machine, name=name, uuid=uuid, shared_uuid=shared, macs=every)
        self.events[name] = told
        others = tuple(self._counted(other) for other in self.others.values())
        moved = (*self.moved, *((old, name) for old in (*self.merged, before) if old != name))
        events = tuple(
            Event(self.at, STAGE, text, machine=told_of) for told_of, texts in self.events.items() for text in texts
        )
        return Recognised(self._counted(machine), others, moved, events)

    def _counted(self, machine: Machine) -> Machine:
        return replace(machine, events=machine.events + len(self.events.get(machine.name, ())))

    def _tell(self, name: str, text: str) -> None:
        self.events.setdefault(name, []).append(text)


def merge(one: Machine, other: Machine) -> Machine:
    """Two records of one machine as one: the names of the first; the state that holds it back, else the latest one."""
    lead = max(one, other, key=lambda machine: (_HELD.get(machine.state, 0), machine.since))
    latest = max(one, other, key=lambda machine: machine.last_seen)
    receipts = sorted({*one.receipts, *other.receipts}, key=lambda receipt: (receipt.at, receipt.sent))
    return replace(
        lead,
        name=one.name,
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=latest.last_seen,
        uuid=one.uuid or other.uuid,
        macs=tuple(dict.fromkeys((*one.macs, *other.macs))),
        labels=latest.labels or lead.labels,
        inventory=one.inventory or other.inventory,
        armed=one.armed or other.armed,
        token=one.token or other.token,
        receipts=tuple(receipts[-MAX_RECEIPTS:]),
        events=one.events + other.events,
    )
