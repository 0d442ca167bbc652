"""What a version cannot say, found row by row and left out.

In goes an object of a table and the version it shall be written in; the object loses what that version has no row for,
and out comes a finding for each such thing.
"""

from __future__ import annotations

from typing import Any, Final

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

# Values that say nothing an absent one does not.
IDLE: Final[dict[tuple[type[Object], str], tuple[object, ...]]] = {
    (Config, "kernel_arguments"): (KernelArguments(),),
    (ConfigReference, "compression"): ("",),
    (Luks, "cex"): (Cex(), Cex(enabled=False)),
    (Luks, "discard"): (False,),
    (Partition, "resize"): (False,),
    (PasswdGroup, "should_exist"): (True,),
    (PasswdUser, "should_exist"): (True,),
    (Tang, "advertisement"): ("",),
}

# What ign-converter says of a row.
WORDS: Final[dict[tuple[type[Object], str], Message]] = {
    (Config, "kernel_arguments"): m.NO_KERNEL_ARGUMENTS,
    (Luks, "cex"): m.NO_CEX,
    (Luks, "discard"): m.NO_DISCARD,
    (Luks, "open_options"): m.NO_OPEN_OPTIONS,
    (Partition, "resize"): m.NO_RESIZE,
    (PasswdGroup, "should_exist"): m.NO_GROUP_SHOULD_EXIST,
    (PasswdUser, "should_exist"): m.NO_USER_SHOULD_EXIST,
    (Storage, "luks"): m.NO_LUKS,
    (Tang, "advertisement"): m.NO_ADVERTISEMENT,
}


def short(version: str) -> str:
    """A version as people say it: `3.2` for `3.2.0`."""
    return ".".join(version.split(".")[:2])


def leave_out(
    thing: Object,
    target: Spec,
    report: Report,
    *,
    like_ign_converter: bool = False,
    named: str = "",
    pointer: Pointer = (),
) -> None:
    """Leave out of `thing` and all below it what `target` has no row for.

    What says something is an error, what says nothing worth no more than knowing. `like_ign_converter` uses its words;
    `named` is the version that messages name where `target` is only on the way to it.
    """
    for row, until in all_rows(type(thing)):
        value = getattr(thing, row.name)
        here = (*pointer, row.json)
        if until is not None and target.minor < until and value is None:
            setattr(thing, row.name, row.type())
        if value is None or value == [] or row.dates.is_sugar:
            continue
        if not row.dates.has(target):
            if value != _empty(row):
                words = WORDS.get((type(thing), row.name), m.NOT_IN_TARGET) if like_ign_converter else m.NOT_IN_TARGET
                severity = Severity.INFO if value in _idle(thing, row) else Severity.ERROR
                report.add(severity, words, here, None, **_versions(row, target, named))
            setattr(thing, row.name, _empty(row))
        elif row.is_object:
            items = enumerate(value) if row.is_list else ((None, value),)
            for index, item in items:
                below = here if index is None else (*here, index)
                leave_out(item, target, report, like_ign_converter=like_ign_converter, named=named, pointer=below)


def _idle(thing: Object, row: Row) -> tuple[object, ...]:
    """The values of a row that say nothing."""
    return next((found for cls in type(thing).__mro__ if (found := IDLE.get((cls, row.name)))), ())


def _versions(row: Row, target: Spec, named: str) -> dict[str, object]:
    versions = VERSIONS[target.family]
    return {
        "name": row.json,
        "target": named or target.version,
        "since": versions[row.dates.since].version,
        "before": short(versions[row.dates.since - 1].version),
    }


def _empty(row: Row) -> Any:
    """What a row holds that says nothing."""
    if row.is_list:
        return []
    return None if row.is_optional else row.type()
