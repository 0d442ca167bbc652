"""Two values go in, whether they are equal or in order comes out: `eq ne lt le gt ge`.

Rules of text/template/funcs.go (Go 1.27): only basic kinds are compared, and only with their own kind. What Go
refuses raises RefusedError in Go's words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stoker.templates.gotext.errors import RefusedError
from stoker.templates.gotext.literals import to_bytes
from stoker.templates.gotext.printing import sprint
from stoker.templates.gotext.values import Byte, Value, type_name

KINDS: Final = {bool: "bool", int: "int", Byte: "int", float: "float", complex: "complex", str: "string"}
INCOMPATIBLE: Final = "incompatible types for comparison"
INVALID: Final = "invalid type for comparison"
NO_COMPARISON: Final = "missing argument for comparison"


def go_equal(first: Value, *others: Value) -> bool:
    """`eq`: whether the first equals any of the others; values of different kinds are refused, nil equals only nil."""
    if not others:
        raise RefusedError(NO_COMPARISON)
    return any(_equal(first, other) for other in others)


def _equal(first: Value, second: Value) -> bool:
    left, right = KINDS.get(type(first)), KINDS.get(type(second))
    if first is None or second is None:
        return first is second
    if left != right:
        raise RefusedError(INCOMPATIBLE)
    if left is None:
        raise RefusedError(_incomparable(first, second))
    return first == second


def _incomparable(first: Value, second: Value) -> str:
    if isinstance(first, list) is not isinstance(second, list):
        names = f"{sprint(first)}: {type_name(first)}, {type_name(second)}: {sprint(second)}"
        return f"non-comparable types {names}"
    return f"non-comparable type {sprint(second)}: {type_name(second)}"


def go_less(first: Value, second: Value) -> bool:
    """`lt`: numbers of one kind by value, strings by their bytes; nothing else has an order."""
    left = KINDS.get(type(first))
    if left is None:
        raise RefusedError(INVALID)
    right = KINDS.get(type(second))
    if right is None:
        raise RefusedError(INVALID)
    if left != right:
        raise RefusedError(INCOMPATIBLE)
    if isinstance(first, str) and isinstance(second, str):
        return to_bytes(first) < to_bytes(second)
    if isinstance(first, (int, float)) and isinstance(second, (int, float)) and left != "bool":
        return first < second
    raise RefusedError(INVALID)


def _less_or_equal(first: Value, second: Value) -> bool:
    return go_less(first, second) or go_equal(first, second)


ORDERS: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "ne": lambda first, second: not go_equal(first, second),
    "lt": go_less,
    "le": _less_or_equal,
    "gt": lambda first, second: not _less_or_equal(first, second),
    "ge": lambda first, second: not go_less(first, second),
}
