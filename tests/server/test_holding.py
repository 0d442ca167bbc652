"""What is known against templates: counted at once, stored soon, and the same on all servers whoever was quicker."""

from __future__ import annotations

import msgspec

from stoker.machines import Identity, Machine, Receipt, Told
from stoker.machines.holds import Hold
from stoker.report import Event
from stoker.server.holding import HOLDS, Failing, Holding, failings_of
from stoker.server.notes import Note
from stoker.store import Item

TEMPLATE = "ignition/a.bu"
RECEIPT = Receipt(1.0, "config", "sent", template=TEMPLATE, revision="r1")
POINTER = ("storage", "files", 0)


def failing(name: str) -> Failing:
    note = Note(Identity("", name), (Told(failed()),), 2.0)
    return next(failings_of(note, Machine(name, 0.0, 0.0, receipts=(RECEIPT,))))


def failed(digest: str = "config", pointer: tuple[str | int, ...] = POINTER) -> Event:
    return Event(2.0, "files", "x", "failed", digest=digest, pointer=pointer)


def stored(hold: Hold, revision: str) -> Item:
    return Item(f"{HOLDS}/{TEMPLATE}", msgspec.json.encode(hold), revision, "")


def is_held(holding: Holding) -> bool:
    return holding.holds[TEMPLATE].holds("r1", "c")


# what is told -> whether it says anything against a template
TOLD = {
    "a failure of a config that was sent": (Told(failed()), True),
    "one that nobody vouches for": (Told(failed(), is_trusted=False), False),
    "of another config": (Told(failed(digest="other")), False),
    "of no part of it": (Told(failed(pointer=())), False),
    "what went well": (Told(Event(2.0, "files", "x", digest="config", pointer=POINTER)), False),
}


def test_what_says_anything_against_a_template() -> None:
    machine = Machine("a", 0.0, 0.0, receipts=(RECEIPT,))
    for name, (fact, expected) in TOLD.items():
        found = list(failings_of(Note(Identity("", "a"), (fact,), 2.0), machine))
        assert bool(found) is expected, name
        assert not list(failings_of(Note(Identity("", "a"), (fact,), 2.0), None)), name


def test_two_machines_hold_it_and_a_third_time_changes_nothing() -> None:
    holding = Holding()
    assert holding.note(failing("a")) == ()
    assert not is_held(holding)
    assert [event.machine for event in holding.note(failing("b"))] == ["b"]
    assert is_held(holding)
    batch = holding.batch()
    assert batch is not None
    assert ([each.key for each in batch.conditions], batch.failings) == ([f"{HOLDS}/{TEMPLATE}"], 2)
    holding.done(batch, {f"{HOLDS}/{TEMPLATE}": "1"})
    assert (holding.batch(), holding.revisions) == (None, {TEMPLATE: "1"})
    assert holding.note(failing("b")) == ()
    assert holding.batch() is None, "it is counted already"


def test_what_two_servers_count_at_once_is_counted_together() -> None:
    one, other = Holding(), Holding()
    one.note(failing("a"))
    other.note(failing("b"))
    first = one.batch()
    assert first is not None
    other.take(TEMPLATE, Item(f"{HOLDS}/{TEMPLATE}", first.changes[0].data, "1", ""))
    assert is_held(other)
    second = other.batch()
    assert second is not None
    assert second.conditions[0].revision == "1"
    one.done(first, {first.changes[0].key: "1"})
    one.take(TEMPLATE, Item(f"{HOLDS}/{TEMPLATE}", second.changes[0].data, "2", ""))
    assert is_held(one)


def test_what_others_stored_since_is_newer_than_what_was_stored_by_oneself() -> None:
    holding = Holding()
    holding.note(failing("a"))
    batch = holding.batch()
    assert batch is not None
    holding.take(TEMPLATE, stored(Hold(TEMPLATE, "r1", {"p": ("a", "b")}, held_at=1.0, pointer="p"), "2"))
    holding.done(batch, {f"{HOLDS}/{TEMPLATE}": "1"})
    assert (holding.revisions, is_held(holding)) == ({TEMPLATE: "2"}, True)


def test_what_is_gone_or_unreadable_is_known_no_more() -> None:
    holding = Holding()
    holding.take(TEMPLATE, stored(Hold(TEMPLATE, "r1", {"p": ("a", "b")}, held_at=1.0, pointer="p"), "1"))
    assert is_held(holding)
    holding.take(TEMPLATE, Item(f"{HOLDS}/{TEMPLATE}", b"{", "2", ""))
    assert (list(holding), holding.revisions) == ([], {TEMPLATE: "2"}), "what takes its place says that it saw it"
    holding.take(TEMPLATE, None)
    assert (list(holding), holding.revisions) == ([], {})
