"""Go's view of Python data: the name of a type, the truth of a value, access by index.

Data are what JSON gives: None, bool, float, str, list, dict; an int is a Go `int` (from a literal, a length or an
index), a StringMap a `map[string]string`. Rules of text/template/funcs.go (Go 1.27). A function that refuses raises
ValueError in Go's words.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from stoker.templates.gotext.errors import RefusedError
from stoker.templates.gotext.literals import to_bytes, to_text

Value = object


class StringMap(dict[str, str]):
    """A Go `map[string]string`: the index of an absent key is the empty string."""


class Byte(int):
    """A Go `uint8`: what the index of a string gives."""


TYPE_NAMES: Final = {
    type(None): "interface {}",
    bool: "bool",
    int: "int",
    Byte: "uint8",
    float: "float64",
    complex: "complex128",
    str: "string",
    list: "[]interface {}",
    dict: "map[string]interface {}",
    StringMap: "map[string]string",
}


def type_name(value: Value) -> str:
    """The Go type of a value; nil has that of the interface that holds it."""
    return TYPE_NAMES.get(type(value), type(value).__name__)


def is_true(value: Value) -> bool:
    """What `if` makes of a value: empty, zero, false and nil are not true."""
    return bool(value)


def go_length(value: Value) -> int:
    """`len`: bytes of a string, entries of a list or a map."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(to_bytes(value))
    if isinstance(value, (list, dict)):
        return len(value)
    raise RefusedError("len of nil pointer" if value is None else f"len of type {type_name(value)}")


def go_index(item: Value, *indexes: Value) -> Value:
    """`index`: step by step into lists, strings and maps."""
    if item is None:
        raise RefusedError("index of untyped nil")
    for index in indexes:
        item = _index_once(item, index)
    return item


def _index_once(item: Value, index: Value) -> Value:
    if isinstance(item, dict):
        if index is None:
            raise RefusedError("value is nil; should be of type string")
        if not isinstance(index, str):
            raise RefusedError(f"value has type {type_name(index)}; should be string")
        return item.get(index, "" if isinstance(item, StringMap) else None)
    if isinstance(item, (list, str)):
        position = _position(index, go_length(item))
        if position == go_length(item):
            raise RefusedError(f"reflect: {'slice' if isinstance(item, list) else 'string'} index out of range")
        return item[position] if isinstance(item, list) else Byte(to_bytes(item)[position])
    if item is None:
        raise RefusedError("index of nil pointer")
    raise RefusedError(f"can't index item of type {type_name(item)}")


def _position(index: Value, limit: int) -> int:
    if index is None:
        raise RefusedError("cannot index slice/array with nil")
    if not isinstance(index, int) or isinstance(index, bool):
        raise RefusedError(f"cannot index slice/array with type {type_name(index)}")
    if not 0 <= index <= limit:
        raise RefusedError(f"index out of range: {index}")
    return index


def go_slice(item: Value, *indexes: Value) -> Value:
    """`slice`: `slice x 1 2` is `x[1:2]`; strings are cut by bytes."""
    if item is None:
        raise RefusedError("slice of untyped nil")
    if len(indexes) > 3:
        raise RefusedError(f"too many slice indexes: {len(indexes)}")
    if not isinstance(item, (str, list)):
        raise RefusedError(f"can't slice item of type {type_name(item)}")
    if isinstance(item, str) and len(indexes) == 3:
        raise RefusedError("cannot 3-index slice a string")
    limit = go_length(item)
    bounds = [0, limit]
    for place, index in enumerate(indexes):
        bounds[place : place + 1] = [_position(index, limit)]
    for low, high in pairwise(bounds):
        if low > high:
            raise RefusedError(f"invalid slice index: {low} > {high}")
    return item[bounds[0] : bounds[1]] if isinstance(item, list) else to_text(to_bytes(item)[bounds[0] : bounds[1]])
