"""The functions that templates may call: their names, the least and most arguments, and what they do.

A function takes Go values and returns one; it raises RefusedError in Go's words. `and` and `or` are not here since they
do not evaluate all of their arguments: the compiler knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stoker.templates.gotext.comparison import ORDERS, go_equal
from stoker.templates.gotext.errors import RefusedError
from stoker.templates.gotext.printing import DEFAULT_LIMIT, sprint, sprintf, sprintln
from stoker.templates.gotext.quoting import escape_html, escape_js, escape_query
from stoker.templates.gotext.values import Value, go_index, go_length, go_slice, is_true, type_name


@dataclass(frozen=True, slots=True)
class Function:
    """One function; `most` is None where any number may follow, `takes_text` where the first must be a string."""

    name: str
    least: int
    most: int | None
    call: Callable[..., Value]
    takes_text: bool = False


def _escaped(escape: Callable[[str], str]) -> Callable[..., Value]:
    def call(*values: Value) -> Value:
        if len(values) == 1 and isinstance(values[0], str):
            return escape(values[0])
        return escape(sprint(*("<no value>" if value is None else value for value in values), limit=DEFAULT_LIMIT))

    return call


def refuse_call(written: str, callee: Value) -> Value:
    """`call`, of an operand that is written so: no data hold a function, so this only ever refuses."""
    if callee is None:
        raise RefusedError("call of nil")
    raise RefusedError(f"non-function {written} of type {type_name(callee)}")


_ANY: Final[int | None] = None
FUNCTIONS: Final = {
    function.name: function
    for function in (
        Function("call", 1, _ANY, lambda callee, *_values: refuse_call(f"{callee}", callee)),
        Function("eq", 1, _ANY, go_equal),
        Function("html", 0, _ANY, _escaped(escape_html)),
        Function("index", 1, _ANY, go_index),
        Function("js", 0, _ANY, _escaped(escape_js)),
        Function("len", 1, 1, go_length),
        Function("not", 1, 1, lambda value: not is_true(value)),
        Function("print", 0, _ANY, sprint),
        Function("printf", 1, _ANY, sprintf, takes_text=True),
        Function("println", 0, _ANY, sprintln),
        Function("slice", 1, _ANY, go_slice),
        Function("urlquery", 0, _ANY, _escaped(escape_query)),
        *(Function(name, 2, 2, order) for name, order in ORDERS.items()),
    )
}
SHORT_CIRCUIT: Final = {"and": False, "or": True}
NAMES: Final = frozenset(FUNCTIONS) | frozenset(SHORT_CIRCUIT)
