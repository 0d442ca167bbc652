"""Unit files as the reference's lexer reads them, and as systemd does.

In goes the text of a unit or drop-in; out comes whether it has an option in `[Install]`, or the words the reference
uses for what is wrong with it; or all of its options with their lines. Source: systemd.syntax(7); messages of
go-systemd's unit reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

LINE_MAX: Final = 2048
_BUFFER: Final = 4096
_SPACE: Final = " \t\n\v\f\r\x85\xa0"


class UnitFileError(ValueError):
    """The text is no unit file; the text says why."""


class Option(NamedTuple):
    """An option of a unit file; `line` counts from 0."""

    section: str
    name: str
    value: str
    line: int


def read_options(text: str) -> Iterator[Option]:
    """Read every option of a unit file as systemd does: comments go, continued lines are joined, garbage is skipped."""
    section = ""
    lines = enumerate(text.split("\n"))
    for number, raw in lines:
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        parts = [line]
        while parts[-1].endswith("\\"):
            following = next(lines, (0, ""))[1].strip()
            if following[:1] not in {"#", ";"}:
                parts[-1] = parts[-1][:-1]
                parts.append(following)
        line = " ".join(parts)
        name, equals, value = line.partition("=")
        if line[0] == "[":
            section = line[1:].partition("]")[0]
        elif equals:
            yield Option(section, name.rstrip(), value.lstrip(), number)


def has_install_option(text: str) -> bool:
    """Read a unit file; whether any option stands in its `[Install]` section. Raises UnitFileError."""
    if len(text) >= LINE_MAX and _has_long_line(text):
        return _Lexer(text).has_install_option()
    return _read(text)


def _has_long_line(text: str) -> bool:
    return any(len(line.encode("utf-8", "replace")) >= LINE_MAX for line in text.replace("\r", "\n").split("\n"))


def _read(text: str) -> bool:
    """The quick reading, for texts without long lines."""
    position, end, section, found = _first_section(text)
    while position < end:
        char = text[position]
        if char in _SPACE:
            position += 1
        elif char == "[":
            section, position = _section(text, position + 1)
        elif char in "#;":
            position = _after_comment(text, position + 1)
        else:
            position = _after_option(text, position)
            found = found or section == "Install"
    return found


def _first_section(text: str) -> tuple[int, int, str, bool]:
    """Skip to the first bracket outside comments; whatever else stands before it is not looked at."""
    position, end = 0, len(text)
    while position < end:
        char = text[position]
        if char == "[":
            break
        position = _after_comment(text, position + 1) if char in "#;" else position + 1
    return position, end, "", False


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _section(text: str, position: int) -> tuple[str, int]:
    close = text.find("]", position)
    if close < 0:
        raise UnitFileError("unable to find end of section")
    end = _line_end(text, close + 1)
    garbage = text[close + 1 : end].strip(_SPACE)
    if garbage:
        raise UnitFileError(f"found garbage after section name : {go_quote(garbage)}")
    return text[position:close], end + 1


def _after_comment(text: str, position: int) -> int:
    while True:
        end = _line_end(text, position)
        line = text[position:end]
        line = line.removesuffix(" ")
        position = end + 1
        if not line.endswith("\\") or end >= len(text):
            return position


def _after_option(text: str, position: int) -> int:
    equals = text.find("=", position)
    newline = _line_end(text, position)
    carriage = text.find("\r", position, newline)
    stop = carriage if carriage >= 0 else newline
    if equals < 0 or equals > stop:
        if stop == len(text):
            raise UnitFileError("EOF")
        raise UnitFileError("unexpected newline encountered while parsing option name")
    position = equals + 1
    while True:
        end = _line_end(text, position)
        line = text[position:end]
        position = end + 1
        if not line.endswith("\\") or not line.strip(_SPACE):
            return position


class _Lexer:
    """The same reading, one step at a time over the reference's buffer of 4096 bytes.

    The reference refuses long lines only where its buffer happens to hold 2048 bytes without a line end when a step
    begins; this follows the buffer to say the same.
    """

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "replace")
        self.position = 0
        self.filled = 0

    def _check(self) -> None:
        if self.filled - self.position >= LINE_MAX:
            line = self.data[self.position : self.position + LINE_MAX]
            if b"\n" not in line and b"\r" not in line:
                raise UnitFileError(f"line too long (max {LINE_MAX} bytes)")

    def _fill(self) -> None:
        self.filled = min(len(self.data), self.position + _BUFFER)

    def _rune(self) -> str:
        if self.position + 4 > self.filled:
            self._fill()
        lead = self.data[self.position : self.position + 1]
        if not lead:
            return ""
        width = 1 + (lead[0] >= 0xC0) + (lead[0] >= 0xE0) + (lead[0] >= 0xF0)
        rune = self.data[self.position : self.position + width].decode("utf-8", "replace")
        self.position += width
        return rune

    def _until(self, delimiter: bytes) -> tuple[bytes, bool]:
        """Read up to and with the delimiter; whether it was there."""
        start = self.position
        while True:
            found = self.data.find(delimiter, self.position, self.filled)
            if found >= 0:
                self.position = found + 1
                return self.data[start : self.position], True
            if self.filled == len(self.data):
                self.position = self.filled
                return self.data[start:], False
            if self.filled - self.position >= _BUFFER:
                self.position = self.filled
            self._fill()

    def _line(self) -> tuple[bytes, bool]:
        line, ended = self._until(b"\n")
        return line.removesuffix(b"\n" if ended else b"\r"), not ended

    def _comment(self) -> None:
        while True:
            self._check()
            line, at_end = self._line()
            while not at_end and line.removesuffix(b" ").endswith(b"\\"):
                line, at_end = self._line()
            return

    def _option(self, first: str) -> None:
        self._check()
        rune = first
        while rune != "=":
            if not rune:
                raise UnitFileError("EOF")
            if rune in "\r\n":
                raise UnitFileError("unexpected newline encountered while parsing option name")
            rune = self._rune()
        while True:
            self._check()
            line, _ = self._line()
            if not line.strip() or not line.endswith(b"\\"):
                return

    def has_install_option(self) -> bool:
        """See the function of this name."""
        section: str | None = None
        found = False
        while True:
            self._check()
            rune = self._rune()
            if not rune:
                return found
            if rune == "[":
                self._check()
                name, closed = self._until(b"]")
                if not closed:
                    raise UnitFileError("unable to find end of section")
                self._check()
                garbage = self._line()[0].strip()
                if garbage:
                    text = garbage.decode("utf-8", "replace")
                    raise UnitFileError(f"found garbage after section name : {go_quote(text)}")
                section = name[:-1].decode("utf-8", "replace")
            elif rune in "#;":
                self._comment()
            elif section is not None and rune not in _SPACE:
                self.position -= len(rune.encode("utf-8", "replace"))
                self._check()
                self._option(self._rune())
                found = found or section == "Install"


_QUOTES: Final = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def go_quote(text: str) -> str:
    """Quote a string as Go's `%q` does."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char in _QUOTES:
            out.append(_QUOTES[char])
        elif char.isprintable():
            out.append(char)
        elif char < "\x80":
            out.append(f"\\x{ord(char):02x}")
        else:
            out.append(f"\\u{ord(char):04x}" if char <= "\uffff" else f"\\U{ord(char):08x}")
    return '"' + "".join(out) + '"'
