"""Merging two configs, with a transcript of who gave what.

In go a parent and a child of one version; out come the result and a Transcript that maps every part of it to the part
of the parent or of the child it came from. The child wins: a scalar it sets replaces the parent's, objects are merged,
lists are merged by key (`Object.key`), or joined where the table says so. The result is not judged here.
An item of a list that stays where it was in the parent is not in the Transcript: else a thousand configs merged one
after the other, each with its item, would leave half a million entries. `trace` knows.
Source: Ignition's `config/merge`, docs/operator-notes.md "Config Merging".
"""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

from stoker.report import Pointer
from stoker.schema.decode import Row, all_rows
from stoker.schema.objects import Object
from stoker.schema.v3 import Config, HttpHeader

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
    merging = _Merging()
    merged: Config = merging.merge(parent, child, _At((), (), ()))
    return merged, merging.transcript


class _At(NamedTuple):
    """The same part of the parent, the child and the result."""

    parent: Pointer
    child: Pointer
    result: Pointer

    def below(self, step: str) -> _At:
        return _At((*self.parent, step), (*self.child, step), (*self.result, step))


@functools.cache
def _rows(cls: type[Object]) -> tuple[Row, ...]:
    return tuple(row for row, _ in all_rows(cls) if not row.dates.is_sugar)


def _key(row: Row, item: Any) -> str:
    return str(item.key()) if row.is_object else str(item)


class _Merging:
    """One merge on its way, and who gave what so far."""

    def __init__(self) -> None:
        self.transcript: Transcript = {}

    def _note(self, result: Pointer, side: str, pointer: Pointer, *, whole: bool) -> None:
        self.transcript.setdefault(result, []).append(Source(side, pointer, whole))

    def _note_both(self, at: _At) -> None:
        self._note(at.result, PARENT, at.parent, whole=False)
        self._note(at.result, CHILD, at.child, whole=False)

    def merge(self, parent: Any, child: Any, at: _At) -> Any:
        """Merge two objects of one class."""
        cls: type[Object] = type(parent)
        places = _places(cls, child)
        values: dict[str, Any] = {}
        for row in _rows(cls):
            ours, theirs = getattr(parent, row.name), getattr(child, row.name)
            here = at.below(row.json)
            if row.is_list and row.name in cls.APPEND:
                values[row.name] = self._join(ours, theirs, here)
            elif row.is_list:
                space = cls.SHARED.get(row.name, row.name)
                found = {key: place for (name, key), place in places.items() if name == space}
                values[row.name] = self._merge_lists(row, ours, theirs, found, here)
            elif row.is_object and ours is not None and theirs is not None:
                values[row.name] = self.merge(ours, theirs, here)
                self._note_both(here)
            else:
                is_ours = theirs is None and (row.is_optional or row.is_object)
                values[row.name] = ours if is_ours else theirs
                if values[row.name] is not None:
                    side, pointer = (PARENT, here.parent) if is_ours else (CHILD, here.child)
                    self._note(here.result, side, pointer, whole=True)
        return cls(**values)

    def _join(self, ours: list[Any], theirs: list[Any], at: _At) -> list[Any]:
        result: list[Any] = []
        for side, items in ((PARENT, ours), (CHILD, theirs)):
            for index, item in enumerate(items):
                self._take(result, item, side, index, at)
        self._note_list(ours, theirs, at)
        return result

    def _take(self, result: list[Any], item: Any, side: str, index: int, at: _At) -> None:
        source = at.parent if side == PARENT else at.child
        if side == CHILD or index != len(result) or source != at.result:
            self._note((*at.result, len(result)), side, (*source, index), whole=True)
        result.append(item)

    def _note_list(self, ours: list[Any], theirs: list[Any], at: _At) -> None:
        if ours:
            self._note(at.result, PARENT, at.parent, whole=False)
        if theirs:
            self._note(at.result, CHILD, at.child, whole=False)

    def _merge_lists(
        self, row: Row, ours: list[Any], theirs: list[Any], found: dict[str, tuple[str, int]], at: _At
    ) -> list[Any]:
        """Merge by key. `found`: where the child has each key of the name space, be it in another list."""
        result: list[Any] = []
        for index, item in enumerate(ours):
            name, number = found.get(_key(row, item), ("", -1))
            if number < 0:
                self._take(result, item, PARENT, index, at)
            elif name == row.name:
                other = theirs[number]
                if isinstance(other, HttpHeader) and other.value is None:
                    continue  # a header without a value takes the parent's away
                if row.is_object:
                    here = _At((*at.parent, index), (*at.child, number), (*at.result, len(result)))
                    result.append(self.merge(item, other, here))
                    self._note_both(here)
                else:
                    self._take(result, other, CHILD, number, at)
        known = {_key(row, item) for item in ours}
        for index, item in enumerate(theirs):
            if _key(row, item) not in known:
                self._take(result, item, CHILD, index, at)
        self._note_list(ours, theirs, at)
        return result


def _places(cls: type[Object], child: Any) -> dict[tuple[str, str], tuple[str, int]]:
    """Where the child has each key: (name space, key) to (list, index); the last one counts."""
    return {
        (cls.SHARED.get(row.name, row.name), _key(row, item)): (row.name, index)
        for row in _rows(cls)
        if row.is_list and row.name not in cls.APPEND
        for index, item in enumerate(getattr(child, row.name))
    }


def trace(transcript: Transcript, pointer: Pointer) -> list[Source]:
    """Who gave the part of the result at `pointer`, in the order in which they were merged."""
    for length in range(len(pointer), -1, -1):
        sources = transcript.get(pointer[:length])
        if sources is not None:
            rest = pointer[length:]
            if rest and isinstance(rest[0], int) and not any(source.whole for source in sources):
                return [Source(PARENT, pointer, whole=True)]  # an item that stays where it was
            return [Source(source.side, source.pointer + rest, source.whole) for source in sources]
    return []
