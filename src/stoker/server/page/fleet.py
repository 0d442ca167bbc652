"""The list of machines: all of them and what a visitor asks for go in, one page of rows comes out, in order.

A visitor is shown rows made for them: what they may not see is not in a row, is not found by a search, and orders
nothing. The list comes in pages rather than in rows that a script makes as one scrolls: so it works without scripts,
every view has an address, find-in-page and screen readers see what is there, and a document stays small.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from stoker.http import parse_query
from stoker.machines import Machine, State, parse_mac
from stoker.machines.known import Known
from stoker.server.page.paging import Page, cut
from stoker.server.page.visitors import Visitor

LONGEST_SEARCH: Final = 200
MOST_PAGE: Final = 10_000
MOST_KEPT: Final = 3  # rows for each machine: for those who may read and those who may not, and some that are gone
DIGITS: Final = re.compile(r"(\d{1,15})")
Natural = tuple[tuple[int, str], ...]

# Labels that say again what a machine's name and host say.
NAMES: Final = frozenset({"mac", "uuid", "hostname"})

# In the order in which a person wants to hear of them.
STATES: Final = (
    State.FAILED,
    State.QUARANTINED,
    State.INSTALLING,
    State.PROVISIONING,
    State.DISCOVERED,
    State.UP,
    State.RETIRED,
)
URGENCY: Final[dict[str, int]] = {state: rank for rank, state in enumerate(STATES)}


@dataclass(frozen=True, slots=True)
class Row:
    """A machine as one visitor sees it in a list; `at` is when it was last heard of.

    `text` is what a search looks at, in lower case; `called` is what it is called, so that `web-2` is before `web-10`.
    """

    name: str
    host: str
    state: str
    at: float
    group: str
    profile: str
    labels: tuple[tuple[str, str], ...]
    text: str
    called: Natural


def read_row(machine: Machine, known: Known, *, may_read: bool) -> Row:
    """A machine for a visitor."""
    if not may_read:
        text = f"{machine.name} {machine.state}"
        return Row(machine.name, "", machine.state, machine.last_seen, "", "", (), text, _natural(machine.name))
    every = known.labels(machine.labels)
    host = every.get("hostname", "")
    labels = tuple(pair for pair in every.items() if pair[1] and pair[0] not in NAMES)
    words = (machine.name, *machine.macs, host, machine.state, machine.group, machine.profile)
    text = " ".join((*words, *(f"{key}={value}" for key, value in labels))).lower()
    called = _natural(host or machine.name)
    at, group, profile = machine.last_seen, machine.group, machine.profile
    return Row(machine.name, host, machine.state, at, group, profile, labels, text, called)


class Rows:
    """Rows made once for each record, and again when the record or what people say of it has changed."""

    def __init__(self) -> None:
        self._known: Known | None = None
        self._rows: dict[tuple[str, bool], tuple[Machine, Row]] = {}

    def read(self, machines: Sequence[Machine], known: Known, *, may_read: bool) -> list[Row]:
        """The rows of all machines for a visitor."""
        if known is not self._known or len(self._rows) > MOST_KEPT * (len(machines) + 1):
            self._known = known
            self._rows.clear()
        return [self._row(machine, known, may_read) for machine in machines]

    def _row(self, machine: Machine, known: Known, may_read: bool) -> Row:
        kept = self._rows.get((machine.name, may_read))
        if kept is not None and kept[0] is machine:
            return kept[1]
        row = read_row(machine, known, may_read=may_read)
        self._rows[machine.name, may_read] = machine, row
        return row


def _natural(text: str) -> Natural:
    parts = DIGITS.split(text)
    return tuple((int(part), "") if number % 2 else (0, part) for number, part in enumerate(parts))


# What a list can be ordered by: the first of each order is what a person looks for first.
ORDERS: Final[Mapping[str, Callable[[Row], Any]]] = {
    "state": lambda row: (URGENCY.get(row.state, 0), row.called, row.name),
    "name": lambda row: (row.called, row.name),
    "group": lambda row: (row.group, row.called, row.name),
    "seen": lambda row: (-row.at, row.name),
}
# What nobody may order by who does not see it.
READERS_ORDERS: Final = frozenset({"group"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor wants to see: words, states (none: all), an order, and which page, from 1."""

    words: str = ""
    states: tuple[str, ...] = ()
    order: str = "state"
    is_reversed: bool = False
    page: int = 1

    @property
    def query(self) -> str:
        """The query that asks for this, with nothing in it that goes without saying."""
        pairs = [("q", self.words), *(("state", state) for state in self.states)]
        pairs += [("sort", ("-" if self.is_reversed else "") + self.order), ("page", str(self.page))]
        usual = {("q", ""), ("sort", "state"), ("page", "1")}
        said = [pair for pair in pairs if pair not in usual]
        return "?" + urlencode(said, errors="surrogateescape") if said else "?"

    def with_state(self, state: str) -> Asked:
        """The same with a state in it or, if it was, without."""
        kept = tuple(each for each in self.states if each != state)
        return replace(self, states=kept if state in self.states else (*kept, state), page=1)

    def any_state(self) -> Asked:
        """The same in every state."""
        return replace(self, states=(), page=1)

    def sorted_by(self, order: str) -> Asked:
        """The same in another order, or in this one turned round."""
        return replace(self, order=order, is_reversed=order == self.order and not self.is_reversed, page=1)

    def at_page(self, page: int) -> Asked:
        """Another page of it."""
        return replace(self, page=page)


@dataclass(frozen=True, slots=True)
class Fleet:
    """One page of the list; `counts` are of what the words find, by state, `total` is of all."""

    asked: Asked
    page: Page[Row]
    counts: Mapping[str, int]
    total: int


def read_asked(raw_query: str, visitor: Visitor) -> Asked:
    """Read a query; what makes no sense is left out."""
    given = parse_query(raw_query)
    words = " ".join(given.get("q", [""])[-1][:LONGEST_SEARCH].split())
    states = tuple(dict.fromkeys(state for state in given.get("state", []) if state in URGENCY))
    order = given.get("sort", [""])[-1]
    is_reversed, order = order.startswith("-"), order.removeprefix("-")
    if order not in ORDERS or (order in READERS_ORDERS and not visitor.may_read):
        is_reversed, order = False, "state"
    page = given.get("page", [""])[-1]
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    return Asked(words, states, order, is_reversed, min(max(number, 1), MOST_PAGE))


def list_fleet(every: list[Row], asked: Asked) -> Fleet:
    """Find, count, order, and cut out the page that is asked for, or the last one there is."""
    total = len(every)
    if asked.words:
        tests = [_test(word) for word in asked.words.lower().split()]
        every = [row for row in every if all(test(row) for test in tests)]
    counts = Counter(row.state for row in every)
    if asked.states:
        every = [row for row in every if row.state in asked.states]
    every = sorted(every, key=ORDERS[asked.order], reverse=asked.is_reversed)
    return Fleet(asked, cut(every, asked.page), counts, total)


def _test(word: str) -> Callable[[Row], bool]:
    """Whether a row has a word in it: `key=value` is a label, an address is found in any of its forms."""
    key, equals, value = word.partition("=")
    if equals:
        return lambda row: any(name.lower() == key and value in has.lower() for name, has in row.labels)
    address = parse_mac(word)
    if address:
        return lambda row: address in row.text
    return lambda row: word in row.text
