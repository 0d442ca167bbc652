"""YAML text into nodes.

In goes the text of a file; out comes a Document, or a Report that says where the text is not YAML. libyaml (by way of
PyYAML) does scanning and parsing; composing is done here, event by event, because it is as fast as the C composer,
counts depth before anything is built on it, and keeps the places of aliases. Only the first document of
a stream is read, as the reference does. Source: YAML 1.1 as libyaml reads it; go-yaml v3 for the limits.
"""

from __future__ import annotations

import codecs
import re
from typing import Any, Final

import yaml
from yaml._yaml import CParser

from stoker.document.messages import (
    DEEP,
    LARGE,
    NOT_FOR_GO,
    NOT_YAML,
    TANGLED,
    UNKNOWN_ALIAS,
    WRONG_YAML_VERSION,
)
from stoker.document.nodes import ALIAS, CYCLE, MAPPING, SCALAR, SEQUENCE, Document, Node
from stoker.report import ROOT, Message, Place, Report, Severity

MAX_BYTES: Final = 64 << 20
MAX_DEPTH: Final = 10_000
# libyaml looks at every open bracket for each token between brackets; MAX_DEPTH braces alone take nearly as much.
MAX_EFFORT: Final = 160_000_000

_ESCAPED_SLASH: Final = re.compile(r"(?:^|[^\\])(?:\\\\)*\\/")


class _Refused(Exception):
    def __init__(self, message: Message, mark: Any, **values: object) -> None:
        super().__init__(message.text)
        self.message = message
        self.mark = mark
        self.values = values


def read(text: bytes, file: str) -> tuple[Document | None, Report]:
    """Read the first document of a YAML text. The Document is None when the Report has errors.

    `file` is the name to show; it is not opened.
    """
    report = Report()
    if len(text) > MAX_BYTES:
        report.add(Severity.ERROR, LARGE, limit=MAX_BYTES)
        return None, report
    try:
        root = _compose(CParser(text), _with_escaped_slashes(text))
    except _Refused as refused:
        report.add(Severity.ERROR, refused.message, ROOT, _place(file, refused.mark), **refused.values)
        return None, report
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        report.add(Severity.ERROR, NOT_YAML, ROOT, _place(file, mark), problem=_problem(error))
        return None, report
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = text.count(b"\n", 0, getattr(error, "position", 0) or 0) + 1
        problem = getattr(error, "reason", None) or str(error)
        report.add(Severity.ERROR, NOT_YAML, ROOT, Place(file, line, 1), problem=problem)
        return None, report
    return Document(file, text, root), report


def _with_escaped_slashes(text: bytes) -> str:
    """The text as characters where an escaped slash may be in it, else nothing; the parser says what is no text."""
    if text[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return text.decode("utf-16", "replace")
    return text.decode("utf-8-sig", "replace") if b"\\/" in text else ""


def _problem(error: yaml.MarkedYAMLError) -> str:
    """What the parser says, with the line where it began what it could not finish."""
    if error.context is None:
        return str(error.problem)
    began = f" (line {error.context_mark.line + 1})" if error.context_mark is not None else ""
    return f"{error.context}{began}: {error.problem}"


def _place(file: str, mark: Any) -> Place | None:
    return None if mark is None else Place(file, mark.line + 1, mark.column + 1)


def _compose(parser: Any, written: str) -> Node | None:
    """Compose the first document from the parser's events. `written`: the text, where an escaped slash may be in it."""
    next_event = parser.get_event
    anchors: dict[str, Any] = {}
    stack: list[tuple[list[Any], Node, Any]] = []
    current: list[Any] = []
    top = current
    brackets = 0
    effort = 0
    while True:
        event = next_event()
        kind = event.__class__
        if brackets:
            effort += brackets
            if effort > MAX_EFFORT:
                raise _Refused(TANGLED, event.start_mark)
        if kind is yaml.ScalarEvent:
            style = event.style or ""
            if brackets and not style and "?" in event.value:
                raise _Refused(NOT_FOR_GO, event.start_mark, problem="`?` in a plain value between braces or brackets")
            if written and style == '"' and "/" in event.value:
                _refuse_escaped_slash(event, written)
            node = Node(SCALAR, event.value, event.start_mark, event.tag, style)
            current.append(node)
            if event.anchor is not None:
                anchors[event.anchor] = node
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if len(stack) >= MAX_DEPTH:
                raise _Refused(DEEP, event.start_mark, limit=MAX_DEPTH)
            items: list[Any] = []
            node = Node(MAPPING if kind is yaml.MappingStartEvent else SEQUENCE, items, event.start_mark, event.tag)
            current.append(node)
            if event.anchor is not None:
                anchors[event.anchor] = Node(SCALAR, event.anchor, event.start_mark, CYCLE)
            stack.append((current, node, event))
            current = items
            brackets += bool(event.flow_style)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            items = current
            current, node, start = stack.pop()
            if start.anchor is not None:
                anchors[start.anchor] = node
            if kind is yaml.MappingEndEvent:
                node.value = list(zip(items[::2], items[1::2], strict=True))
            brackets -= bool(start.flow_style)
        elif kind is yaml.AliasEvent:
            target = anchors.get(event.anchor)
            if target is None:
                raise _Refused(UNKNOWN_ALIAS, event.start_mark, name=event.anchor)
            current.append(Node(ALIAS, target, event.start_mark, None, event.anchor))
        elif kind is yaml.DocumentStartEvent:
            if event.version is not None and tuple(event.version) != (1, 1):
                raise _Refused(WRONG_YAML_VERSION, event.start_mark)
        elif kind is yaml.DocumentEndEvent or kind is yaml.StreamEndEvent:
            return top[0] if top else None


def _refuse_escaped_slash(event: Any, written: str) -> None:
    """Refuse an escape of YAML 1.2 that go-yaml does not know."""
    text = written[event.start_mark.index : event.end_mark.index]
    if _ESCAPED_SLASH.search(text):
        raise _Refused(NOT_FOR_GO, event.start_mark, problem="the escape `\\/`")
