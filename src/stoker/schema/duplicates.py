"""Entries that stand twice in a list where each may stand once.

In goes an object; out come findings, an object's own lists first, then its children's, in table order.
"""

from __future__ import annotations

import functools
from typing import Any

from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.decode import Row, rows
from stoker.schema.objects import Object
from stoker.schema.rules import Say
from stoker.schema.specs import Spec


@functools.cache
def _lists(cls: type[Object], spec: Spec) -> tuple[list[tuple[Row, str]], list[Row]]:
    """The lists of a class with the name space of each, and the rows that hold objects."""
    known = [row for row in rows(cls, spec) if not row.dates.is_sugar]
    compared = [(row, cls.SHARED.get(row.name, row.name)) for row in known if row.is_list]
    return (
        [(row, space) for row, space in compared if row.name not in cls.APPEND],
        [row for row in known if row.is_object and _has_lists(row.type, spec)],
    )


@functools.cache
def _has_lists(cls: type[Object], spec: Spec) -> bool:
    lists, children = _lists(cls, spec)
    return bool(lists or children)


def find_duplicates(thing: Object, pointer: Pointer, say: Say) -> None:
    """Report every later entry of the same key (`Object.key`, or the string itself)."""
    lists, children = _lists(type(thing), say.spec)
    seen: dict[str, set[Any]] = {}
    for row, space in lists:
        items = getattr(thing, row.name)
        if len(items) + len(seen.get(space, ())) < 2:
            if items:
                seen.setdefault(space, set()).update(_keys(row, items))
            continue
        known = seen.setdefault(space, set())
        keys = _keys(row, items)
        if len(known | set(keys)) == len(known) + len(keys):
            known.update(keys)
            continue
        for index, key in enumerate(keys):
            if key in known:
                say.error(m.DUPLICATE_ENTRY, (*pointer, row.json, index))
            known.add(key)
    for row in children:
        value = getattr(thing, row.name)
        if row.is_list:
            for index, item in enumerate(value):
                find_duplicates(item, (*pointer, row.json, index), say)
        elif value is not None:
            find_duplicates(value, (*pointer, row.json), say)


def _keys(row: Row, items: list[Any]) -> list[str]:
    return [item.key() for item in items] if row.is_object else items
