"""Random commits by two who share a store, against a dictionary: what is made, what is refused, what watches tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoker.store import Append, Change, Condition, ConflictError, Delete, Put, Store
from tests.store.places import Place, Seen, texts

KEYS = ("t/a", "t/b", "t/sub/c", "texts/a", "texts/b", "more/sub/d")
FOLDERS = ("t", "texts", "more", "ring")
CAP = 3

data = st.sampled_from([b"", b"1", b"22", b"333"])
changed = st.dictionaries(st.sampled_from(KEYS), st.one_of(st.none(), data), max_size=4)
appended = st.lists(data, max_size=5)
wanted = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["now", "absent", "earlier"]), max_size=2)
commits = st.lists(st.tuples(st.booleans(), changed, appended, wanted), max_size=12)


@dataclass
class Model:
    """What a store is, without anything that makes it one."""

    items: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)
    ring: list[tuple[int, str]] = field(default_factory=list)
    appended: int = 0
    history: list[dict[str, str]] = field(default_factory=lambda: [{}])

    def texts(self) -> dict[str, str]:
        return self.items | {f"ring/{number:016}": text for number, text in self.ring}

    def conditions(self, wanted: dict[str, str]) -> tuple[list[Condition], set[str]]:
        """The conditions, and the keys of those that do not hold."""
        kinds = {"now": self.revisions.get, "absent": lambda _key, _: "", "earlier": self.earlier.get}
        made = [Condition(key, kinds[kind](key, "") or "") for key, kind in wanted.items()]
        return made, {each.key for each in made if each.revision != self.revisions.get(each.key, "")}

    def apply(self, changes: dict[str, bytes | None], more: Sequence[bytes], revisions: dict[str, str]) -> None:
        for key, bytes_ in changes.items():
            if key in self.revisions:
                self.earlier[key] = self.revisions.pop(key)
                self.items.pop(key)
            if bytes_ is not None:
                self.items[key], self.revisions[key] = bytes_.decode(), revisions[key]
        for each in more:
            self.appended += 1
            self.ring.append((self.appended, each.decode()))
        self.ring = self.ring[-CAP:] if more else self.ring
        self.history.append(self.texts())


def test_a_store_is_a_dictionary_that_many_share(make_place: Callable[[], Place]) -> None:
    @given(commits)
    @settings(derandomize=True, max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    def hold(steps: list[tuple[bool, dict[str, bytes | None], list[bytes], dict[str, str]]]) -> None:
        place = make_place()
        with ExitStack() as stack:
            stores = [stack.enter_context(closing(place.open())) for _ in range(2)]
            run(stores, steps)

    hold()


def run(stores: list[Store], steps: list[tuple[bool, dict[str, bytes | None], list[bytes], dict[str, str]]]) -> None:
    model, told = Model(), [Seen() for _ in stores]
    for store, seen in zip(stores, told, strict=True):
        store.watch(FOLDERS, seen)
    for which, changes, more, wanted in steps:
        conditions, failing = model.conditions(wanted)
        made: list[Change] = [Delete(key) if each is None else Put(key, each) for key, each in changes.items()]
        made += [Append("ring", tuple(more), CAP)] if more else []
        if failing:
            with pytest.raises(ConflictError) as caught:
                stores[which].commit(made, conditions)
            assert set(caught.value.keys) == failing
        else:
            model.apply(changes, more, dict(stores[which].commit(made, conditions)))
        for store in stores:
            there = {key: text for folder in FOLDERS for key, text in texts(store.scan(folder).items.values()).items()}
            assert there == model.texts()
    for seen in told:
        seen.wait_for(model.texts())
        assert_in_order(seen.states, model.history)


def assert_in_order(states: list[dict[str, str]], history: list[dict[str, str]]) -> None:
    """Some moments may be left out, but none is made up, and time does not run backwards."""
    moments = iter(history)
    last: dict[str, str] | None = None
    for state in states:
        assert state == last or any(moment == state for moment in moments), (state, history)
        last = state
