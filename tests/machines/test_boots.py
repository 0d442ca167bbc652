"""What a machine that boots from the network is given, by its state, its arming and its group."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from msgspec.structs import replace

from stoker.machines import Booted, Demands, Give, Group, Machine, Sent, State, Told, fold, read_demands
from stoker.machines import boot as decide
from stoker.machines.boots import NOT_ARMED, is_installed
from stoker.machines.receipts import Receipt
from stoker.machines.record import Armed
from stoker.report import Event

ANY, ONCE, TOKEN = Demands(), Demands(installs_once=True), Demands(takes_token=True)
BOTH = Demands(installs_once=True, takes_token=True)
NEW = Machine("m", 0.0, 0.0)


class Boots(NamedTuple):
    """What is given, and what its facts make of the record."""

    give: Give
    reason: str
    mints: bool
    machine: Machine
    events: list[Event]


def boot(machine: Machine, demands: Demands, at: float, held: str = "") -> Boots:
    decided, events = decide(machine, demands, at, held), list[Event]()
    for fact in decided.facts:
        folded = fold(machine, fact, at)
        machine = folded.machine or machine
        events += folded.events
    return Boots(decided.give, decided.reason, decided.mints, machine, events)


# state, armed, demands -> what is given, the state then
GIVEN = [
    ("discovered", False, ANY, Give.START, "provisioning"),
    ("discovered", False, ONCE, Give.INSTALL, "installing"),
    ("discovered", False, TOKEN, Give.REFUSE, "discovered"),
    ("discovered", True, TOKEN, Give.START, "provisioning"),
    ("discovered", True, BOTH, Give.INSTALL, "installing"),
    ("discovered", False, BOTH, Give.REFUSE, "discovered"),
    ("installing", False, ANY, Give.START, "provisioning"),
    ("installing", False, ONCE, Give.INSTALL, "installing"),
    ("provisioning", False, ANY, Give.START, "provisioning"),
    ("provisioning", False, ONCE, Give.LOCAL, "provisioning"),
    ("provisioning", True, ONCE, Give.INSTALL, "installing"),
    ("up", False, ANY, Give.START, "provisioning"),
    ("up", False, ONCE, Give.LOCAL, "up"),
    ("up", False, BOTH, Give.LOCAL, "up"),
    ("up", True, ONCE, Give.INSTALL, "installing"),
    ("failed", False, ONCE, Give.INSTALL, "installing"),
    ("failed", False, BOTH, Give.REFUSE, "failed"),
    ("quarantined", False, ONCE, Give.REFUSE, "quarantined"),
    ("quarantined", False, ANY, Give.REFUSE, "quarantined"),
    ("retired", False, ANY, Give.REFUSE, "retired"),
]


@pytest.mark.parametrize(
    "state, armed, demands, give, after",
    GIVEN,
    ids=[
        f"{state}{', armed' * armed}, {''.join('ot'[i] for i, d in enumerate(demands) if d)}"
        for state, armed, demands, *_ in GIVEN
    ],
)
def test_what_is_given(state: str, armed: bool, demands: Demands, give: Give, after: str) -> None:
    machine = replace(NEW, state=State(state), armed=Armed(0.0) if armed else None, reason="x")
    booted = boot(machine, demands, 1000.0)
    assert (booted.give, booted.machine.state) == (give, after)
    assert bool(booted.reason) == (give is Give.REFUSE)
    assert booted.machine.refusal == booted.reason
    assert [event.outcome for event in booted.events if event.stage == "refusal"] == ["refused"] * bool(booted.reason)
    assert booted.mints == (demands.takes_token and give in {Give.START, Give.INSTALL})


def test_three_installs_that_do_not_end_are_a_quarantine() -> None:
    machine, given = NEW, []
    for minute in (0, 10, 20, 30, 40):
        booted = boot(machine, ONCE, 60.0 * minute + 1000.0)
        machine = booted.machine
        given.append(str(booted.give))
    assert given == ["install", "install", "install", "refuse", "refuse"]
    assert booted.reason == (
        "this machine is quarantined: 3 tries in a row failed; the last one in `install`: it asked for a boot script "
        "again before its disk was written; release it to try again"
    )


def test_a_script_that_is_fetched_twice_is_one_boot() -> None:
    once = boot(NEW, ONCE, 1000.0)
    again = boot(once.machine, ONCE, 1059.0)
    assert (again.give, again.machine.failures, again.machine.state) == (Give.INSTALL, 0, State.INSTALLING)
    assert boot(again.machine, ONCE, 1060.0).machine.failures == 1


def test_an_install_that_ends_is_followed_by_the_disk_and_armed_again_by_another() -> None:
    machine = boot(NEW, ONCE, 0.0).machine
    machine = fold(machine, Sent(Receipt(0.0, "c", "s"), is_installed=True), 300.0).machine or machine
    assert boot(machine, ONCE, 400.0).give is Give.LOCAL
    machine = fold(machine, Told(Event(0.0, "up", "x")), 500.0).machine or machine
    assert boot(machine, ONCE, 600.0).give is Give.LOCAL
    armed = replace(machine, armed=Armed(0.0))
    first = boot(armed, ONCE, 700.0)
    assert first.give is Give.INSTALL
    done = fold(first.machine, Told(Event(0.0, "install", "x")), 900.0).machine or machine
    assert boot(done, ONCE, 1000.0).give is Give.LOCAL


def test_a_boot_is_a_fact_of_the_record() -> None:
    booted = boot(NEW, ONCE, 5.0)
    assert booted.machine == fold(NEW, Booted(is_install=True), 5.0).machine


DEMANDS: list[tuple[dict[str, object], Demands, list[str]]] = [
    ({}, ANY, []),
    ({"stoker.install": "once"}, ONCE, []),
    ({"stoker.token": "required"}, TOKEN, []),
    ({"stoker.install": "once", "stoker.token": "required"}, BOTH, []),
    ({"stoker.token": "optional"}, TOKEN, ["`stoker.token` is `optional` in group `g`"]),
    ({"stoker.install": True}, ONCE, ["`stoker.install` is `True` in group `g`"]),
    ({"stoker.token": ["required"]}, TOKEN, ["`stoker.token` is `['required']` in group `g`"]),
]


@pytest.mark.parametrize("metadata, demands, said", DEMANDS, ids=[str(row[0]) for row in DEMANDS])
def test_what_a_group_demands(metadata: dict[str, object], demands: Demands, said: list[str]) -> None:
    found, report = read_demands(Group("g", metadata=metadata))
    assert found == demands
    assert [entry.message for entry in report] == said


def test_the_second_step_of_an_install_is_told_by_its_label() -> None:
    assert is_installed({"mac": "x", "os": "installed"})
    assert not is_installed({"os": ""})
    assert NOT_ARMED


HELD = "`ignition/web.bu` is held: `a` and `b` failed at `$.storage` of what it makes"


@pytest.mark.parametrize(
    "state, demands, give", [("discovered", ONCE, Give.REFUSE), ("up", ANY, Give.REFUSE), ("up", ONCE, Give.LOCAL)]
)
def test_a_template_that_is_held_is_given_to_nobody_but_disks_boot(state: str, demands: Demands, give: Give) -> None:
    machine = replace(NEW, state=State(state))
    booted = boot(machine, demands, 1000.0, HELD)
    assert (booted.give, booted.reason, booted.machine.state) == (give, HELD * (give is Give.REFUSE), state)
    if give is Give.REFUSE:
        assert [event.text for event in booted.events] == [f"given nothing: {HELD}"]
        assert boot(booted.machine, demands, 2000.0).machine.refusal == ""
