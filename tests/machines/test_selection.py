"""Which group a machine meets, and the reasons given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.machines import Group, Selection


def groups(*rows: tuple[str, dict[str, str]]) -> Selection:
    return Selection(Group(key, "p", selector) for key, selector in rows)


BY_NUMBER = groups(
    ("default", {}),
    ("one", {"mac": "m"}),
    ("two", {"mac": "m", "os": "installed"}),
    ("other", {"region": "b", "zone": "c"}),
)
BY_TEXT = groups(("a", {"k": "1"}), ("b", {"k": "2"}), ("c", {"j": "9"}), ("d", {"k": "1"}))
ABSENT = groups(("unset", {"os": ""}), ("set", {"os": "x"}))
ROWS = [
    (BY_NUMBER, {}, "default"),
    (BY_NUMBER, {"mac": "m"}, "one"),
    (BY_NUMBER, {"mac": "m", "os": "installed"}, "two"),
    (BY_NUMBER, {"mac": "m", "os": "other"}, "one"),
    (BY_NUMBER, {"mac": "M"}, "default"),
    (BY_NUMBER, {"MAC": "m"}, "default"),
    (BY_NUMBER, {"mac": "m", "os": "installed", "region": "b", "zone": "c"}, "other"),
    (BY_TEXT, {"k": "1"}, "a"),
    (BY_TEXT, {"k": "1", "j": "9"}, "a"),
    (BY_TEXT, {"j": "9"}, "c"),
    (BY_TEXT, {}, None),
    (ABSENT, {}, "unset"),
    (ABSENT, {"os": ""}, "unset"),
    (ABSENT, {"os": "x"}, "set"),
    (ABSENT, {"os": "y"}, None),
    (groups(), {"mac": "m"}, None),
]


@pytest.mark.parametrize("selection, labels, expected", ROWS, ids=[f"{row[1]} {row[2]}" for row in ROWS])
def test_find(selection: Selection, labels: dict[str, str], expected: str | None) -> None:
    found = selection.find(labels)
    assert (found.key if found else None) == expected


NAMES = st.sampled_from("abc")
VALUES = st.sampled_from(["", "1", "2"])
SELECTORS = st.dictionaries(NAMES, VALUES)


@given(st.lists(SELECTORS, max_size=12), SELECTORS)
def test_the_index_finds_what_trying_each_in_order_would(
    selectors: list[dict[str, str]], labels: dict[str, str]
) -> None:
    given_groups = [Group(f"g{number:02}", "p", selector) for number, selector in enumerate(selectors)]
    ordered = sorted(given_groups, key=lambda each: each.selector_text, reverse=True)
    ordered.sort(key=lambda each: -len(each.selector))
    first = next((each for each in ordered if all(labels.get(k, "") == v for k, v in each.selector.items())), None)
    selection = Selection(given_groups)
    assert selection.groups == ordered
    assert selection.find(labels) is first


def test_the_index_has_one_table_for_each_set_of_names() -> None:
    selection = groups(*((f"g{number}", {"mac": str(number)}) for number in range(1000)), ("all", {}))
    assert [shape.names for shape in selection.shapes] == [("mac",), ()]


def test_the_closest_rules_are_those_with_least_against_them() -> None:
    told = [f"{each.group}: {each.reason}" for each in BY_TEXT.closest({"k": "3", "j": "9"}, 2)]
    assert told == ["b: `k` must be `2`, it has `3`", "a: `k` must be `1`, it has `3`"]
