"""The parts of a config as plain data, by pointer. In goes what msgspec makes of a config; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stoker.report import ROOT, Pointer


def part_at(data: Any, pointer: Pointer) -> Any:
    """The part at a pointer; None when there is none."""
    for step in pointer:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def leaves(data: Any, pointer: Pointer = ROOT) -> Iterator[Pointer]:
    """The pointers of all that has nothing below it, in order."""
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from leaves(value, (*pointer, key))
    elif isinstance(data, list) and data:
        for index, item in enumerate(data):
            yield from leaves(item, (*pointer, index))
    else:
        yield pointer
