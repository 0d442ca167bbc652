"""An Ignition 3 config as plain data in which every object is written, be it empty.

In goes a config; out come dicts and lists to write as JSON, in the order of the reference. Ignition's own tools write
it so (the Go types of `config/v3_4/types` hold objects by value, and `omitempty` leaves no object out).
"""

from __future__ import annotations

from typing import Any

from stoker.schema.decode import all_rows
from stoker.schema.objects import Object
from stoker.schema.specs import Spec


def full(thing: Object, spec: Spec) -> dict[str, Any]:
    """The rows of `thing` in `spec`: all objects, and of the rest what says something."""
    data: dict[str, Any] = {}
    for row, _ in all_rows(type(thing)):
        if not row.dates.has(spec):
            continue
        value = getattr(thing, row.name)
        if row.is_list:
            value = [full(item, spec) for item in value] if row.is_object else value
        elif row.is_object:
            value = full(row.type() if value is None else value, spec)
        is_idle = value is None or value == [] or not (row.is_optional or row.required or value)
        if not is_idle or (row.is_object and not row.is_list):
            data[row.json] = value
    return data
