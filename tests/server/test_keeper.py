"""Keepers over one store of files and SQLite: what two of them write together, what an outage does, what a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from stoker.machines import FOLDERS, Booted, Identity, Machine, Ordered, Seen, Sign, State, Told
from stoker.report import Event
from stoker.server.keeper import Keeper
from stoker.server.notes import Note
from stoker.store import Change, Condition, ConflictError, Put, Store, StoreError, StoreUnavailableError
from stoker.store.filestore import FileStore
from stoker.store.spool import Spool
from tests.server.conftest import until

MAC, OTHER = "52:54:00:00:00:01", "52:54:00:00:00:02"
UUID = "6b5a1d0e-9a3c-4d5e-8f10-000000000001"
WAIT = 30.0


def told(mac: str, stage: str, outcome: str = "done", at: float = 1.0) -> Note:
    event = Told(Event(at, stage, f"{stage} {outcome}", outcome))
    return Note(Identity("", mac), (event, Booted()) if stage == "ipxe" else (event,), at)


def ordered(mac: str, order: Sign) -> Note:
    return Note(Identity("", mac), (Ordered(order, "alice"),), 9.0)


class Broken:
    """A store that can be put out of order; everything else is the real one's."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_away = False
        self.is_broken = False
        self.commits: list[int] = []

    def commit(self, changes: Sequence[Change], conditions: Sequence[Condition] = ()) -> Mapping[str, str]:
        self.commits.append(len(changes))
        if self.is_away:
            raise StoreUnavailableError("the store is away")
        if self.is_broken:
            raise ZeroDivisionError("a mistake")
        return self.store.commit(changes, conditions)

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


class Forgetful(Spool):
    """A spool whose process dies before it can acknowledge anything."""

    def acknowledge(self, position: int) -> None:
        pass


Make = Callable[..., Keeper]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes keepers of one store, each as a process of its own would have it."""
    keepers: list[Keeper] = []
    (tmp_path / "data").mkdir()
    store = FileStore(tmp_path / "data", FOLDERS, tmp_path / "state.db")

    def make_keeper(spool: Spool | None = None, *, breaks: bool = False) -> Keeper:
        keeper = Keeper(Broken(store) if breaks else store, spool, lambda _events: None, name="place")  # type: ignore[arg-type]
        keepers.append(keeper)
        assert keeper.wait_until_read(WAIT)
        return keeper

    yield make_keeper
    for keeper in keepers:
        keeper.close(WAIT)
    store.close()


def is_stored(keeper: Keeper) -> bool:
    return not keeper.roster.waiting()


def machine(keeper: Keeper, mac: str = MAC) -> Machine:
    found = keeper.find(Identity("", mac))
    assert found is not None
    return found


def test_what_is_noted_is_known_at_once_and_stored_soon(make: Make) -> None:
    one, two = make(), make()
    events = one.note(told(MAC, "ipxe"))
    assert [event.stage for event in events] == ["identity", "ipxe", "state"]
    assert machine(one).state is State.PROVISIONING
    until(lambda: two.find(Identity("", MAC)))
    until(lambda: len(two.events(MAC)) == 3)
    assert machine(two) == machine(one)
    assert two.events(MAC) == one.events(MAC) == events


def test_many_machines_are_stored_in_few_commits(make: Make) -> None:
    keeper = make(breaks=True)
    with keeper._lock:
        for number in range(300):
            keeper.note(told(f"52:54:00:00:{number // 256:02x}:{number % 256:02x}", "ipxe"))
    until(lambda: is_stored(keeper))
    commits = keeper.store.commits  # type: ignore[attr-defined]
    assert sum(commits) == 600
    assert max(commits) <= 60
    assert len(commits) == 11


def test_two_replicas_fold_the_same_failures_once_each(make: Make) -> None:
    one, two = make(), make()
    one.note(told(MAC, "ipxe"))
    until(lambda: two.find(Identity("", MAC)))
    for number in range(30):
        (one, two)[number % 2].note(Note(Identity("", MAC), (Seen({"serial": str(number)}),), 2.0 + number))
        (two, one)[number % 2].note(told(MAC, "files", at=2.5 + number))
    until(lambda: is_stored(one) and is_stored(two))
    until(lambda: machine(one) == machine(two))
    record = machine(one)
    assert record.events == 3 + 30  # none of them lost, none counted twice
    assert record.state is State.PROVISIONING


def test_three_failures_on_three_replicas_quarantine(make: Make) -> None:
    keepers = [make(), make(), make()]

    def failures() -> set[int]:
        return {found.failures if found else 0 for found in (each.find(Identity("", MAC)) for each in keepers)}

    for count, keeper in enumerate(keepers, 1):
        keeper.note(told(MAC, "ipxe", at=count))
        keeper.note(told(MAC, "disks", "failed", at=count))
        until(lambda count=count: failures() == {count})  # type: ignore[misc]
    assert {machine(each).state for each in keepers} == {State.QUARANTINED}


def test_an_order_is_done_when_it_is_stored(make: Make) -> None:
    one, two = make(), make()
    one.note(told(MAC, "ipxe"))
    done, refusal, _ = one.order(ordered(MAC, Sign.REPROVISION), b'{"who": "alice"}')
    assert (refusal, done is not None) == ("", True)
    assert done is not None
    done.result(WAIT)
    until(lambda: (found := two.find(Identity("", MAC))) and found.armed)
    until(lambda: list(two.audit) == [b'{"who": "alice"}'])


def test_an_order_that_the_table_refuses_changes_nothing_and_says_why(make: Make) -> None:
    keeper = make()
    keeper.note(told(MAC, "ipxe"))
    done, refusal, events = keeper.order(ordered(MAC, Sign.FORGET), b"x")
    assert (done, refusal) == (None, "it is in use; retire it first")
    assert [event.outcome for event in events] == ["refused"]
    until(lambda: is_stored(keeper))
    assert list(keeper.audit) == []


def test_an_order_is_taken_back_when_the_store_is_away_and_what_was_seen_waits(make: Make) -> None:
    keeper = make(breaks=True)
    keeper.note(told(MAC, "ipxe"))
    until(lambda: is_stored(keeper))
    keeper.store.is_away = True  # type: ignore[attr-defined]
    keeper.note(told(MAC, "up", at=2.0))
    done, _, _ = keeper.order(ordered(MAC, Sign.RETIRE), b"x")
    assert done is not None
    with pytest.raises(StoreUnavailableError, match="the store is away"):
        done.result(WAIT)
    assert machine(keeper).state is State.UP
    assert "the store is away" in keeper.trouble
    keeper.store.is_away = False  # type: ignore[attr-defined]
    keeper.note(told(OTHER, "ipxe"))
    until(lambda: is_stored(keeper) and not keeper.trouble)
    assert machine(make()).state is State.UP


def test_a_mistake_in_the_program_is_told_to_who_waits_and_ends_nothing(make: Make) -> None:
    keeper = make(breaks=True)
    keeper.note(told(MAC, "ipxe"))
    until(lambda: is_stored(keeper))
    keeper.store.is_broken = True  # type: ignore[attr-defined]
    done, _, _ = keeper.order(ordered(MAC, Sign.RETIRE), b"x")
    assert done is not None
    with pytest.raises(StoreError, match="ZeroDivisionError: a mistake"):
        done.result(WAIT)
    with pytest.raises(StoreError, match="ZeroDivisionError: a mistake"):
        keeper.change((Put("groups/a.json", b"{}"),), (), b"").result(WAIT)
    assert keeper.counts.dropped_notes == 1
    assert keeper.troubles()[-1] == "1 notes could not be stored: ZeroDivisionError: a mistake"
    keeper.store.is_broken = False  # type: ignore[attr-defined]
    done, _, _ = keeper.order(ordered(MAC, Sign.RETIRE), b"x")
    assert done is not None
    done.result(WAIT)
    assert machine(keeper).state is State.RETIRED


def test_a_machine_that_is_forgotten_is_gone_everywhere_with_its_events(make: Make, tmp_path: Path) -> None:
    one, two = make(), make()
    one.note(Note(Identity("", MAC), (Seen({}),), 1.0))
    until(lambda: two.find(Identity("", MAC)))
    until(lambda: two.events(MAC))
    done, refusal, _ = two.order(ordered(MAC, Sign.FORGET), b"")
    assert (refusal, done is not None) == ("", True)
    assert done is not None
    done.result(WAIT)
    until(lambda: one.find(Identity("", MAC)) is None)
    until(lambda: not two.roster.garbage)
    store = FileStore(tmp_path / "data", FOLDERS, tmp_path / "state.db")
    until(lambda: not store.scan("events").items)
    assert not store.scan("machines").items
    store.close()


def test_a_machine_that_gets_another_name_leaves_no_record_behind(make: Make) -> None:
    one, two = make(), make()
    one.note(told(MAC, "ipxe"))
    until(lambda: two.find(Identity("", MAC)))
    two.note(Note(Identity(UUID, MAC), (Seen({}),), 2.0))
    until(lambda: is_stored(two))
    until(lambda: [each.name for each in one.machines()] == [UUID])
    assert machine(one) == machine(two)
    assert [each.name for each in make().machines()] == [UUID]


@pytest.mark.parametrize("is_stored_after_all", [False, True], ids=["not stored", "stored, and not acknowledged"])
def test_what_waits_in_the_spool_counts_once_after_a_restart(
    make: Make, tmp_path: Path, is_stored_after_all: bool
) -> None:
    spool: Spool = Forgetful(tmp_path / "spool")
    first = make(spool, breaks=True)
    first.note(told(MAC, "ipxe"))
    first.note(told(MAC, "disks", "failed", at=2.0))
    until(lambda: is_stored(first))
    assert len(spool) == 0  # what the store takes at once is in no spool
    first.store.is_away = True  # type: ignore[attr-defined]
    first.note(told(MAC, "ipxe", at=3.0))
    until(lambda: first.is_away)
    first.note(told(MAC, "disks", "failed", at=4.0))
    assert len(spool) == 2
    first.store.is_away = not is_stored_after_all  # type: ignore[attr-defined]
    assert first.close(WAIT) is is_stored_after_all
    spool.close()
    spool = Spool(tmp_path / "spool")
    assert len(spool) == 2
    second = make(spool)
    assert machine(second).failures == 2
    second.note(told(OTHER, "ipxe"))
    until(lambda: is_stored(second))
    assert [event.stage for event in second.events(MAC)].count("disks") == 2
    assert machine(make()).failures == 2
    second.close(WAIT)
    spool.close()


def test_a_change_of_files_is_seen_when_it_is_done(make: Make) -> None:
    one, two = make(), make()
    text = b'{"profile": "p", "selector": {"mac": "52:54:00:00:00:01"}}'
    done = one.change((Put("groups/node.json", text),), (Condition("groups/node.json", ""),), b"audit")
    revision = done.result(WAIT)["groups/node.json"]
    assert one.catalogue.groups["node"].item.revision == revision
    until(lambda: "node" in two.catalogue.groups)
    until(lambda: list(two.audit) == [b"audit"])
    with pytest.raises(ConflictError, match=r"groups/node\.json"):
        two.change((Put("groups/node.json", b"{}"),), (Condition("groups/node.json", ""),), b"").result(WAIT)


def test_a_file_that_a_person_edits_is_seen(make: Make, tmp_path: Path) -> None:
    keeper = make()
    (tmp_path / "data" / "groups").mkdir()
    (tmp_path / "data" / "groups" / "a.json").write_text('{"profile": "p"}')
    until(lambda: "a" in keeper.catalogue.groups)
    (tmp_path / "data" / "groups" / "a.json").write_text("{")
    until(lambda: any(entry.code == "machines-json" for entry in keeper.report))
    assert keeper.catalogue.groups["a"].document is not None  # the last version that was whole
