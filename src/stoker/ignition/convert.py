"""A config from one Ignition 3 version to another, up or down.

In goes a judged config; out come the same config in the target version and a finding for everything the target cannot
say. Up, nothing is lost but the mode bits that had no effect before 3.6. Down, what the target does not know is left
out and reported as an error, since the machine would not become what was asked for.
Source: Ignition's `config/v3_*/translate` and ign-converter's `translate`; the rows' dates say the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stoker.ignition import messages as m
from stoker.ignition.losses import leave_out, short
from stoker.report import Pointer, Report, Severity
from stoker.schema.judge import judge_ignition
from stoker.schema.marks import since
from stoker.schema.specs import IGNITION, Spec
from stoker.schema.v3 import Config, Directory, File, Storage

# Ignition honours setuid, setgid and sticky since 3.6; ign-converter takes it that they count since 3.4.
_SPECIAL_MODES = since("3.6")
_COUNTED_SPECIAL_MODES = since("3.4")


_HAS_CARDS = since("3.5")


def convert(
    config: Config, spec: Spec, target: Spec, *, like_ign_converter: bool = False, named: str = ""
) -> tuple[Config, Report]:
    """Convert `config` from `spec` to `target`, in place. The result keeps what the target can say.

    `named` is the version that messages name where `target` is only on the way to it.

    `like_ign_converter` keeps faults of the original for scripts that count on them: on the way from 3.5 to 3.4 keys in
    a card and advertisements of tang servers go with no more than a warning; special mode bits count since 3.4.
    """
    report = Report()
    if spec.minor < target.minor:
        honoured = _COUNTED_SPECIAL_MODES if like_ign_converter else _SPECIAL_MODES
        if honoured.has(target) and not honoured.has(spec):
            _mask_modes(config.storage, report)
    elif spec.minor > target.minor:
        _refuse_modes(config.storage, spec, target, report, "" if like_ign_converter else named or target.version)
        if like_ign_converter and _HAS_CARDS.has(spec) and not _HAS_CARDS.has(target):
            _drop_keys(config.storage, report)
        leave_out(config, target, report, like_ign_converter=like_ign_converter, named=named)
    config.ignition.version = target.version
    if spec.minor > target.minor:
        judge_result(config, target, report, like_ign_converter=like_ign_converter, named=named)
    return config, report


def _drop_keys(storage: Storage | None, report: Report) -> None:
    """Leave out what ign-converter lets go unnoticed between 3.5 and 3.4."""
    values = {"before": short(IGNITION[_HAS_CARDS.since - 1].version), "since": IGNITION[_HAS_CARDS.since].version}
    for index, luks in enumerate(storage.luks if storage is not None else ()):
        here: Pointer = ("storage", "luks", index)
        if luks.cex is not None:
            report.add(Severity.WARNING, m.NO_CEX, (*here, "cex"), None, **values)
            luks.cex = None
        for number, tang in enumerate(luks.clevis.tang if luks.clevis is not None else ()):
            if tang.advertisement is not None:
                pointer = (*here, "clevis", "tang", number, "advertisement")
                report.add(Severity.WARNING, m.NO_ADVERTISEMENT, pointer, None, **values)
                tang.advertisement = None


def judge_result(
    config: Config, target: Spec, report: Report, *, like_ign_converter: bool = False, named: str = ""
) -> None:
    """Report what the rules of the target say; pointers lead into the result.

    They are not asked to warn of what is refused already.
    """
    refusal = m.PLAIN_RULE_IN_TARGET if like_ign_converter else m.RULE_IN_TARGET
    refused = {entry.pointer for entry in report if entry.is_error}
    for severity, message, pointer, values in judge_ignition(config, target, None, has_unknown=False):
        if severity is Severity.ERROR:
            problem = message.text.format_map(values)
            report.add(severity, refusal, pointer, None, target=named or target.version, problem=problem)
        elif pointer not in refused:
            report.add(severity, message, pointer, None, **values)


def _special_modes(storage: Storage | None) -> Iterator[tuple[Pointer, Directory | File]]:
    """The nodes whose mode says more than who may read, write and execute."""
    lists: tuple[tuple[str, Sequence[Directory | File]], ...] = ()
    if storage is not None:
        lists = (("directories", storage.directories), ("files", storage.files))
    for name, nodes in lists:
        for index, node in enumerate(nodes):
            if node.mode is not None and node.mode & ~0o777:
                yield ("storage", name, index, "mode"), node


def _mask_modes(storage: Storage | None, report: Report) -> None:
    for pointer, node in _special_modes(storage):
        report.add(Severity.WARNING, m.MODE_MASKED, pointer)
        node.mode = (node.mode or 0) & ~0o7000


def _refuse_modes(storage: Storage | None, spec: Spec, target: Spec, report: Report, named: str) -> None:
    """Refuse bits that would lose their effect; without `named` the last version without it is named."""
    for dates in (_SPECIAL_MODES, _COUNTED_SPECIAL_MODES):
        if dates.has(spec) and not dates.has(target):
            before = short(named or IGNITION[dates.since - 1].version)
            for pointer, _ in _special_modes(storage):
                report.add(Severity.ERROR, m.NO_SPECIAL_MODE, pointer, before=before)
            return
