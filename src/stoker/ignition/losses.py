"""What a version cannot say, found row by row and left out.

In goes an object of a table and the version it shall be written in; the object loses what that version has no row for,
and out comes a finding for each such thing that says something. The sentences are ign-converter's where it has one.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from stoker.ignition import messages as m
from stoker.report import Message, Pointer, Report, Severity
from stoker.schema.decode import Row, all_rows
from stoker.schema.objects import Object
from stoker.schema.specs import VERSIONS, Spec
from stoker.schema.v3 import (
    Cex,
    Config,
    ConfigReference,
    KernelArguments,
    Luks,
    Partition,
    PasswdGroup,
    PasswdUser,
    Storage,
    Tang,
)


class Loss(NamedTuple):
    """How to name the loss of a row, and which values say nothing that an absent one does not."""

    message: Message
    idle: tuple[object, ...] = ()
    values: dict[str, object] = {}  # noqa: RUF012 -- never changed


LOSSES: Final[dict[tuple[type[Object], str], Loss]] = {
    (Config, "kernel_arguments"): Loss(m.NO_KERNEL_ARGUMENTS, (KernelArguments(),)),
    (ConfigReference, "compression"): Loss(m.NOT_IN_TARGET, ("",)),
    (Luks, "cex"): Loss(m.NO_CEX, (Cex(), Cex(enabled=False))),
    (Luks, "discard"): Loss(m.NO_DISCARD, (False,)),
    (Luks, "open_options"): Loss(m.NO_OPEN_OPTIONS),
    (Partition, "resize"): Loss(m.NO_RESIZE, (False,)),
    (PasswdGroup, "should_exist"): Loss(m.NO_SHOULD_EXIST, (True,), {"what": "Groups"}),
    (PasswdUser, "should_exist"): Loss(m.NO_SHOULD_EXIST, (True,), {"what": "Users"}),
    (Storage, "luks"): Loss(m.NO_LUKS),
    (Tang, "advertisement"): Loss(m.NO_ADVERTISEMENT, ("",)),
}
_OTHER: Final = Loss(m.NOT_IN_TARGET)


def short(version: str) -> str:
    """A version as people say it: `3.2` for `3.2.0`."""
    return ".".join(version.split(".")[:2])


def leave_out(thing: Object, target: Spec, report: Report, *, pointer: Pointer = ()) -> None:
    """Leave out of `thing` and all below it what `target` has no row for."""
    for row, until in all_rows(type(thing)):
        value = getattr(thing, row.name)
        here = (*pointer, row.json)
        if until is not None and target.minor < until and value is None:
            setattr(thing, row.name, row.type())
        if value is None or value == [] or row.dates.is_sugar:
            continue
        if not row.dates.has(target):
            _leave_out_row(thing, row, value, target, here, report)
        elif row.is_object and row.is_list:
            for index, item in enumerate(value):
                leave_out(item, target, report, pointer=(*here, index))
        elif row.is_object:
            leave_out(value, target, report, pointer=here)


def _leave_out_row(thing: Object, row: Row, value: Any, target: Spec, here: Pointer, report: Report) -> None:
    loss = next((loss for cls in type(thing).__mro__ if (loss := LOSSES.get((cls, row.name)))), _OTHER)
    empty = _empty(row)
    if value != empty and value not in loss.idle:
        versions = VERSIONS[target.family]
        report.add(
            Severity.ERROR,
            loss.message,
            here,
            None,
            name=row.json,
            target=target.version,
            since=versions[row.dates.since].version,
            before=short(versions[row.dates.since - 1].version),
            **loss.values,
        )
    setattr(thing, row.name, empty)


def _empty(row: Row) -> Any:
    """What a row holds that says nothing."""
    if row.is_list:
        return []
    return None if row.is_optional else row.type()
