"""Reports as text.

In go a Report and, for snippets, the text it is about; out comes what a person reads. `as_lines` is one line an entry,
as Butane before 0.29 and Ignition write it; `as_snippets` shows the lines around each place, as Butane does since.
"""

from __future__ import annotations

from typing import Final

from stoker.report.entries import Entry, Report, Severity
from stoker.report.places import pointer_text

_COLORS: Final = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
_BLUE: Final = "1;34"
_CONTEXT: Final = 2
_MOST: Final = 16 << 20
_GO_SPACE: Final = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(code) for code in range(0x2000, 0x200B)
}


def as_line(entry: Entry) -> str:
    """One entry on one line: `error at $.pointer, line 3 col 5: message`."""
    where = [pointer_text(entry.pointer)] if entry.pointer else []
    if entry.place is not None:
        where.append(f"line {entry.place.line} col {entry.place.column}")
    at = f" at {', '.join(where)}" if where else ""
    return f"{entry.severity}{at}: {entry.message}"


def as_lines(report: Report) -> str:
    """A report, one line an entry."""
    return "".join(as_line(entry) + "\n" for entry in report)


def as_snippets(report: Report, source: bytes, file: str, color: bool) -> str:
    """A report with the lines around each place.

    `source` is the text the places count in; columns count characters, but carets are set by bytes, so they stand
    elsewhere after other than ASCII, as in the reference. Long lines are shown whole, but once there are 16 MiB of
    them the rest of the report is one line an entry.
    """
    lines = source.split(b"\n")
    shown: list[str] = []
    length = 0
    for entry in report:
        shown.append(_snippet(entry, lines, file, color=color) if length < _MOST else as_line(entry) + "\n")
        length += len(shown[-1])
    return "\n".join(shown)


def _paint(text: str, code: str, *, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text


def _snippet(entry: Entry, lines: list[bytes], file: str, *, color: bool) -> str:
    place = entry.place
    if place is None or not (1 <= place.line <= len(lines) and 1 <= place.column <= len(lines[place.line - 1])):
        return as_line(entry) + "\n"
    first, last = max(1, place.line - _CONTEXT), min(len(lines), place.line + _CONTEXT)
    width = len(str(last))
    gutter = f" {' ' * width} |"
    pointer = f"[{pointer_text(entry.pointer)}]" if entry.pointer else ""
    out = [
        f"{_paint(entry.severity.value, _COLORS[entry.severity], color=color)}{pointer}:",
        f"  {_paint('-->', _BLUE, color=color)} {file}:{place.line}:{place.column}",
        gutter,
    ]
    for number in range(first, last + 1):
        text = lines[number - 1].decode("utf-8", "surrogateescape")
        out.append(f" {_paint(f'{number:{width}d}', _BLUE, color=color)} | {text}")
        if number == place.line:
            start = place.column - 1
            carets = _paint("^" * _underlined(lines[number - 1][start:]), _BLUE, color=color)
            out.append(f"{gutter} {' ' * start}{carets} {entry.message}")
    out.append(gutter)
    return "\n".join(out) + "\n"


def _underlined(rest: bytes) -> int:
    """How many bytes stand before the next white space."""
    count = 0
    for char in rest.decode("utf-8", "surrogateescape"):
        if char in _GO_SPACE:
            return count
        count += len(char.encode("utf-8", "surrogateescape"))
    return count
