"""Who is who among the machines seen, and what is kept of each."""

from __future__ import annotations

import pytest

from stoker.machines import Identity, Machine, Sighting, State, facts_of
from stoker.report import Event
from stoker.server.notes import MAX_EVENTS, Note
from stoker.server.roster import Roster

A, B = "52:54:00:00:00:0a", "52:54:00:00:00:0b"
U, V = "4c4c4544-0000-0000-0000-00000000000a", "4c4c4544-0000-0000-0000-00000000000b"

STORIES = {
    "an address alone": ([("", A)], {A: ("", (A,))}),
    "a UUID alone": ([(U, "")], {U: (U, ())}),
    "both": ([(U, A)], {U: (U, (A,))}),
    "the address first, the UUID later": ([("", A), (U, A)], {U: (U, (A,))}),
    "the UUID first, the address later": ([(U, ""), (U, A)], {U: (U, (A,))}),
    "the UUID, then the address alone": ([(U, A), ("", A)], {U: (U, (A,))}),
    "each alone, then both": ([(U, ""), ("", A), (U, A)], {U: (U, (A,))}),
    "a UUID with two addresses": ([(U, A), (U, B)], {A: ("", (A,)), B: ("", (B,))}),
    "the same, the other first": ([(U, B), (U, A)], {A: ("", (A,)), B: ("", (B,))}),
    "the same, the first again": ([(U, A), (U, B), (U, A)], {B: ("", (B,)), A: ("", (A,))}),
    "the same, then without an address": ([(U, A), (U, B), (U, "")], {B: ("", (B,)), A: ("", (A,))}),
    "two machines": ([(U, A), (V, B)], {U: (U, (A,)), V: (V, (B,))}),
    "an address that went to another machine": ([(U, A), (V, A)], {U: (U, ()), V: (V, (A,))}),
    "nobody": ([("", "")], {}),
}


class Memory(Roster):
    """A roster of one process, which is told of sightings."""

    def __init__(self, max_machines: int = 1000) -> None:
        super().__init__("one", max_machines=max_machines)

    def record(self, sighting: Sighting, at: float) -> Machine | None:
        self.note(Note(sighting.identity, tuple(facts_of(sighting)), at))
        return self.register.find(sighting.identity)


def sighting(uuid: str, mac: str, text: str = "seen") -> Sighting:
    return Sighting(Identity(uuid, mac), (Event(1.0, "test", text),))


@pytest.mark.parametrize("seen, expected", STORIES.values(), ids=list(STORIES))
def test_who_is_who(seen: list[tuple[str, str]], expected: dict[str, tuple[str, tuple[str, ...]]]) -> None:
    roster = Memory()
    for uuid, mac in seen:
        roster.record(sighting(uuid, mac), 1.0)
    assert {machine.name: (machine.uuid, machine.macs) for machine in roster.register} == expected
    for machine in roster.register:
        assert roster.register.find(Identity(machine.uuid, machine.macs[0] if machine.macs else "")) is machine


def texts(roster: Memory, machine: Machine | None) -> list[str]:
    assert machine is not None
    return [f"{event.stage}: {event.text}" for event in roster.events(machine.name)]


def test_a_new_name_is_an_event() -> None:
    roster = Memory()
    roster.record(sighting("", A, "one"), 1.0)
    machine = roster.record(sighting(U, A, "two"), 2.0)
    assert texts(roster, machine) == [
        "identity: first seen",
        "test: one",
        f"identity: is machine {U} from now on",
        "test: two",
    ]
    assert {event.machine for event in roster.events(U)} == {U}
    assert machine is not None
    assert (machine.first_seen, machine.last_seen) == (1.0, 2.0)


def test_the_ring_keeps_the_last_events() -> None:
    roster = Memory()
    for number in range(1000):
        machine = roster.record(sighting("", A, str(number)), 1.0)
    kept = texts(roster, machine)
    assert (len(kept), kept[0], kept[-1]) == (MAX_EVENTS, f"test: {1000 - MAX_EVENTS}", "test: 999")


def test_the_machines_seen_last_are_kept() -> None:
    roster = Memory(max_machines=2)
    roster.record(sighting(U, A), 1.0)
    roster.record(sighting(V, B), 2.0)
    roster.record(sighting("", A), 3.0)
    roster.record(sighting("", "52:54:00:00:00:0c"), 4.0)
    assert [machine.name for machine in roster.register] == [U, "52:54:00:00:00:0c"]
    assert roster.register.find(Identity(V, B)) is None


def test_long_labels_are_cut() -> None:
    roster = Memory()
    labels = {f"k{number}" * 200: "v" * 1000 for number in range(100)}
    machine = roster.record(Sighting(Identity("", A), (), labels), 1.0)
    assert machine is not None
    assert {(len(key), len(value)) for key, value in machine.labels.items()} == {(256, 256)}
    assert len(machine.labels) == 32


def test_labels_and_rule_are_those_of_the_last_request_that_had_any() -> None:
    roster = Memory()
    roster.record(Sighting(Identity("", A), (), {"mac": A}, "g", "p"), 1.0)
    machine = roster.record(sighting("", A), 2.0)
    assert machine is not None
    assert (machine.labels, machine.group, machine.profile) == ({"mac": A}, "g", "p")


def test_events_move_the_state() -> None:
    roster = Memory()
    for stage, profile, outcome in (
        ("ipxe", "p", "done"),
        ("ignition", "p", "done"),
        ("disks", "", "done"),
        ("files", "", "failed"),
    ):
        roster.record(Sighting(Identity("", A), (Event(1.0, stage, "x", outcome),), profile=profile), 1.0)
    machine = roster.register.find(Identity("", A))
    assert machine is not None
    assert (machine.state, machine.failures, machine.events) == (State.FAILED, 1, 7)
    assert [text for text in texts(roster, machine) if text.startswith("state")] == [
        "state: discovered -> provisioning (start)",
        "state: provisioning -> failed (failed: files)",
    ]


def test_a_machine_does_not_say_itself_what_it_was_given() -> None:
    roster = Memory()
    for stage in ("ipxe", "ignition"):
        machine = roster.record(Sighting(Identity("", A), (Event(1.0, stage, "x"),)), 1.0)
        assert machine is not None
        assert machine.state is State.DISCOVERED
