"""Reports as Stoker's own verbs show them, and as data.

In go a Report and the texts it is about; out comes text with the lines around each place, code and hint beside it, or
plain data for JSON. What is said twice of one place is shown once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stoker.report.entries import Entry, Report, Severity
from stoker.report.places import Place, pointer_text

_COLORS: Final = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
_FAINT: Final = "1;34"
_CONTEXT: Final = 1
_WIDTH: Final = 160
_TAB: Final = "    "


def entries_of(report: Report) -> list[Entry]:
    """The entries of a report, each once."""
    return list(dict.fromkeys(report.entries))


def as_text(report: Report, texts: Mapping[str, bytes], *, color: bool = False) -> str:
    """A report for people. `texts` are the texts that places count in, by file name."""
    blocks = [_block(entry, texts, color=color) for entry in entries_of(report)]
    return "\n".join(blocks)


def as_data(report: Report) -> list[dict[str, Any]]:
    """A report as plain data: one object an entry, absent parts left out."""
    return [_entry_data(entry) for entry in entries_of(report)]


def _entry_data(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {"severity": entry.severity.value, "code": entry.code, "message": entry.message}
    if entry.pointer:
        data["pointer"] = pointer_text(entry.pointer)
    if entry.place is not None:
        data |= {"file": entry.place.file, "line": entry.place.line, "column": entry.place.column}
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


def _block(entry: Entry, texts: Mapping[str, bytes], *, color: bool) -> str:
    head = _paint(f"{entry.severity.value}[{entry.code}]", _COLORS[entry.severity], color=color)
    lines = [f"{head}: {entry.message}"]
    if entry.place is not None:
        lines += _excerpt(entry, entry.place, texts.get(entry.place.file), color=color)
    elif entry.pointer:
        lines.append(f"  at {pointer_text(entry.pointer)}")
    if entry.hint:
        lines.append(f"  {_paint('hint:', _FAINT, color=color)} {entry.hint}")
    return "\n".join(lines) + "\n"


def _excerpt(entry: Entry, place: Place, text: bytes | None, *, color: bool) -> list[str]:
    where = f" at {pointer_text(entry.pointer)}" if entry.pointer else ""
    lines = [f"  {_paint('-->', _FAINT, color=color)} {place}{where}"]
    shown = text.decode("utf-8", "replace").splitlines() if text is not None else []
    if not 1 <= place.line <= len(shown):
        return lines
    first, last = max(1, place.line - _CONTEXT), min(len(shown), place.line + _CONTEXT)
    width = len(str(last))
    for number in range(first, last + 1):
        bar = _paint(f"{number:{width}d} |", _FAINT, color=color)
        lines.append(f"  {bar} {shown[number - 1][:_WIDTH].replace(chr(9), _TAB)}".rstrip())
        if number == place.line:
            before = shown[number - 1][: place.column - 1].replace("\t", _TAB)
            marked = shown[number - 1][place.column - 1 :].partition(" ")[0] or " "
            if len(before) < _WIDTH:
                carets = _paint("^" * min(len(marked), _WIDTH - len(before)), _COLORS[entry.severity], color=color)
                lines.append(f"  {' ' * width} {_paint('|', _FAINT, color=color)} {' ' * len(before)}{carets}")
    return lines
