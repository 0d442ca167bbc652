"""What a person meant by a key that the spec does not know.

In goes the pointer of an unused key; out comes a hint, read from the table: the key in another spelling, a key that is
one slip away, a key of a later version or of another variant, or the place where the key belongs. Nothing here is said
by the drop-in commands, whose words are their originals'.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from stoker.report import Pointer, Report
from stoker.schema import messages as m
from stoker.schema.composing import KEYS
from stoker.schema.decode import Row, all_rows
from stoker.schema.marks import Dates
from stoker.schema.objects import Object
from stoker.schema.specs import ETCD, EVERY, FLANNEL, SPECS, Spec
from stoker.schema.v3 import Config

# A hostile text may hold any number of unknown keys of any length; a person reads the first few.
MAX_ADVISED: Final = 100
_LONGEST: Final = 40
# Slips forgiven in a word: two from this length on.
_TWO_SLIPS: Final = 6

Names = dict[str, Row]


def advise(report: Report, find_hint: Callable[[Pointer], str | None]) -> None:
    """Give the unused keys of a report the hints that `find_hint` has for their pointers: most often `meant`."""
    found = [index for index, entry in enumerate(report.entries) if entry.code == m.UNUSED_KEY.code]
    for index in found[:MAX_ADVISED]:
        entry = report.entries[index]
        report.entries[index] = msgspec.structs.replace(entry, hint=find_hint(entry.pointer))


def meant(pointer: Pointer, spec: Spec, root: type[Object] = Config) -> str | None:
    """What to do about the unused key that `pointer` ends in; None when there is no telling.

    `root` is the class that the pointer starts from.
    """
    *above, key = pointer
    cls = _class_at(root, tuple(above), spec)
    if cls is None or not isinstance(key, str) or len(key) > _LONGEST:
        return None
    known, other = _names(cls, spec)
    if key in other:
        return _elsewhen(key, other[key], spec)
    places = _everywhere(root, spec).get(key)
    for names in (known, other):
        name = _respelled(key, names) or _nearest(key, names, slips=1)
        if name is not None:
            return _did_you_mean(name, names[name], spec)
    if cls is Config and spec.is_butane:
        name = _nearest(key, KEYS, slips=1)
        if name is not None:
            return f"did you mean `{name}`?"
    if spec.family == "v3" or not any(way[:1] == tuple(above[:1]) for way in places or ()):
        from stoker.schema.elsewhere import find_elsewhere  # noqa: PLC0415 -- it needs the tables of all families

        hint = find_elsewhere(key, tuple(above), spec)
        if hint is not None:
            return hint
    if places is not None:
        return _belongs(key, places, tuple(str(step) for step in above if isinstance(step, str)))
    name = _nearest(key, known, slips=2 if len(key) >= _TWO_SLIPS else 1)
    return None if name is None else _did_you_mean(name, known[name], spec)


def name_of(row: Row, spec: Spec) -> str:
    """What a spec calls a row."""
    return row.name if spec.is_butane else row.json


def first_spec(dates: Dates, like: Spec) -> Spec | None:
    """The first version that has a row, of the variant and family of a spec."""
    specs = (spec for spec in (*EVERY.values(), *ETCD, *FLANNEL) if spec.family == like.family)
    return next((spec for spec in specs if spec.variant == like.variant and dates.has(spec)), None)


def _class_at(cls: type[Object], pointer: Pointer, spec: Spec) -> type[Object] | None:
    for step in pointer:
        if isinstance(step, int):
            continue
        row = _names(cls, spec)[0].get(step)
        if row is None or not row.is_object:
            return None
        cls = row.type
    return cls


@functools.cache
def _names(cls: type[Object], spec: Spec) -> tuple[Names, Names]:
    """The rows of a class by name: those the spec has, and those it does not."""
    every = [row for row, _ in all_rows(cls)]
    known = {name_of(row, spec): row for row in every if row.dates.has(spec)}
    return known, {name_of(row, spec): row for row in every if name_of(row, spec) not in known}


@functools.cache
def _everywhere(root: type[Object], spec: Spec) -> dict[str, list[tuple[str, ...]]]:
    """Where the spec has each name: the ways from the root to the objects that hold it, lists as `name[]`."""
    found: dict[str, list[tuple[str, ...]]] = {}
    waiting: list[tuple[tuple[str, ...], type[Object]]] = [((), root)]
    for way, cls in waiting:
        for name, row in _names(cls, spec)[0].items():
            found.setdefault(name, []).append(way)
            if row.is_object:
                waiting.append(((*way, name + "[]" * row.is_list), row.type))
    return found


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def _respelled(key: str, names: Names) -> str | None:
    """The name that differs only in case, hyphens and underscores."""
    folded = _fold(key)
    return next((name for name in names if _fold(name) == folded), None)


def _nearest(key: str, names: Iterable[str], slips: int) -> str | None:
    """The name that is fewest slips away; of equals the one that begins alike, then the first of the table."""
    near = [
        (distance, name[:1] != key[:1], index, name)
        for index, name in enumerate(names)
        if abs(len(name) - len(key)) <= slips and (distance := slips_between(key, name)) <= slips
    ]
    return min(near)[3] if near else None


def slips_between(one: str, other: str) -> int:
    """How many slips lead from one word to another: a letter too many, too few, wrong, or two in the wrong order."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, above = above, current
    return above[-1]


def _did_you_mean(name: str, row: Row, spec: Spec) -> str:
    question = f"did you mean `{name}`?"
    return question if row.dates.has(spec) else f"{question} {_elsewhen(name, row, spec)}"


def _elsewhen(name: str, row: Row, spec: Spec) -> str:
    """Which specs have a name that this one does not."""
    if spec.is_butane and row.dates.is_bare:
        return f"`{name}` is Ignition's, Butane writes it by itself"
    if not spec.is_butane and row.dates.is_sugar:
        return f"`{name}` is Butane's, Ignition does not know it"
    own = first_spec(row.dates, spec)
    if own is not None:
        return f"`{name}` came with {own}"
    variants = {other.variant: other for other in SPECS.values() if other.is_butane == spec.is_butane}
    others = [str(found) for other in variants.values() if (found := first_spec(row.dates, other)) is not None]
    return f"`{name}` is not in any version of {spec.variant}; it came with {', '.join(others)}"


def _belongs(key: str, ways: list[tuple[str, ...]], above: tuple[str, ...]) -> str:
    """Where a key belongs: of all the places that have it the nearest to where it was written."""

    def shared(way: tuple[str, ...]) -> int:
        pairs = zip((step.removesuffix("[]") for step in way), above, strict=False)
        return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(way), len(above)))

    way = min(ways, key=lambda way: (-shared(way), len(way), "".join(way).count("[]")))
    if not way:
        return f"`{key}` belongs at the top level"
    kind = "an item of " if way[-1].endswith("[]") else ""
    return f"`{key}` belongs in {kind}`{'.'.join(way).removesuffix('[]')}`"
