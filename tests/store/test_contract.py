"""What every store does, held against each: files and SQLite, one etcd, three of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from stoker.store import Append, Change, Condition, ConflictError, Delete, InvalidKeyError, LimitError, Put, Store, held
from stoker.store.limits import MAX_BYTES, MAX_KEYS
from tests.store.places import Place, Seen, texts

Open = Callable[[], Store]

BEFORE: list[Change] = [Put("texts/a", b"1"), Put("t/a", b"1"), Put("t/b", b"2"), Put("t/sub/c", b"3")]

COMMITS: dict[str, tuple[list[Change], dict[str, str]]] = {
    "put": ([Put("t/new", b"9")], {"t/a": "1", "t/b": "2", "t/new": "9", "t/sub/c": "3"}),
    "put again": ([Put("t/a", b"11")], {"t/a": "11", "t/b": "2", "t/sub/c": "3"}),
    "delete": ([Delete("t/a"), Delete("t/sub/c")], {"t/b": "2"}),
    "delete what is not there": ([Delete("t/none")], {"t/a": "1", "t/b": "2", "t/sub/c": "3"}),
    "nothing": ([], {"t/a": "1", "t/b": "2", "t/sub/c": "3"}),
    "both kinds": (
        [Put("texts/a", b""), Delete("t/a"), Append("t/ring", (b"x",), 2)],
        {"t/b": "2", "t/ring/0000000000000001": "x", "t/sub/c": "3"},
    ),
}


@pytest.mark.parametrize(("changes", "left"), COMMITS.values(), ids=COMMITS)
def test_what_a_commit_leaves(changes: list[Change], left: dict[str, str], opened: Open) -> None:
    store, other = opened(), opened()
    store.commit(BEFORE)
    revisions = store.commit(changes)
    assert texts(other.scan("t").items.values()) == left
    for key, revision in revisions.items():
        item = other.get(key)
        assert item is not None
        assert item.revision == revision
    assert {change.key for change in changes if isinstance(change, Put)} <= set(revisions)


def test_bytes_come_back_as_they_went(opened: Open) -> None:
    data = bytes(range(256)) * 10
    store = opened()
    store.commit([Put("t/a", data), Put("t/ä.json", b""), Put("texts/a", data)])
    for key, there in {"t/a": data, "t/ä.json": b"", "texts/a": data}.items():
        item = store.get(key)
        assert item is not None
        assert item.data == there
    assert store.get("t/none") is store.get("texts/none") is store.get("t/a/b") is None
    assert list(store.scan("t").items) == ["t/a", "t/ä.json"]


def test_a_folder_has_what_is_below_it_and_no_more(opened: Open) -> None:
    store = opened()
    store.commit([Put(key, b"") for key in ("a/x", "a0/x", "a-b/x", "ab/x", "a/b/x")])
    assert list(store.scan("a").items) == ["a/b/x", "a/x"]
    assert store.scan("none").items == {}


CONDITIONS: dict[str, tuple[Callable[[dict[str, str]], list[Condition]], tuple[str, ...]]] = {
    "the revision": (lambda now: [Condition("t/a", now["t/a"])], ()),
    "of a file": (lambda now: [Condition("texts/a", now["texts/a"])], ()),
    "not there": (lambda _: [Condition("t/none", ""), Condition("texts/none", "")], ()),
    "another revision": (lambda now: [Condition("t/a", now["t/a"] + "0")], ("t/a",)),
    "no revision at all": (lambda _: [Condition("t/a", "x"), Condition("texts/a", "x")], ("t/a", "texts/a")),
    "there": (lambda _: [Condition("t/a", ""), Condition("texts/a", "")], ("t/a", "texts/a")),
    "gone": (lambda now: [Condition("t/none", now["t/a"])], ("t/none",)),
    "one of two": (lambda now: [Condition("t/a", now["t/a"]), Condition("t/b", "")], ("t/b",)),
}


@pytest.mark.parametrize(("conditions", "failed"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_commit_is_made_if_its_conditions_hold(
    conditions: Callable[[dict[str, str]], list[Condition]], failed: tuple[str, ...], opened: Open
) -> None:
    store = opened()
    now = dict(store.commit(BEFORE))
    changes = [Put("t/done", b""), Put("texts/done", b""), Append("t/ring", (b"x",), 1)]
    if failed:
        with pytest.raises(ConflictError) as caught:
            store.commit(changes, conditions(now))
        assert caught.value.keys == failed
    else:
        store.commit(changes, conditions(now))
    there = [store.get(key) is not None for key in ("t/done", "texts/done", "t/ring/0000000000000001")]
    assert there == [not failed] * 3


def test_of_those_who_change_the_same_one_wins(opened: Open) -> None:
    first, second = opened(), opened()
    seen = first.commit([Put("t/a", b"0")])["t/a"]
    second.commit([Put("t/a", b"2")], [Condition("t/a", seen)])
    with pytest.raises(ConflictError):
        first.commit([Put("t/a", b"1")], [Condition("t/a", seen)])
    assert texts(first.scan("t").items.values()) == {"t/a": "2"}


# appended one after the other, the cap of each -> what is left, by number
RINGS: dict[str, tuple[list[tuple[str, int]], dict[int, str]]] = {
    "one": ([("a", 3)], {1: "a"}),
    "up to the cap": ([("ab", 3), ("c", 3)], {1: "a", 2: "b", 3: "c"}),
    "over the cap": ([("abc", 3), ("d", 3)], {2: "b", 3: "c", 4: "d"}),
    "more than the cap": ([("a", 3), ("bcdef", 3)], {4: "d", 5: "e", 6: "f"}),
    "a smaller cap": ([("abcde", 9), ("f", 2)], {5: "e", 6: "f"}),
    "nothing more, and a smaller cap": ([("abc", 9), ("", 2)], {2: "b", 3: "c"}),
    "one at a time": ([(letter, 1) for letter in "abc"], {3: "c"}),
}


@pytest.mark.parametrize(("appended", "left"), RINGS.values(), ids=RINGS)
def test_a_ring_keeps_the_newest(appended: list[tuple[str, int]], left: dict[int, str], opened: Open) -> None:
    stores = opened(), opened()
    for number, (letters, cap) in enumerate(appended):
        items = tuple(letter.encode() for letter in letters)
        stores[number % 2].commit([Append("r/one", items, cap), Append("r/other", items, 100)])
    found = {key: item.data.decode() for key, item in stores[0].scan("r/one").items.items()}
    assert found == {f"r/one/{number:016}": letter for number, letter in left.items()}
    assert [item.data.decode() for item in stores[0].scan("r/other").items.values()] == list(
        "".join(letters for letters, _ in appended)
    )


def test_a_ring_is_appended_to_by_many_and_nothing_is_lost(opened: Open) -> None:
    stores = [opened(), opened()]
    threads = [
        threading.Thread(
            target=lambda store=store, name=name: [
                store.commit([Append("r", (f"{name}{count}".encode(),), 100)]) for count in range(10)
            ]
        )
        for name, store in zip("wxyz", stores * 2, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [item.data.decode() for item in stores[0].scan("r").items.values()]
    assert sorted(found) == sorted(f"{name}{count}" for name in "wxyz" for count in range(10))
    assert [each for each in found if each.startswith("x")] == [f"x{count}" for count in range(10)]


REFUSED: dict[str, tuple[list[Change], type[Exception]]] = {
    "a key that leads elsewhere": ([Put("t/../x", b"")], InvalidKeyError),
    "a key of one part": ([Delete("t")], InvalidKeyError),
    "a lease": ([Put("leases/a", b"")], InvalidKeyError),
    "a lease as a ring": ([Append("leases/a", (), 1)], InvalidKeyError),
    "a key twice": ([Put("t/a", b""), Delete("t/a")], InvalidKeyError),
    "too many keys": ([Put(f"t/{number}", b"") for number in range(MAX_KEYS + 1)], LimitError),
    "too many in a ring": ([Append("r", (b"",) * MAX_KEYS, 200)], LimitError),
    "too many rings": ([Append(f"r/{number}", (b"",), 1) for number in range(MAX_KEYS // 2 + 1)], LimitError),
    "too many bytes": ([Put("t/a", bytes(MAX_BYTES + 1))], LimitError),
}


@pytest.mark.parametrize(("changes", "fault"), REFUSED.values(), ids=REFUSED)
def test_what_no_store_takes(changes: list[Change], fault: type[Exception], opened: Open) -> None:
    store = opened()
    with pytest.raises(fault):
        store.commit([Put("t/fine", b""), *changes])
    assert store.get("t/fine") is None


MOST: dict[str, list[Change]] = {
    "keys": [Put(f"t/{number:03}", b"x") for number in range(MAX_KEYS)],
    "keys in a ring": [Append("t", (b"x",) * (MAX_KEYS - 1), 1000)],
    "rings": [Append(f"t/{number}", (b"x",), 1) for number in range(MAX_KEYS // 2)],
    "bytes": [Put("t/a", bytes(MAX_BYTES))],
}


@pytest.mark.parametrize("changes", MOST.values(), ids=MOST)
def test_the_most_that_every_store_takes(changes: list[Change], opened: Open) -> None:
    store = opened()
    store.commit(changes)
    store.commit(changes, [Condition(f"no/{number}", "") for number in range(MAX_KEYS // 2)])
    assert sum(len(item.data) for item in store.scan("t").items.values()) >= MAX_KEYS // 2


def test_a_watch_tells_the_whole_and_then_what_changes(opened: Open) -> None:
    store, other, seen = opened(), opened(), Seen()
    store.commit([*BEFORE, Put("quiet/a", b"0")])
    watch = store.watch(["t", "texts"], seen)
    seen.wait_for({"t/a": "1", "t/b": "2", "t/sub/c": "3", "texts/a": "1"})
    assert seen.updates[0].is_whole
    store.commit([Put("t/a", b"11"), Put("quiet/a", b"1")])
    seen.wait_for({"t/a": "11", "t/b": "2", "t/sub/c": "3", "texts/a": "1"})
    other.commit([Delete("t/a"), Delete("t/b"), Put("texts/b", b"2")])
    seen.wait_for({"t/sub/c": "3", "texts/a": "1", "texts/b": "2"})
    other.commit([Append("t/ring", (b"x", b"y"), 2), Delete("texts/a"), Delete("texts/b"), Delete("t/sub/c")])
    other.commit([Append("t/ring", (b"z",), 2)])
    seen.wait_for({"t/ring/0000000000000002": "y", "t/ring/0000000000000003": "z"})
    assert not watch.trouble
    assert sum(update.is_whole for update in seen.updates) == 1
    assert all(store.get(key) == item for key, item in seen.items.items())


def test_a_watch_never_tells_a_part_of_a_commit(opened: Open) -> None:
    store, writer, seen, own = opened(), opened(), Seen(), Seen()
    store.watch(["t", "texts"], seen)
    writer.watch(["t", "texts"], own)
    keys = ("t/a", "t/b", "texts/a", "texts/b")
    for number in range(10):
        writer.commit([Put(key, str(number).encode()) for key in keys])
    for each in (seen, own):
        each.wait_for(dict.fromkeys(keys, "9"))
        assert all(len(set(state.values())) <= 1 and len(state) in {0, 4} for state in each.states)


def test_a_watch_that_fell_behind_tells_the_whole_again(opened: Open, place: Place) -> None:
    store, seen, is_let_go = opened(), Seen(), threading.Event()

    def tell(update: object) -> None:
        seen(update)  # type: ignore[arg-type]  # it is one
        is_let_go.wait()

    store.commit([Put("t/a", b"1"), Put("t/b", b"1")])
    watch = store.watch(["t"], tell)
    seen.wait(lambda: len(seen.updates) == 1)
    store.commit([Put("t/a", b"2"), Delete("t/b")])
    for _ in range(3):
        store.commit([Put("t/c", b"3")])
    place.forget(store)
    is_let_go.set()
    seen.wait_for({"t/a": "2", "t/c": "3"})
    watch.close()


def test_a_watch_that_is_closed_tells_nothing_more(opened: Open) -> None:
    store, seen, control = opened(), Seen(), Seen()
    watch = store.watch(["t"], seen)
    seen.wait_for({})
    watch.close()
    store.watch(["t"], control)
    store.commit([Put("t/a", b"1")])
    control.wait_for({"t/a": "1"})
    assert seen.texts() == {}
    watch.close()


def test_a_lease_has_one_holder(opened: Open, place: Place) -> None:
    first, second = opened().lease("boss", "one", 60), opened().lease("boss", "two", 60)
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert not second.renew()
    assert texts(opened().scan("leases").items.values()) == {"leases/boss": "one"}
    first.release()
    assert second.acquire()
    assert not first.acquire()
    place.lapse(second)
    assert not second.renew()
    assert first.acquire()
    assert first.renew()


def test_what_hangs_on_a_lease_goes_with_it(opened: Open, place: Place) -> None:
    store, seen = opened(), Seen()
    lease = store.lease("boss", "one", 60)
    lease.acquire()
    store.watch(["t", "leases"], seen)
    store.commit([Put("t/a", b"1", lease), Put("t/b", b"2")], [held(lease)])
    seen.wait_for({"leases/boss": "one", "t/a": "1", "t/b": "2"})
    place.lapse(lease)
    assert texts(store.scan("t").items.values()) == {"t/b": "2"}
    seen.wait_for({"t/b": "2"})
    with pytest.raises(ConflictError) as caught:
        store.commit([Put("t/a", b"1", lease)])
    assert caught.value.keys == ("leases/boss",)


def test_writes_of_who_lost_a_lease_are_refused(opened: Open, place: Place) -> None:
    store = opened()
    first, second = store.lease("boss", "one", 60), store.lease("boss", "two", 60)
    with pytest.raises(ConflictError):
        held(first)
    first.acquire()
    store.commit([Put("t/a", b"1")], [held(first)])
    first.renew()
    store.commit([Put("t/a", b"2")], [held(first)])
    place.lapse(first)
    with pytest.raises(ConflictError) as caught:
        store.commit([Put("t/a", b"3")], [held(first)])
    assert caught.value.keys == ("leases/boss",)
    second.acquire()
    with pytest.raises(ConflictError):
        store.commit([Put("t/a", b"3")], [held(first)])
    store.commit([Put("t/a", b"4")], [held(second)])
    assert texts(store.scan("t").items.values()) == {"t/a": "4"}
