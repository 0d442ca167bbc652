"""A config from one Ignition version to another, up or down.

In goes a judged config; out come the same config in the target version and a finding for everything the target cannot
say. Up, nothing is lost but the mode bits that had no effect before 3.6. Down, what the target does not know is left
out and reported as an error, since the machine would not become what was asked for.
Source: Ignition's `config/v3_*/translate`; the rows' dates say the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stoker.ignition import messages as m
from stoker.report import Pointer, Report, Severity
from stoker.schema.decode import all_rows
from stoker.schema.judge import judge_ignition
from stoker.schema.marks import since
from stoker.schema.objects import Object
from stoker.schema.specs import IGNITION, Spec
from stoker.schema.v3 import Config, Directory, File, Storage

_SPECIAL_MODES = since("3.6")


def convert(config: Config, spec: Spec, target: Spec) -> tuple[Config, Report]:
    """Convert `config` from `spec` to `target`, in place. The result keeps what the target can say."""
    report = Report()
    if spec.minor < target.minor:
        _mask_modes(config.storage, spec, target, report)
    elif spec.minor > target.minor:
        _drop(config, target, (), report)
    config.ignition.version = target.version
    if spec.minor > target.minor:
        for finding in judge_ignition(config, target, None, has_unknown=False):
            problem = finding.message.text.format_map(finding.values)
            report.add(finding.severity, m.RULE_IN_TARGET, finding.pointer, target=target.version, problem=problem)
    return config, report


def _mask_modes(storage: Storage | None, spec: Spec, target: Spec, report: Report) -> None:
    if storage is None or _SPECIAL_MODES.has(spec) or not _SPECIAL_MODES.has(target):
        return
    lists: tuple[tuple[str, Sequence[Directory | File]], ...] = (
        ("directories", storage.directories),
        ("files", storage.files),
    )
    for name, nodes in lists:
        for index, node in enumerate(nodes):
            if node.mode is not None and node.mode & ~0o777:
                report.add(Severity.WARNING, m.MODE_MASKED, ("storage", name, index, "mode"))
                node.mode &= ~0o7000


def _drop(thing: Object, target: Spec, pointer: Pointer, report: Report) -> None:
    """Leave out what the target does not know."""
    for row, until in all_rows(type(thing)):
        value = getattr(thing, row.name)
        here = (*pointer, row.json)
        if until is not None and target.minor < until and value is None:
            setattr(thing, row.name, "")
        if value is None or value == [] or row.dates.is_sugar:
            continue
        if not row.dates.has(target) and not _is_default(row.name, value):
            first = IGNITION[row.dates.since].version
            report.add(Severity.ERROR, m.NOT_IN_TARGET, here, name=row.json, target=target.version, since=first)
            setattr(thing, row.name, [] if row.is_list else None)
        elif row.is_object and row.is_list:
            for index, item in enumerate(value):
                _drop(item, target, (*here, index), report)
        elif row.is_object:
            _drop(value, target, here, report)


def _is_default(name: str, value: Any) -> bool:
    """Whether leaving it out changes nothing."""
    return name == "compression" and value == ""
