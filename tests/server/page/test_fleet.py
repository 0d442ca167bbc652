"""The list of machines: what a visitor asks for, what they find, and in which order."""

from __future__ import annotations

import msgspec
import pytest

from stoker.machines import Group, Machine, Selection, State
from stoker.machines.known import Known
from stoker.server.page.fleet import Asked, Rows, list_fleet, read_asked
from stoker.server.page.paging import PAGE
from stoker.server.page.visitors import Visitor
from stoker.server.roles import Caller, Role

READER = Visitor(Caller(Role.VIEWER, "bob"))
NOBODY = Visitor()

MACHINES = [
    Machine("52:54:00:00:00:01", 1, 10, macs=("52:54:00:00:00:01",), labels={"hostname": "web-10", "region": "west"}),
    Machine("52:54:00:00:00:02", 1, 30, labels={"hostname": "web-2", "region": "East"}, state=State.UP, group="web"),
    Machine(
        "4c4c4544-0035-0001-8056-b8c04f000003",
        1,
        20,
        macs=("52:54:00:00:00:03",),
        state=State.FAILED,
        labels={"uuid": "4c4c4544-0035-0001-8056-b8c04f000003"},
        profile="flatcar",
    ),
    Machine("52:54:00:00:00:04", 1, 40, state=State.RETIRED, labels={"mac": "52:54:00:00:00:04", "region": "west"}),
]
KNOWN = Known(
    Selection(
        (
            Group("three", selector={"uuid": "4c4c4544-0035-0001-8056-b8c04f000003"}, metadata={"rack": "r1"}),
            Group("four", selector={"mac": "52:54:00:00:00:04"}, metadata={"region": "east"}),
        )
    )
)
NOBODY_KNOWN = Known(Selection(()))
NUMBERS = {machine.name: str(number) for number, machine in enumerate(MACHINES, 1)}


def numbers(query: str, visitor: Visitor = READER) -> str:
    found = list_fleet(Rows().read(MACHINES, KNOWN, may_read=visitor.may_read), read_asked(query, visitor))
    return "".join(NUMBERS[row.name] for row in found.page.rows)


FOUND = [
    ("", READER, "3124"),
    ("q=", READER, "3124"),
    ("q=WEB", READER, "12"),
    ("q=web-1", READER, "1"),
    ("q=flatcar", READER, "3"),
    ("q=failed", READER, "3"),
    ("q=region=west", READER, "1"),
    ("q=region=east", READER, "24"),
    ("q=rack=r1", READER, "3"),
    ("q=regio=west", READER, ""),
    ("q=web+east", READER, "2"),
    ("q=5254.0000.0003", READER, "3"),
    ("q=52-54-00-00-00-01", READER, "1"),
    ("q=b8c04f", READER, "3"),
    ("q=%00", READER, ""),
    ("q=%3Cscript%3E", READER, ""),
    ("state=up", READER, "2"),
    ("state=up&state=failed", READER, "32"),
    ("state=nothing", READER, "3124"),
    ("sort=name", READER, "3421"),
    ("sort=-name", READER, "1243"),
    ("sort=seen", READER, "4231"),
    ("sort=-seen", READER, "1324"),
    ("sort=group", READER, "3412"),
    ("sort=nothing", READER, "3124"),
    ("page=9", READER, "3124"),
    ("page=-1", READER, "3124"),
    ("page=x", READER, "3124"),
    ("", NOBODY, "3124"),
    ("q=web", NOBODY, ""),
    ("q=region=west", NOBODY, ""),
    ("q=west", NOBODY, ""),
    ("q=rack", NOBODY, ""),
    ("q=flatcar", NOBODY, ""),
    ("q=52-54-00-00-00-01", NOBODY, "1"),
    ("q=5254.0000.0003", NOBODY, ""),
    ("q=failed", NOBODY, "3"),
    ("sort=group", NOBODY, "3124"),
]


@pytest.mark.parametrize(
    "query, visitor, expected", FOUND, ids=[f"{row[1].caller.role} {row[0] or 'all'}" for row in FOUND]
)
def test_what_is_found_and_in_which_order(query: str, visitor: Visitor, expected: str) -> None:
    assert numbers(query, visitor) == expected


def test_counts_are_of_what_the_words_find_whatever_the_states() -> None:
    found = list_fleet(Rows().read(MACHINES, KNOWN, may_read=True), read_asked("q=west&state=up", READER))
    assert (dict(found.counts), found.page.found, found.total) == ({"discovered": 1}, 0, 4)


def test_a_row_for_nobody_has_nothing_that_a_machine_said() -> None:
    row = list_fleet(Rows().read(MACHINES, KNOWN, may_read=False), Asked(words="0003")).page.rows[0]
    assert (row.host, row.group, row.profile, row.labels) == ("", "", "", ())
    assert "r1" not in repr(row)


def test_pages() -> None:
    many = [Machine(f"m{number}", 1, 1) for number in range(250)]
    pages = [
        list_fleet(Rows().read(many, NOBODY_KNOWN, may_read=True), Asked(page=number)).page for number in (1, 2, 3, 4)
    ]
    assert [(page.first, page.last, page.found, page.number) for page in pages] == [
        (1, 100, 250, 1),
        (101, 200, 250, 2),
        (201, 250, 250, 3),
        (201, 250, 250, 3),
    ]
    assert [row.name for row in pages[0].rows] == [f"m{number}" for number in range(PAGE)]
    nothing = list_fleet([], Asked(page=7)).page
    assert (nothing.first, nothing.last, nothing.found, nothing.number) == (0, 0, 0, 1)


QUERIES = [
    (Asked(), "?"),
    (Asked("a b&=<", ("up",), "seen", is_reversed=True, page=3), "?q=a+b%26%3D%3C&state=up&sort=-seen&page=3"),
    (Asked("x", ("up",), page=2).with_state("up"), "?q=x"),
    (Asked("x", ("up",), page=2).with_state("failed"), "?q=x&state=up&state=failed"),
    (Asked("x", ("up",), page=2).any_state(), "?q=x"),
    (Asked(page=2).sorted_by("state"), "?sort=-state"),
    (Asked(is_reversed=True).sorted_by("state"), "?"),
    (Asked(is_reversed=True).sorted_by("name"), "?sort=name"),
    (Asked().at_page(2), "?page=2"),
]


@pytest.mark.parametrize("asked, query", QUERIES, ids=[row[1] for row in QUERIES])
def test_an_address_says_what_is_asked_for(asked: Asked, query: str) -> None:
    assert asked.query == query
    assert read_asked(query[1:], READER) == asked


def test_a_row_is_made_once_for_each_record_and_each_kind_of_visitor() -> None:
    rows = Rows()
    first = rows.read(MACHINES, KNOWN, may_read=True)
    brief = rows.read(MACHINES, KNOWN, may_read=False)
    assert all(one is other for one, other in zip(first, rows.read(MACHINES, KNOWN, may_read=True), strict=True))
    assert all(row.host == "" for row in brief)
    changed = [msgspec.structs.replace(MACHINES[0], state=State.UP), *MACHINES[1:]]
    again = rows.read(changed, KNOWN, may_read=True)
    assert [one is other for one, other in zip(first, again, strict=True)] == [False, True, True, True]
    assert again[0].state == "up"
    unknown = rows.read(MACHINES, NOBODY_KNOWN, may_read=True)
    assert "r1" not in repr(unknown)


def test_rows_of_machines_that_are_gone_are_not_kept_for_ever() -> None:
    rows = Rows()
    for number in range(100):
        rows.read([Machine(f"m{number}", 1, 1)], KNOWN, may_read=True)
    assert len(rows._rows) <= 7
