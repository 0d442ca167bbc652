"""The `networkd` section of Ignition 2 as the files that Ignition 2 wrote for it.

In goes a config of `v2`; its networkd files and their drop-ins become entries of `storage.files`, and out come a
finding for each and the Moves: where each stood. Ignition 3 has no such section.
Source: Ignition's `internal/exec/util/unit.go` of its spec2x branch; systemd.network(5) for the directories.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stoker.ignition import messages as m
from stoker.ignition.moves import Moves
from stoker.report import Pointer, Report, Severity
from stoker.schema import v2
from stoker.schema.dataurls import percent_encode
from stoker.schema.paths import join

DIRECTORY: Final = "/etc/systemd/network"
_MODE: Final = 0o644


def move_networkd(config: v2.Config) -> tuple[Report, Moves]:
    """Make files of the networkd section, in place, behind the other files. What has no contents wrote nothing."""
    report, moves = Report(), Moves()
    for path, text, here in texts_of(config.networkd):
        if not text:
            report.add(Severity.INFO, m.NETWORKD_EMPTY, here, path=path)
            continue
        result: Pointer = ("storage", "files", len(config.storage.files))
        source = "data:," + percent_encode(text.encode("utf-8", "surrogateescape"))
        contents = v2.FileContents(source=source)
        config.storage.files.append(v2.File(filesystem="root", path=path, mode=_MODE, contents=contents))
        moves.note(result, here)
        moves.note((*result, "path"), (*here, "name"))
        moves.note((*result, "contents"), (*here, "contents"))
        report.add(Severity.WARNING, m.NETWORKD_MOVED, here, path=path)
    config.networkd = v2.Networkd()
    return report, moves


def texts_of(networkd: v2.Networkd) -> Iterator[tuple[str, str, Pointer]]:
    """The path, the text and the place of every file and drop-in; a file that only has drop-ins is the system's."""
    for index, unit in enumerate(networkd.units):
        here: Pointer = ("networkd", "units", index)
        if unit.contents or not unit.dropins:
            yield join(DIRECTORY, unit.name), unit.contents, here
        for number, dropin in enumerate(unit.dropins):
            path = join(DIRECTORY, f"{unit.name}.d/{dropin.name}")
            yield path, dropin.contents, (*here, "dropins", number)
