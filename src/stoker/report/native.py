"""Reports as Stoker's own verbs show them, and as data.

In go a Report and the texts it is about; out comes text with the lines around each place, code and hint beside it, or
plain data for JSON. What is said twice of one place is shown once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from stoker.report.entries import Entry, Report, Severity
from stoker.report.places import Place, end_of, pointer_text

_COLORS: Final = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
_FAINT: Final = "1;34"
_CONTEXT: Final = 1
_MOST: Final = 1000  # findings that a person is shown; as data there are all
_WIDTH: Final = 160  # columns of a line that are shown
_ROOM: Final = 40  # of them after the place, or else the line is shown from further on
_TAB: Final = "    "
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# What is underlined: a string of JSON, or a word.
_MARKED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}]+')


def entries_of(report: Report) -> list[Entry]:
    """The entries of a report, each once."""
    return list(dict.fromkeys(report.entries))


def as_text(report: Report, texts: Mapping[str, bytes], *, color: bool = False) -> str:
    """A report for people. `texts` are the texts that places count in, by file name."""
    entries = entries_of(report)
    shown = entries[:_MOST]
    files = {entry.place.file for entry in shown if entry.place is not None}
    lines = {file: texts[file].decode("utf-8", "replace").splitlines() for file in files if file in texts}
    blocks = [_block(entry, lines, color=color) for entry in shown]
    if len(entries) > _MOST:
        blocks.append(f"and {len(entries) - _MOST} more\n")
    return "\n".join(blocks)


def as_data(report: Report) -> list[dict[str, Any]]:
    """A report as plain data: one object an entry, absent parts left out."""
    return [_entry_data(entry) for entry in entries_of(report)]


def _entry_data(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {"severity": entry.severity.value, "code": entry.code, "message": entry.message}
    if entry.pointer:
        data["pointer"] = pointer_text(entry.pointer)
    if entry.place is not None:
        data["file"] = entry.place.file
        if entry.place.line:
            data |= {"line": entry.place.line, "column": entry.place.column}
    if entry.hint:
        data["hint"] = entry.hint
    return data


def summary(report: Report) -> str:
    """How many of which: `2 errors, 1 warning`; empty when nothing was found."""
    counts = [
        f"{count} {severity.value}{'s' if count > 1 else ''}"
        for severity in Severity
        if (count := sum(entry.severity is severity for entry in entries_of(report)))
    ]
    return ", ".join(counts)


def _paint(text: str, code: str, *, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text


def _block(entry: Entry, texts: Mapping[str, list[str]], *, color: bool) -> str:
    head = _paint(f"{entry.severity.value}[{entry.code}]", _COLORS[entry.severity], color=color)
    lines = [f"{head}: {plain(entry.message)}"]
    if entry.place is not None:
        lines += _excerpt(entry, entry.place, texts.get(entry.place.file, []), color=color)
    elif entry.pointer:
        lines.append(f"  at {plain(pointer_text(entry.pointer))}")
    if entry.hint:
        lines.append(f"  {_paint('hint:', _FAINT, color=color)} {plain(entry.hint)}")
    return "\n".join(lines) + "\n"


def _excerpt(entry: Entry, place: Place, shown: list[str], *, color: bool) -> list[str]:
    if not place.line:  # what is missing at the end of the text
        place = end_of(place.file, shown)
    where = f"{place} at {pointer_text(entry.pointer)}" if entry.pointer else str(place)
    lines = [f"  {_paint('-->', _FAINT, color=color)} {plain(where)}"]
    if not 1 <= place.line <= len(shown):
        return lines
    first, last = max(1, place.line - _CONTEXT), min(len(shown), place.line + _CONTEXT)
    width = len(str(last))
    at = plain(shown[place.line - 1][: place.column - 1])
    start = max(0, len(at) - _WIDTH // 2) if len(at) > _WIDTH - _ROOM else 0
    for number in range(first, last + 1):
        bar = _paint(f"{number:{width}d} |", _FAINT, color=color)
        lines.append(f"  {bar} {plain(shown[number - 1])[start : start + _WIDTH]}".rstrip())
        if number == place.line:
            marked = _MARKED.match(shown[number - 1], place.column - 1)
            count = min(len(marked[0].rstrip(":")) if marked else 1, _WIDTH - len(at) + start) or 1
            carets = _paint("^" * count, _COLORS[entry.severity], color=color)
            lines.append(f"  {' ' * width} {_paint('|', _FAINT, color=color)} {' ' * (len(at) - start)}{carets}")
    return lines


def plain(line: str) -> str:
    """Text as a line of a terminal can show it: tabs as spaces, and nothing that would steer the terminal."""
    return _CONTROL.sub("\ufffd", line.replace("\t", _TAB))
