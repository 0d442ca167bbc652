"""How verbs show findings: for people on stderr, or as data on stdout.

In go a report and the texts it is about; an exit code comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stoker.cli.exits import Exit
from stoker.cli.inputs import wants_color
from stoker.cli.streams import STDERR, talk, write_data
from stoker.report import Report, Severity
from stoker.report.native import as_text, summary


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
