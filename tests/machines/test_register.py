"""Who is who: names and aliases of machines, and records that turn out to be of one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stoker.machines import Identity, Machine, Register, State
from stoker.machines.record import Armed
from stoker.machines.register import merge

A, B, C = "52:54:00:00:00:0a", "52:54:00:00:00:0b", "52:54:00:00:00:0c"
U, V = "4c4c4544-0000-0000-0000-00000000000a", "4c4c4544-0000-0000-0000-00000000000b"

# identities in order -> machines: uuid, shared uuid, addresses
STORIES: dict[str, tuple[list[Identity], dict[str, tuple[str, str, tuple[str, ...]]]]] = {
    "an inventory adds addresses": ([Identity(U, A), Identity(U, A, (B, C))], {U: (U, "", (A, B, C))}),
    "so that the second is no stranger": (
        [Identity(U, A, (B,)), Identity(U, B)],
        {U: (U, "", (A, B))},
    ),
    "an inventory joins what was two": (
        [Identity(U, A), Identity(U, B), Identity(U, A, (B,))],
        {U: (U, "", (A, B))},
    ),
    "an inventory without a UUID": ([Identity("", A), Identity("", B), Identity("", A, (B,))], {A: ("", "", (A, B))}),
    "an inventory that names another's address": (
        [Identity(U, A), Identity(V, B), Identity("", A, (B,))],
        {U: (U, "", (A,)), V: (V, "", (B,))},
    ),
    "a UUID of three": (
        [Identity(U, A), Identity(U, B), Identity(U, C)],
        {A: ("", U, (A,)), B: ("", U, (B,)), C: ("", U, (C,))},
    ),
    "an address that moved": ([Identity(U, A, (B,)), Identity(V, B)], {U: (U, "", (A,)), V: (V, "", (B,))}),
}


def play(identities: list[Identity]) -> tuple[Register, list[str]]:
    register, told = Register(), []
    for number, identity in enumerate(identities):
        recognised = register.recognise(identity, float(number))
        if recognised is not None:
            register.apply(recognised)
            told += [f"{event.machine[-2:]}: {event.text}" for event in recognised.events]
    return register, told


@pytest.mark.parametrize("identities, expected", STORIES.values(), ids=list(STORIES))
def test_who_is_who(identities: list[Identity], expected: dict[str, tuple[str, str, tuple[str, ...]]]) -> None:
    register, _ = play(identities)
    assert {each.name: (each.uuid, each.shared_uuid, each.macs) for each in register} == expected


def test_all_of_it_is_told() -> None:
    _, told = play([Identity("", A), Identity(U, A), Identity(U, B), Identity(U, A, (B,)), Identity(V, B)])
    assert told == [
        "0a: first seen",
        f"0a: is machine {U} from now on",
        f"0a: UUID {U} is given by {B}, too: it stands for neither",
        "0b: first seen",
        f"0b: UUID {U} is given by another machine, too: it stands for neither",
        f"0a: is the machine that was known as {B}, too",
        f"0a: is machine {U} from now on",
        f"0a: no longer goes by {B}: another has it",
        "0b: first seen",
        f"0b: goes by address {B}",
    ]


def test_a_merge_keeps_what_holds_a_machine_back() -> None:
    held = Machine(A, 5.0, 9.0, macs=(A,), state=State.QUARANTINED, reason="x", failures=3, since=6.0, events=4)
    free = Machine(U, 1.0, 8.0, uuid=U, state=State.UP, since=8.0, armed=Armed(2.0), labels={"a": "b"}, events=3)
    for one, other in ((held, free), (free, held)):
        merged = merge(one, other)
        assert merged == replace(
            held, name=one.name, first_seen=1.0, uuid=U, armed=Armed(2.0), events=7, labels=merged.labels
        )


@pytest.mark.parametrize("is_first", [True, False])
def test_two_servers_that_met_a_machine_at_once_are_mended(is_first: bool) -> None:
    records = [Machine(U, 1.0, 1.0, uuid=U, macs=(A,)), Machine(A, 1.0, 1.0, macs=(A,))]
    register = Register(records if is_first else reversed(records))
    recognised = register.recognise(Identity(U, A), 2.0)
    assert recognised is not None
    register.apply(recognised)
    assert [(machine.name, machine.macs) for machine in register] == [(U, (A,))]


IDENTITIES = st.builds(
    Identity,
    st.sampled_from(["", U, V]),
    st.sampled_from(["", A, B, C]),
    st.lists(st.sampled_from([A, B, C]), max_size=2).map(tuple),
)


@settings(derandomize=True, max_examples=500)
@given(st.lists(IDENTITIES, max_size=12))
def test_names_and_aliases_always_agree(identities: list[Identity]) -> None:
    register = Register()
    for number, identity in enumerate(identities):
        recognised = register.recognise(identity, float(number))
        assert (recognised is None) == (not identity.macs and (not identity.uuid or identity.uuid in register.sharers))
        if recognised is None:
            continue
        register.apply(recognised)
        assert register.machines[recognised.machine.name] == recognised.machine
        assert {event.machine for event in recognised.events} <= set(register.machines)
        assert not {old for old, _ in recognised.moved} & set(register.machines)
        assert {new for _, new in recognised.moved} <= set(register.machines)
    machines = list(register)
    for machine in machines:
        assert machine.name == (machine.uuid or next(iter(machine.macs), machine.name))
        assert not (machine.uuid and machine.shared_uuid)
    macs = [mac for machine in machines for mac in machine.macs]
    assert len(macs) == len(set(macs))
    uuids = [machine.uuid for machine in machines if machine.uuid]
    assert len(uuids) == len(set(uuids))
    assert register.by_mac == {mac: {machine.name} for machine in machines for mac in machine.macs}
    assert register.by_uuid == {machine.uuid: machine.name for machine in machines if machine.uuid}
    shared = {machine.shared_uuid for machine in machines if machine.shared_uuid}
    assert shared == set(register.sharers)
    assert not shared & set(uuids)
