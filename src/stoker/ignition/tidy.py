"""An Ignition 2 config as plain data, without what says nothing.

In goes a config of `v2`; out come dicts and lists to write as JSON. Its own tools wrote every empty object, as `encode`
does when it is given the config itself; people need not read them.
"""

from __future__ import annotations

from typing import Any, Final

from stoker.schema.decode import all_rows
from stoker.schema.marks import since
from stoker.schema.objects import Object
from stoker.schema.specs import Spec

# Since then a field that must be there is written even when it is empty.
_WRITTEN_EMPTY: Final = since("2.3")


def tidy(thing: Object, spec: Spec) -> dict[str, Any]:
    """The rows of `thing` that say something in `spec`: no empty objects and lists, no values at their zero."""
    data: dict[str, Any] = {}
    for row, until in all_rows(type(thing)):
        value = getattr(thing, row.name)
        if value is None or value == [] or not row.dates.has(spec):
            continue
        if row.is_object:
            value = [tidy(item, spec) for item in value] if row.is_list else tidy(value, spec)
            is_idle = value == {} and not row.kept_until
        else:
            is_plain = not row.is_optional or (until is not None and spec.minor < until)
            is_idle = is_plain and value == row.type() and not (row.required and _WRITTEN_EMPTY.has(spec))
        if not is_idle:
            data[row.json] = value
    return data
