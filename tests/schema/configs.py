"""Configs by chance: a strategy for every Ignition version, derived from the table.

What comes out is well formed, not valid: rules are not asked. It is whole in that it could have been read: no object
that sets nothing, no two entries of one key in a list.
"""

from __future__ import annotations

import functools
from typing import Any

from hypothesis import strategies as st

from stoker.schema.decode import Row, all_rows, plan_zero, rows
from stoker.schema.specs import Spec
from stoker.schema.v3 import Config, HttpHeader, Ignition, Object

# Few words, so that keys meet; a list that shares a name space with others has words of its own, so that they don't.
_WORDS = st.sampled_from(["", "a", "b", "c", "/x", "ä\u2028<&>", "\b\f\x7f\U0001f600"])
_NUMBERS = st.integers(0, 4) | st.sampled_from([0o755, -(1 << 63), (1 << 63) - 1])


def configs(spec: Spec) -> st.SearchStrategy[Config]:
    """Configs of one Ignition version."""
    return _objects(Config, spec, "").map(lambda config: _of_version(config, spec))


def _of_version(config: Any, spec: Spec) -> Config:
    whole: Config = config or Config(ignition=Ignition(version=""))
    whole.ignition.version = spec.version
    return whole


@functools.cache
def _objects(cls: type[Object], spec: Spec, list_name: str) -> st.SearchStrategy[Any]:
    """Objects of a class, None where one would set nothing."""
    fields = {row.name: _values(row, cls, spec, list_name) for row in rows(cls, spec)}
    # An empty path would be one name in every list of its name space.
    always = {"path": fields.pop("path")} if "path" in fields else {}
    return st.fixed_dictionaries(always, optional=fields).map(lambda values: _make(cls, spec, values))


def _values(row: Row, cls: type[Object], spec: Spec, list_name: str) -> st.SearchStrategy[Any]:
    if row.is_object:
        one = st.deferred(lambda: _objects(row.type, spec, row.name if row.is_list else ""))
        return st.lists(one, max_size=3) if row.is_list else one
    words = _WORDS
    if row.name in {"path", "should_exist", "should_not_exist"} and row.type is str:
        words = words.map(lambda word: f"{list_name or row.name}/{word}")
    if cls is HttpHeader and row.name == "value":
        return words
    one = {str: words, bool: st.booleans(), int: _NUMBERS}[row.type]
    return st.lists(one, max_size=3) if row.is_list else one


def _make(cls: type[Object], spec: Spec, values: dict[str, Any]) -> Object | None:
    """An object as it would have been read; a header gets a value, since one without removes another."""
    for row, until in all_rows(cls):
        if until is not None and spec.minor < until:
            values.setdefault(row.name, "")
        if row.required:
            values.setdefault(row.name, plan_zero(row.type) if row.is_object else row.type())
        if row.is_list and row.name in values:
            values[row.name] = _once(row, cls, values[row.name])
    if cls is HttpHeader:
        values.setdefault("value", "")
    given = {name: value for name, value in values.items() if value is not None and value != []}
    return cls(**given) if given else None


def _once(row: Row, cls: type[Object], items: list[Any]) -> list[Any]:
    items = [item for item in items if item is not None]
    if row.name in cls.APPEND:
        return items
    return list({item.key() if row.is_object else item: item for item in items}.values())
