"""Merging two configs, with a transcript of who gave what.

In go a parent and a child of one version; out come the result and a Transcript that maps every part of it to the part
of the parent or of the child it came from. The child wins: a scalar it sets replaces the parent's, objects are merged,
lists are merged by key (`Object.key`), or joined where the table says so. The result is not judged here.
Source: Ignition's `config/merge`, docs/operator-notes.md "Config Merging".
"""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

from stoker.report import Pointer
from stoker.schema.decode import Row, all_rows
from stoker.schema.v3 import Config, HttpHeader, Object

PARENT: Final = "parent"
CHILD: Final = "child"


class Source(NamedTuple):
    """Where a part of the result came from. `whole`: what lies below came from below the same source."""

    side: str
    pointer: Pointer
    whole: bool


Transcript = dict[Pointer, list[Source]]


def merge(parent: Config, child: Config) -> tuple[Config, Transcript]:
    """Merge `child` into `parent`; neither is changed. Pointers are Ignition's."""
    transcript: Transcript = {}
    return _merge(parent, child, (), (), (), transcript), transcript


@functools.cache
def _rows(cls: type[Object]) -> tuple[Row, ...]:
    return tuple(row for row, _ in all_rows(cls) if not row.dates.is_sugar)


def _note(transcript: Transcript, result: Pointer, side: str, pointer: Pointer, *, whole: bool) -> None:
    transcript.setdefault(result, []).append(Source(side, pointer, whole))


def _merge(
    parent: Any, child: Any, at_parent: Pointer, at_child: Pointer, at: Pointer, transcript: Transcript
) -> Any:
    cls = type(parent)
    values: dict[str, Any] = {}
    spaces = _spaces(cls, child)
    for row in _rows(cls):
        ours, theirs = getattr(parent, row.name), getattr(child, row.name)
        steps = (*at_parent, row.json), (*at_child, row.json), (*at, row.json)
        if row.is_list:
            values[row.name] = _merge_lists(row, cls, ours, theirs, spaces, steps, transcript)
        elif row.is_object and ours is not None and theirs is not None:
            values[row.name] = _merge(ours, theirs, *steps, transcript)
            _note(transcript, steps[2], PARENT, steps[0], whole=False)
            _note(transcript, steps[2], CHILD, steps[1], whole=False)
        else:
            side = PARENT if theirs is None and (row.is_optional or row.is_object) else CHILD
            values[row.name] = ours if side == PARENT else theirs
            if values[row.name] is not None:
                _note(transcript, steps[2], side, steps[0] if side == PARENT else steps[1], whole=True)
    return cls(**values)


def _key(row: Row, item: Any) -> str:
    return str(item.key()) if row.is_object else str(item)


def _spaces(cls: type[Object], child: Any) -> dict[tuple[str, str], tuple[str, int]]:
    """Where the child has each key: (name space, key) to (list, index); the last one counts."""
    found: dict[tuple[str, str], tuple[str, int]] = {}
    for row in _rows(cls):
        if row.is_list and row.name not in cls.APPEND:
            space = cls.SHARED.get(row.name, row.name)
            for index, item in enumerate(getattr(child, row.name)):
                found[space, _key(row, item)] = (row.name, index)
    return found


def _merge_lists(
    row: Row,
    cls: type[Object],
    ours: list[Any],
    theirs: list[Any],
    spaces: dict[tuple[str, str], tuple[str, int]],
    steps: tuple[Pointer, Pointer, Pointer],
    transcript: Transcript,
) -> list[Any]:
    at_parent, at_child, at = steps
    result: list[Any] = []

    def take(item: Any, side: str, index: int) -> None:
        source = at_parent if side == PARENT else at_child
        _note(transcript, (*at, len(result)), side, (*source, index), whole=True)
        result.append(item)

    if row.name in cls.APPEND:
        for index, item in enumerate(ours):
            take(item, PARENT, index)
        for index, item in enumerate(theirs):
            take(item, CHILD, index)
    else:
        space = cls.SHARED.get(row.name, row.name)
        for index, item in enumerate(ours):
            name, child_index = spaces.get((space, _key(row, item)), ("", -1))
            if child_index < 0:
                take(item, PARENT, index)
            elif name == row.name:
                other = theirs[child_index]
                if isinstance(other, HttpHeader) and other.value is None:
                    continue
                if not row.is_object:
                    take(other, CHILD, child_index)
                    continue
                here = (*at, len(result))
                result.append(_merge(item, other, (*at_parent, index), (*at_child, child_index), here, transcript))
                _note(transcript, here, PARENT, (*at_parent, index), whole=False)
                _note(transcript, here, CHILD, (*at_child, child_index), whole=False)
        known = {_key(row, item) for item in ours}
        for index, item in enumerate(theirs):
            if _key(row, item) not in known:
                take(item, CHILD, index)
    if ours:
        _note(transcript, at, PARENT, at_parent, whole=False)
    if theirs:
        _note(transcript, at, CHILD, at_child, whole=False)
    return result


def trace(transcript: Transcript, pointer: Pointer) -> list[Source]:
    """Who gave the part of the result at `pointer`, in the order in which they were merged."""
    for length in range(len(pointer), -1, -1):
        sources = transcript.get(pointer[:length])
        if sources is not None:
            rest = pointer[length:]
            return [Source(source.side, source.pointer + rest, source.whole) for source in sources]
    return []
