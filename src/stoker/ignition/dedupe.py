"""Things that an Ignition 2 config says twice, said once.

In goes a config of `v2`; it keeps the last file of a path and the last unit and user of a name, with the drop-ins and
the keys of the others joined, and out comes a finding for each that went. Ignition 2 let the later one win; Ignition 3
refuses both. Source: ign-converter's `RemoveDuplicateFilesUnitsUsers`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import TypeVar

from stoker.ignition import messages as m
from stoker.ignition.moves import Moves
from stoker.report import Pointer, Report, Severity
from stoker.schema import v2

T = TypeVar("T", v2.File, v2.Unit, v2.PasswdUser)


def deduplicate(config: v2.Config) -> tuple[Report, Moves]:
    """Keep the last of each, in place. A file that is also appended to is refused: one entry cannot say both.

    The Moves tell where what is left stood before.
    """
    report, moves = Report(), Moves()
    storage, systemd, passwd = config.storage, config.systemd, config.passwd
    counts = Counter(_path(file) for file in storage.files)
    for index, file in enumerate(storage.files):
        if file.append and counts[_path(file)] > 1:
            report.add(Severity.ERROR, m.APPENDED_TWICE, ("storage", "files", index), path=file.path)
    if not report.has_errors:
        storage.files = _keep_last(storage.files, _path, _join_nothing, ("storage", "files"), report, moves)
        systemd.units = _keep_last(systemd.units, _name, _join_dropins, ("systemd", "units"), report, moves)
        passwd.users = _keep_last(passwd.users, _name, _join_keys, ("passwd", "users"), report, moves)
    return report, moves


def _path(file: v2.File) -> tuple[str, str]:
    return file.filesystem, file.path


def _name(thing: v2.Unit | v2.PasswdUser) -> str:
    return thing.name


def _join_nothing(kept: v2.File, gone: v2.File) -> None:
    """The contents of the last file are all there is."""


def _join_dropins(kept: v2.Unit, gone: v2.Unit) -> None:
    names = {dropin.name for dropin in kept.dropins}
    kept.dropins = [dropin for dropin in gone.dropins if dropin.name not in names] + kept.dropins


def _join_keys(kept: v2.PasswdUser, gone: v2.PasswdUser) -> None:
    known = set(kept.ssh_authorized_keys)
    kept.ssh_authorized_keys = [key for key in gone.ssh_authorized_keys if key not in known] + kept.ssh_authorized_keys


def _keep_last(
    items: list[T],
    key: Callable[[T], Hashable],
    join: Callable[[T, T], None],
    where: Pointer,
    report: Report,
    moves: Moves,
) -> list[T]:
    last = {key(item): index for index, item in enumerate(items)}
    for index in range(len(items) - 1, -1, -1):
        kept = last[key(items[index])]
        if kept != index:
            join(items[kept], items[index])
            report.add(Severity.INFO, m.SAID_AGAIN, (*where, index), index=kept)
    for number, index in enumerate(sorted(last.values())):
        moves.note((*where, number), (*where, index))
    return [items[index] for index in sorted(last.values())]
