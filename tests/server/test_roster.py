"""Rosters of several processes over one model of a store, in any interleaving: they end with the same records."""

from __future__ import annotations

from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.machines import Booted, Identity, Ordered, Seen, Sign, Told
from stoker.report import Event
from stoker.server.notes import MACHINES, Note
from stoker.server.roster import Roster
from stoker.store import Append, Delete, Item, Put, StoreUnavailableError, UnsureError

MACS = ("52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03")
UUID = "6b5a1d0e-9a3c-4d5e-8f10-000000000001"
AWAY = StoreUnavailableError("away")
UNSURE = UnsureError("it may have been made or not")


class World:
    """A store as the contract has it, and what each of its watchers has not been told yet."""

    def __init__(self, count: int) -> None:
        self.items: dict[str, Item] = {}
        self.revision = 0
        self.rosters = [Roster(f"process{number}", f"spool{number}") for number in range(count)]
        self.position = 0
        self.untold: list[deque[tuple[str, Item | None]]] = [deque() for _ in self.rosters]

    def note(self, number: int, note: Note) -> None:
        self.position += 1
        self.rosters[number].note(note, self.position)

    def commit(self, number: int, *, is_away: bool = False, is_cut_off: bool = False) -> None:
        roster = self.rosters[number]
        batch = roster.take()
        if batch is None:
            return
        if is_away:
            roster.failed(batch, AWAY)
            return
        revisions = {key: item.revision for key, item in self.items.items()}
        if any(revisions.get(each.key, "") != each.revision for each in batch.conditions):
            roster.conflicted(batch, {name: self.items.get(f"{MACHINES}/{name}") for name in batch.dirty})
            return
        self.revision += 1
        for change in batch.changes:
            if not isinstance(change, Append):
                self.put(change.key, change.data if isinstance(change, Put) else None)
            assert isinstance(change, Put | Delete | Append)
        put = {each.key: str(self.revision) for each in batch.changes if isinstance(each, Put)}
        if is_cut_off:
            roster.failed(batch, UNSURE)
        else:
            roster.done(batch, put)

    def put(self, key: str, data: bytes | None) -> None:
        item = None if data is None else Item(key, data, str(self.revision), key)
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item
        for each in self.untold:
            each.append((key, item))

    def tell(self, number: int, count: int) -> None:
        for _ in range(min(count, len(self.untold[number]))):
            key, item = self.untold[number].popleft()
            self.rosters[number].stored(key.partition("/")[2], item)

    def settle(self) -> None:
        """Everything is stored, and everybody is told."""
        for _ in range(100):
            for number, untold in enumerate(self.untold):
                self.tell(number, len(untold))
                self.commit(number)
            if not any(self.untold) and not any(roster.dirty for roster in self.rosters):
                return
        raise AssertionError("it does not come to rest")


def note(identity: Identity, at: float, *, is_told: bool) -> Note:
    fact = Told(Event(at, "log", "a line", "log")) if is_told else Seen({"at": str(at)})
    return Note(identity, (fact,), at)


PROCESS = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("note"), PROCESS, st.sampled_from(MACS)),
        st.tuples(st.just("commit"), PROCESS),
        st.tuples(st.just("away"), PROCESS),
        st.tuples(st.just("cut off"), PROCESS),
        st.tuples(st.just("tell"), PROCESS, st.integers(1, 3)),
    ),
    max_size=60,
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(STEPS)
def test_every_note_counts_once_whoever_was_quicker(steps: list[tuple[Any, ...]]) -> None:
    world = World(3)
    noted = dict.fromkeys(MACS, 0)
    for at, (what, number, *rest) in enumerate(steps):
        if what == "note":
            world.note(number, note(Identity("", rest[0]), float(at), is_told=True))
            noted[rest[0]] += 1
        elif what == "tell":
            world.tell(number, rest[0])
        else:
            world.commit(number, is_away=what == "away", is_cut_off=what == "cut off")
    world.settle()
    records = [{machine.name: machine for machine in roster.register} for roster in world.rosters]
    assert records[0] == records[1] == records[2]
    expected = {mac: 1 + count for mac, count in noted.items() if count}  # `first seen`, and each note
    assert {name: machine.events for name, machine in records[0].items()} == expected
    assert {key.partition("/")[2] for key in world.items} == set(expected)


def forget(roster: Roster, mac: str, at: float) -> None:
    done, refusal, _ = roster.order(Note(Identity("", mac), (Ordered(Sign.FORGET, "alice"),), at), b"")
    assert done is not None or refusal


FORGETTING = st.lists(
    st.one_of(
        st.tuples(st.just("note"), PROCESS, st.sampled_from(MACS)),
        st.tuples(st.just("forget"), PROCESS, st.sampled_from(MACS)),
        st.tuples(st.just("commit"), PROCESS),
        st.tuples(st.just("tell"), PROCESS, st.integers(1, 3)),
    ),
    max_size=40,
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(FORGETTING)
def test_machines_that_are_forgotten_end_the_same_everywhere(steps: list[tuple[Any, ...]]) -> None:
    world = World(3)
    for at, (what, number, *rest) in enumerate(steps):
        if what == "note":
            world.rosters[number].note(note(Identity("", rest[0]), float(at), is_told=False))
        elif what == "forget" and world.rosters[number].register.find(Identity("", rest[0])):
            forget(world.rosters[number], rest[0], float(at))
        elif what == "tell":
            world.tell(number, rest[0])
        elif what == "commit":
            world.commit(number)
    world.settle()
    records = [{machine.name: machine for machine in roster.register} for roster in world.rosters]
    assert records[0] == records[1] == records[2]
    assert {key.partition("/")[2] for key in world.items} == set(records[0])
    assert not any(roster.buried for roster in world.rosters)


def test_what_was_forgotten_is_not_brought_back_by_what_was_stored_of_it_before() -> None:
    world = World(1)
    roster, mac = world.rosters[0], MACS[0]
    roster.note(note(Identity("", mac), 1.0, is_told=False))
    world.commit(0)
    forget(roster, mac, 2.0)
    world.commit(0)
    world.tell(0, 1)
    assert roster.register.find(Identity("", mac)) is None
    assert roster.told(mac, "0000000000000001", Item("", b"", "1", "")) == ()
    assert roster.garbage == [f"events/{mac}/0000000000000001"]


def test_many_strangers_cost_no_more_than_there_is_room_for_while_the_store_is_away() -> None:
    """The one that was heard of longest ago is forgotten first, and none of which more is known."""
    roster = Roster("process", max_machines=10)
    known = Identity("", "52:54:00:ff:00:00")
    roster.note(Note(known, (Booted(),), 0.0))
    for number in range(1000):
        roster.note(
            note(Identity("", f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}"), float(number), is_told=True)
        )
    assert [machine.name[-5:] for machine in roster.register] == ["00:00", *(f"03:{n:02x}" for n in range(0xDF, 0xE8))]
    assert (len(roster.dirty), len(roster.timelines), roster.garbage) == (10, 10, [])


IDENTITIES = st.sampled_from(
    [Identity(uuid, mac) for uuid in ("", UUID) for mac in ("", *MACS) if uuid or mac],
)
MERGING = st.lists(
    st.one_of(
        st.tuples(st.just("note"), PROCESS, IDENTITIES),
        st.tuples(st.just("commit"), PROCESS),
        st.tuples(st.just("tell"), PROCESS, st.integers(1, 3)),
    ),
    max_size=40,
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(MERGING)
def test_machines_that_are_renamed_and_merged_end_the_same_everywhere(steps: list[tuple[Any, ...]]) -> None:
    world = World(3)
    for at, (what, number, *rest) in enumerate(steps):
        if what == "note":
            world.rosters[number].note(note(rest[0], float(at), is_told=False))
        elif what == "tell":
            world.tell(number, rest[0])
        else:
            world.commit(number)
    world.settle()
    records = [{machine.name: machine for machine in roster.register} for roster in world.rosters]
    assert records[0] == records[1] == records[2]
    assert {key.partition("/")[2] for key in world.items} == set(records[0])
