"""How verbs show findings: for people on stderr, or as data on stdout.

In go a report and the texts it is about; an exit code comes out.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from stoker.butane.notices import MISSING_VARIABLE
from stoker.cli.exits import Exit
from stoker.cli.inputs import wants_color
from stoker.cli.streams import STDERR, talk, write_data
from stoker.report import Report, Severity
from stoker.report.native import as_text, summary


class Examined(Protocol):
    """What a verb that takes many files found in one: its name, the files that it read, the findings."""

    @property
    def name(self) -> str: ...
    @property
    def read(self) -> Collection[str]: ...
    @property
    def report(self) -> Report: ...


def find_fragments(done: Sequence[Examined]) -> set[str]:
    """The files that are judged where they are included: those that ask others of `done` for values."""
    included = {os.path.normpath(file) for one in done for file in one.read if file != one.name}
    return {
        one.name
        for one in done
        if os.path.normpath(one.name) in included and any(entry.code == MISSING_VARIABLE.code for entry in one.report)
    }


def show(report: Report, texts: Mapping[str, bytes], color: str) -> None:
    """Show findings to a person, with their count at the end."""
    if len(report):
        talk(as_text(report, texts, color=wants_color(color, STDERR)))
        talk(f"\n{summary(report)}\n")


def write_json(data: Any) -> None:
    """Write data as one line of JSON."""
    write_data(msgspec.json.encode(data) + b"\n")


def result(report: Report, *, strict: bool = False) -> Exit:
    """The exit code of a report: warnings count only when they are asked to, what is said for information never."""
    counted = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return Exit.FINDINGS if any(entry.severity in counted for entry in report) else Exit.FINE
