"""Groups go in, an index comes out that finds the group of a machine by its labels, or the closest ones.

The order is Matchbox's: most selectors first; among as many, by the text of the selector, descending; then by file.
The index has one table for each set of selector names, so that the cost of a match does not grow with the groups.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from stoker.machines.documents import Group

MAX_COMPARED: Final = 2000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a rule does not take a machine."""

    group: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shape:
    """The groups that select by the same names: by their values, the rank of the first."""

    names: tuple[str, ...]
    ranks: dict[tuple[str, ...], int]


class Selection:
    """Groups in the order in which they are tried, and the index of them."""

    def __init__(self, groups: Iterable[Group]) -> None:
        by_file = sorted(groups, key=lambda group: group.key)
        by_text = sorted(by_file, key=lambda group: group.selector_text, reverse=True)
        self.groups = sorted(by_text, key=lambda group: -len(group.selector))
        shapes: dict[tuple[str, ...], Shape] = {}
        for rank, group in enumerate(self.groups):
            names = tuple(sorted(group.selector))
            shape = shapes.setdefault(names, Shape(names, {}))
            shape.ranks.setdefault(tuple(group.selector[name] for name in names), rank)
        self.shapes = list(shapes.values())

    def find(self, labels: Mapping[str, str]) -> Group | None:
        """The first group whose selectors all hold; an absent label is an empty one."""
        best = len(self.groups)
        length = 0
        for shape in self.shapes:
            if len(shape.names) < length:
                break
            rank = shape.ranks.get(tuple(labels.get(name, "") for name in shape.names), best)
            if rank < best:
                best, length = rank, len(shape.names)
        return self.groups[best] if best < len(self.groups) else None

    def closest(self, labels: Mapping[str, str], count: int) -> list[Verdict]:
        """Of the first rules those that failed with the fewest selectors against them, in order."""
        looked_at = self.groups[:MAX_COMPARED]
        against = ((count_mismatches(group, labels), rank) for rank, group in enumerate(looked_at))
        nearest = heapq.nsmallest(count, (each for each in against if each[0]))
        groups = (self.groups[rank] for _, rank in nearest)
        return [Verdict(group.key, "; ".join(mismatches(group, labels))) for group in groups]


def count_mismatches(group: Group, labels: Mapping[str, str]) -> int:
    """How many selectors do not hold."""
    return sum(labels.get(key, "") != wanted for key, wanted in group.selector.items())


def mismatches(group: Group, labels: Mapping[str, str]) -> list[str]:
    """Each selector that does not hold, in words."""
    against: list[str] = []
    for key, wanted in sorted(group.selector.items()):
        if labels.get(key, "") == wanted:
            continue
        has = f"it has `{labels[key]}`" if labels.get(key) else "it names none"
        against.append(f"`{key}` must be `{wanted}`, {has}")
    return against
