"""JSON text into nodes.

In goes the text of a file; out comes a Document, or a Report with the one place where the text is not JSON. Places
count bytes in a line, as the reference's do. Source: RFC 8259; limits and leniency of Go's encoding/json: bytes that
are not UTF-8 and lone surrogates read as U+FFFD, keys may repeat.
"""

from __future__ import annotations

import bisect
import itertools
import re
from typing import Any, Final

from stoker.document.messages import DEEP, LARGE, NOT_JSON
from stoker.document.nodes import BOOLEAN, FLOAT, INTEGER, MAPPING, NULL, SCALAR, SEQUENCE, STRING, Document, Node
from stoker.report import ROOT, Place, Report, Severity

MAX_BYTES: Final = 256 << 20
MAX_DEPTH: Final = 10_000

# Bytes are counted once for each so many characters.
_STEP: Final = 4096

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LINE_END: Final = re.compile("\n")
_LONE: Final = re.compile("[\ud800-\udfff]")
_ESCAPES: Final = dict(zip("\a\b\f\n\r\t\v\\", (rf"\{letter}" for letter in "abfnrtv\\"), strict=True))
_WORDS: Final = {"true": BOOLEAN, "false": BOOLEAN, "null": NULL}


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


class Lines:
    """A text that knows where its lines start, and how many bytes are where, once it is asked."""

    __slots__ = ("_sizes", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] = []
        self._sizes: list[int] = []

    def size(self, offset: int) -> int:
        """How many bytes are before an offset."""
        text = self.text
        if text.isascii():
            return offset
        if not self._sizes:
            steps = range(0, len(text), _STEP)
            self._sizes = [0, *itertools.accumulate(_bytes(text[start : start + _STEP]) for start in steps)]
        step, rest = divmod(offset, _STEP)
        return self._sizes[step] + _bytes(text[offset - rest : offset])

    def at(self, offset: int) -> tuple[int, int]:
        """How many lines are before an offset, and where its own starts."""
        if not self._starts:
            self._starts = [0, *(found.end() for found in _LINE_END.finditer(self.text))]
        line = bisect.bisect_right(self._starts, offset) - 1
        return line, self._starts[line]


class Spot:
    """A span of a text; its line and column are found when asked for.

    The span of an object or array starts and ends after its opening bracket, where the reference has it.
    """

    __slots__ = ("end", "lines", "start")

    def __init__(self, lines: Lines, start: int, end: int) -> None:
        self.lines = lines
        self.start = start
        self.end = end

    @property
    def line(self) -> int:
        """Lines before the span."""
        return self.lines.at(self.start)[0]

    @property
    def column(self) -> int:
        """Bytes before the span in its line."""
        return self.lines.size(self.start) - self.lines.size(self.lines.at(self.start)[1])

    def after(self, file: str) -> Place:
        """The place right after a scalar, or after the opening bracket; line 0 when the text ends there."""
        return place_at(self.lines, self.end, file)


def place_at(lines: Lines, offset: int, file: str) -> Place:
    """The place of an offset; line 0, column 0 when it is past the end, as the reference has it."""
    if offset >= len(lines.text):
        return Place(file, 0, 0)
    spot = Spot(lines, offset, offset)
    return Place(file, spot.line + 1, spot.column + 1)


class _Broken(Exception):
    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


def read(raw: bytes, file: str) -> tuple[Document | None, Report]:
    """Read a JSON text. The Document is None when the Report has errors; `file` is the name to show."""
    report = Report()
    if len(raw) > MAX_BYTES:
        report.add(Severity.ERROR, LARGE, limit=MAX_BYTES)
        return None, report
    lines = Lines(raw.decode("utf-8", "surrogateescape"))
    try:
        root = _Reader(lines).read()
    except _Broken as broken:
        report.add(Severity.ERROR, NOT_JSON, ROOT, place_at(lines, broken.offset, file), problem=broken.problem)
        return None, report
    except RecursionError:
        report.add(Severity.ERROR, DEEP, ROOT, Place(file, 0, 0), limit=MAX_DEPTH)
        return None, report
    return Document(file, raw, root), report


def _quote(text: str, mark: str) -> str:
    """Quote as Go's strconv does; a byte that is no UTF-8 is shown as that byte."""
    return mark + "".join(f"\\{char}" if char == mark else _shown(char) for char in text) + mark


def _shown(char: str) -> str:
    if char.isprintable() and char != "\\":
        return char
    code = ord(char)
    if char in _ESCAPES:
        return _ESCAPES[char]
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class _Reader:
    """Reads one text, with a stack of its own so that depth is bounded by MAX_DEPTH alone."""

    def __init__(self, lines: Lines) -> None:
        from json.decoder import scanstring  # type: ignore[attr-defined]  # noqa: PLC0415 -- 2 ms that Butane saves

        self.lines = lines
        self.text = lines.text
        self.scan = scanstring

    def read(self) -> Node:
        stack: list[tuple[Node, list[Any]]] = []
        position = self._space(0)
        while True:
            char = self.text[position : position + 1]
            if char in ("{", "["):
                if len(stack) >= MAX_DEPTH:
                    raise _Broken("exceeded max depth", position + 1)
                items: list[Any] = []
                node = Node(MAPPING if char == "{" else SEQUENCE, items, Spot(self.lines, position + 1, position + 1))
                stack.append((node, items))
                position = self._space(position + 1)
                if self.text[position : position + 1] != ("}" if char == "{" else "]"):
                    position = self._key(items, position) if char == "{" else position
                    continue
            else:
                node, position = self._scalar(position)
                if stack:
                    stack[-1][1].append(node)
            position = self._close(stack, node, position)
            if not stack:
                break
        position = self._space(position)
        if position < len(self.text):
            raise self._unexpected(position, "after top-level value")
        return self._top

    def _close(self, stack: list[tuple[Node, list[Any]]], node: Node, position: int) -> int:
        """After a value: close what ends here, and go on to the next value. Leaves the stack empty at the end."""
        self._top = stack[0][0] if stack else node
        while stack:
            position = self._space(position)
            char = self.text[position : position + 1]
            container, items = stack[-1]
            is_mapping = container.kind == MAPPING
            if char == ("}" if is_mapping else "]"):
                stack.pop()
                container.value = list(zip(items[::2], items[1::2], strict=True)) if is_mapping else items
                position += 1
                if stack:
                    stack[-1][1].append(container)
                continue
            if char != ",":
                what = "after object key:value pair" if is_mapping else "after array element"
                raise self._unexpected(position, what)
            position = self._space(position + 1)
            return self._key(items, position) if is_mapping else position
        return position

    def _space(self, position: int) -> int:
        return _SPACE.match(self.text, position).end()  # type: ignore[union-attr]

    def _unexpected(self, position: int, what: str) -> _Broken:
        if position >= len(self.text):
            return _Broken("unexpected end of JSON input", position)
        char = _quote(self.text[position], "'")
        return _Broken(f"invalid character {char} {what}", position + 1)

    def _string(self, position: int) -> tuple[str, int]:
        try:
            value, end = self.scan(self.text, position + 1, True)
        except ValueError as wrong:
            error: Any = wrong  # a JSONDecodeError
            if error.msg.startswith("Unterminated"):
                raise _Broken("unexpected end of JSON input", len(self.text)) from None
            if "escape" not in error.msg:
                raise self._unexpected(error.pos, "in string literal") from None
            slash = self.text.rfind("\\", 0, error.pos + 1)
            escape = self.text[slash : slash + (6 if self.text[slash + 1] == "u" else 2)]
            shown = f"`{escape}`" if escape.isprintable() and not set(escape) & {" ", "`"} else _quote(escape, '"')
            raise _Broken(f"invalid escape sequence {shown} in string", slash + len(escape)) from None
        return (_LONE.sub("\ufffd", value) if not value.isascii() else value), end

    def _key(self, items: list[Any], position: int) -> int:
        """Read a key and its colon."""
        if self.text[position : position + 1] != '"':
            what = "looking for beginning of object key string"
            raise self._unexpected(position, what)
        value, end = self._string(position)
        items.append(Node(SCALAR, value, Spot(self.lines, position, end), STRING, '"'))
        end = self._space(end)
        if self.text[end : end + 1] != ":":
            raise self._unexpected(end, "after object key")
        return self._space(end + 1)

    def _scalar(self, position: int) -> tuple[Node, int]:
        char = self.text[position : position + 1]
        if char == '"':
            value, end = self._string(position)
            return Node(SCALAR, value, Spot(self.lines, position, end), STRING, '"'), end
        number = _NUMBER.match(self.text, position)
        if number:
            self._check_number(number.end())
            tag = FLOAT if number[1] or number[2] else INTEGER
            return Node(SCALAR, number[0], Spot(self.lines, position, number.end()), tag), number.end()
        for word, tag in _WORDS.items():
            if char == word[0]:
                return self._word(word, tag, position)
        if char == "-":
            raise self._unexpected(position + 1, "in numeric literal")
        raise self._unexpected(position, "looking for beginning of value")

    def _check_number(self, end: int) -> None:
        char = self.text[end : end + 1]
        if char == ".":
            raise self._unexpected(end + 1, "after decimal point in numeric literal")
        if char in ("e", "E"):
            sign = 1 if self.text[end + 1 : end + 2] in ("+", "-") else 0
            raise self._unexpected(end + 1 + sign, "in exponent of numeric literal")

    def _word(self, word: str, tag: str, position: int) -> tuple[Node, int]:
        for index, letter in enumerate(word):
            if self.text[position + index : position + index + 1] != letter:
                raise self._unexpected(position + index, f"in literal {word} (expecting '{letter}')")
        end = position + len(word)
        return Node(SCALAR, word, Spot(self.lines, position, end), tag), end
