"""Records as facts are folded into them: stories of machines, what is kept of each step, and what never changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.machines import (
    Booted,
    Inventoried,
    Inventory,
    Machine,
    Ordered,
    Refused,
    Seen,
    Sent,
    Sign,
    State,
    Tokened,
    Told,
    decode_machine,
    encode_machine,
    fold,
)
from stoker.machines.facts import AnyFact, sign_of_event
from stoker.machines.receipts import Receipt
from stoker.machines.record import MAX_RECEIPTS
from stoker.machines.tokens import Serving, Token
from stoker.report import Event

NAME = "52:54:00:00:00:0a"
NEW = Machine(NAME, 0.0, 0.0)


def told(stage: str, outcome: str = "done", *pointer: str | int) -> Told:
    return Told(Event(0.0, stage, "x", outcome, pointer=pointer))


def order(sign: Sign) -> Ordered:
    return Ordered(sign, "ada")


SENT = Sent(Receipt(0.0, "c", "s"))
SENT_INSTALLED = Sent(Receipt(0.0, "c", "s"), is_installed=True)
INSTALL, START = Booted(is_install=True), Booted()
FAILED = told("files", "failed")
ROUND: list[AnyFact] = [START, FAILED]

# what happens -> state, failures, whether it is armed
STORIES: dict[str, tuple[list[AnyFact], State, int, bool]] = {
    "a live system": ([Seen(), START, SENT, told("fetch"), told("files"), told("up")], State.UP, 0, False),
    "an install of two steps": (
        [INSTALL, SENT, told("files"), SENT_INSTALLED, told("files"), told("up")],
        State.UP,
        0,
        False,
    ),
    "one that says itself that it is done": ([INSTALL, SENT, told("install")], State.PROVISIONING, 0, False),
    "armed until its disk is written": ([order(Sign.REPROVISION), INSTALL, SENT], State.INSTALLING, 0, True),
    "armed for one install": ([order(Sign.REPROVISION), INSTALL, SENT_INSTALLED], State.PROVISIONING, 0, False),
    "armed for one start": ([order(Sign.REPROVISION), START, SENT], State.PROVISIONING, 0, False),
    "armed, and looked at before it boots": ([told("up"), order(Sign.REPROVISION), SENT], State.UP, 0, True),
    "a failure": ([START, FAILED], State.FAILED, 1, False),
    "many events of one failure": ([START, told("files", "refused"), FAILED, FAILED], State.FAILED, 1, False),
    "two failures": (ROUND * 2, State.FAILED, 2, False),
    "the third failure": (ROUND * 3, State.QUARANTINED, 3, False),
    "and all after it": ([*ROUND * 3, told("up"), INSTALL, SENT, FAILED], State.QUARANTINED, 3, False),
    "success between failures": ([*ROUND * 2, told("up"), *ROUND], State.FAILED, 1, False),
    "armed, and failing for good": ([order(Sign.REPROVISION), *ROUND * 3], State.QUARANTINED, 3, False),
    "armed again after failures": ([*ROUND * 2, order(Sign.REPROVISION), *ROUND], State.FAILED, 1, True),
    "released": ([*ROUND * 3, order(Sign.RELEASE)], State.DISCOVERED, 0, False),
    "retired": ([told("up"), order(Sign.RETIRE), told("up"), INSTALL], State.RETIRED, 0, False),
    "back in service": ([order(Sign.RETIRE), order(Sign.RELEASE), START], State.PROVISIONING, 0, False),
    "a look at its config": ([told("up"), SENT], State.UP, 0, False),
    "an answer the server could not give": (
        [told("ipxe", "failed"), told("ignition", "failed")],
        State.DISCOVERED,
        0,
        False,
    ),
    "lines of a log": ([START, told("files", "log")], State.PROVISIONING, 0, False),
    "events of what is no step": ([told("up"), told("update", "failed")], State.UP, 0, False),
}


def play(facts: list[AnyFact], machine: Machine = NEW) -> Machine:
    for number, fact in enumerate(facts, 1):
        after = fold(machine, fact, float(number)).machine
        assert after is not None
        machine = after
    return machine


@pytest.mark.parametrize("facts, state, failures, armed", STORIES.values(), ids=list(STORIES))
def test_a_story(facts: list[AnyFact], state: State, failures: int, armed: bool) -> None:
    machine = play(facts)
    assert (machine.state, machine.failures, machine.armed is not None) == (state, failures, armed)


def test_a_quarantine_says_why() -> None:
    machine = play([*ROUND * 2, START, told("disks", "failed", "storage", "disks", 0)])
    assert machine.reason == "3 tries in a row failed; the last one in `disks`: x"
    assert machine.failure is not None
    assert machine.failure.pointer == ("storage", "disks", 0)
    folded = fold(machine, INSTALL, 9.0)
    assert folded.refusal == "it is quarantined; release it first"
    assert [(event.text, event.outcome) for event in folded.events] == [
        ("install is refused: it is quarantined; release it first", "refused")
    ]


def test_the_failure_that_names_a_part_of_the_config_counts() -> None:
    machine = play([START, FAILED, told("files", "failed", "storage", "files", 3), told("files", "failed", "passwd")])
    assert machine.failure is not None
    assert machine.failure.pointer == ("storage", "files", 3)


def test_what_is_told_of_a_change() -> None:
    machine = play([START])
    folded = fold(machine, told("up"), 5.0)
    assert [(event.stage, event.text, event.machine) for event in folded.events] == [
        ("up", "x", NAME),
        ("state", "provisioning -> up (up)", NAME),
    ]
    assert folded.machine is not None
    assert (folded.machine.events, folded.machine.since, folded.machine.last_seen) == (machine.events + 2, 5.0, 5.0)
    armed = fold(folded.machine, order(Sign.REPROVISION), 6.0)
    assert [event.text for event in armed.events] == ["armed for one install by `ada`"]


def test_an_order_is_no_sign_of_life() -> None:
    for sign in (Sign.REPROVISION, Sign.RELEASE, Sign.RETIRE):
        folded = fold(play([START]), order(sign), 9.0)
        assert folded.machine is not None
        assert folded.machine.last_seen == 1.0


def test_forgetting_leaves_nothing() -> None:
    assert fold(NEW, order(Sign.FORGET), 1.0) == (None, (), "")
    assert fold(play([told("up")]), order(Sign.FORGET), 1.0).refusal == "it is in use; retire it first"


def test_a_person_orders_only_what_is_an_order() -> None:
    assert play([Ordered(Sign.UP)]).state is State.DISCOVERED


def test_arming_and_releasing_take_the_token_back() -> None:
    token = Tokened(Token("d", 0.0))
    assert play([token]).token == token.token
    for sign in (Sign.REPROVISION, Sign.RETIRE):
        assert play([token, order(sign)]).token is None


def test_a_token_is_no_label() -> None:
    assert play([Seen({"mac": "x", "token": "canary"})]).labels == {"mac": "x"}


def test_an_inventory_is_kept() -> None:
    inventory = Inventory(vendor="x", cpus=4)
    assert play([Inventoried(inventory), told("up")]).inventory == inventory


def test_what_is_kept_is_bounded() -> None:
    machine = play([Sent(Receipt(float(number), "c", "s")) for number in range(50)])
    assert [receipt.at for receipt in machine.receipts] == [float(number) for number in range(50 - MAX_RECEIPTS, 50)]
    labels = {f"k{number}" * 200: "v" * 1000 for number in range(100)}
    kept_labels = play([Seen(labels)]).labels
    assert {(len(key), len(value)) for key, value in kept_labels.items()} == {(256, 256)}
    assert len(kept_labels) == 32


SIGNS = [
    ("ipxe", "done", Sign.SEEN),
    ("ignition", "done", Sign.SEEN),
    ("ignition", "failed", Sign.SEEN),
    ("dhcp", "done", Sign.SEEN),
    ("files", "done", Sign.STAGE),
    ("files", "failed", Sign.FAILED),
    ("files", "refused", Sign.FAILED),
    ("files", "log", Sign.SEEN),
    ("install", "done", Sign.INSTALLED),
    ("install", "failed", Sign.FAILED),
    ("up", "done", Sign.UP),
    ("up", "failed", Sign.FAILED),
    ("no step", "failed", Sign.SEEN),
]


@pytest.mark.parametrize("stage, outcome, sign", SIGNS, ids=[f"{stage} {outcome}" for stage, outcome, _ in SIGNS])
def test_what_an_event_is_a_sign_of(stage: str, outcome: str, sign: Sign) -> None:
    assert sign_of_event(Event(0.0, stage, "x", outcome)) is sign


FACTS = st.one_of(
    st.sampled_from([Seen({"a": "b"}, "g", "p"), INSTALL, START, SENT, SENT_INSTALLED, Tokened(None), Refused("x")]),
    st.builds(Ordered, st.sampled_from(Sign)),
    st.builds(
        told, st.sampled_from(["ipxe", "files", "install", "up", "other"]), st.sampled_from(["done", "failed", "log"])
    ),
)


@settings(derandomize=True, max_examples=300)
@given(st.lists(FACTS, max_size=30))
def test_whatever_happens_a_record_can_be_kept(facts: list[AnyFact]) -> None:
    machine = NEW
    counted = 0
    for number, fact in enumerate(facts):
        folded = fold(machine, fact, float(number))
        assert folded == fold(machine, fact, float(number))
        if folded.machine is None:
            break
        counted += len(folded.events)
        machine = folded.machine
        assert machine.events == counted
        assert (machine.state is State.QUARANTINED) == bool(machine.reason)
        assert machine.failures <= 3
        assert decode_machine(encode_machine(machine)) == machine


def doubtful(stage: str, outcome: str = "done") -> Told:
    return Told(Event(0.0, stage, "x", outcome), is_trusted=False)


HAS_TOKEN = Tokened(Token("d", 0.0))

# what happens, the last of it told without a token -> state, failures, whether the failure shows, whether it is armed
DOUBTFUL: dict[str, tuple[list[AnyFact], State, int, bool, bool]] = {
    "a failure is shown, and counts for nothing": (
        [START, *[doubtful("files", "failed")] * 3],
        State.PROVISIONING,
        0,
        True,
        False,
    ),
    "it takes no other's place": ([START, FAILED, doubtful("disks", "failed")], State.FAILED, 1, True, False),
    "that it runs is believed": ([START, doubtful("up")], State.UP, 0, False, False),
    "that its disk is written is": (
        [order(Sign.REPROVISION), INSTALL, doubtful("install")],
        State.PROVISIONING,
        0,
        False,
        False,
    ),
    "neither is of one that is armed and has a token": (
        [order(Sign.REPROVISION), HAS_TOKEN, INSTALL, doubtful("install"), doubtful("up")],
        State.INSTALLING,
        0,
        False,
        True,
    ),
}


@pytest.mark.parametrize("facts, state, failures, shows, armed", DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_nobody_vouches_for(facts: list[AnyFact], state: State, failures: int, shows: bool, armed: bool) -> None:
    machine = NEW
    for number, fact in enumerate(facts):
        machine = fold(machine, fact, float(number)).machine or machine
    assert (machine.state, machine.failures, machine.failure is not None, machine.armed is not None) == (
        state,
        failures,
        shows,
        armed,
    )
    assert machine.failure is None or machine.failure.stage == "files"


def test_only_its_own_word_ends_a_token() -> None:
    machine = NEW
    for token in (Token("d", 0.0), Token("d", 0.0, {"g": Serving("s")})):
        machine = fold(machine, Tokened(token), 0.0).machine or machine
    for fact, is_over in ((doubtful("fetched"), False), (told("fetched"), True)):
        after = fold(machine, fact, 1.0).machine
        assert after is not None
        assert after.token is not None
        assert after.token.servings["g"].is_over is is_over


def test_a_person_holds_a_machine_back() -> None:
    folded = fold(fold(NEW, order(Sign.REPROVISION), 0.0).machine or NEW, order(Sign.QUARANTINE), 1.0)
    assert folded.machine is not None
    assert (folded.machine.state, folded.machine.reason, folded.machine.armed) == (
        State.QUARANTINED,
        "a person said so: `ada`",
        None,
    )
    assert [event.text for event in folded.events] == [
        "discovered -> quarantined (quarantine by `ada`): a person said so: `ada`"
    ]
