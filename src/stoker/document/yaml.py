"""YAML text into nodes.

In goes the text of a file; out comes a Document, or a Report that says where the text is not YAML. libyaml (by way of
PyYAML) does scanning and parsing; composing is done here, event by event, because it is as fast as the C composer,
counts depth and aliases before anything is built on them, and keeps the places of aliases. Only the first document of
a stream is read, as the reference does. Source: YAML 1.1 as libyaml reads it; go-yaml v3 for the limits.
"""

from __future__ import annotations

from typing import Any, Final

import yaml
from yaml._yaml import CParser

from stoker.document.messages import (
    ALIAS_OF_ITSELF,
    DEEP,
    DUPLICATE_KEY,
    EXPANDS,
    LARGE,
    NOT_YAML,
    UNKNOWN_ALIAS,
)
from stoker.document.nodes import ALIAS, MAPPING, SCALAR, SEQUENCE, Document, Node
from stoker.report import ROOT, Message, Place, Report, Severity

MAX_BYTES: Final = 64 << 20
MAX_DEPTH: Final = 1_000
MAX_EXPANSION: Final = 100_000

_OPEN: Final = object()


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
        root, duplicates = _compose(CParser(text))
    except _Refused as refused:
        report.add(Severity.ERROR, refused.message, ROOT, _place(file, refused.mark), **refused.values)
        return None, report
    except yaml.MarkedYAMLError as error:
        problem = " ".join(part for part in (error.context, error.problem) if part)
        place = _place(file, error.problem_mark or error.context_mark)
        report.add(Severity.ERROR, NOT_YAML, ROOT, place, problem=problem)
        return None, report
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = text.count(b"\n", 0, getattr(error, "position", 0) or 0) + 1
        problem = getattr(error, "reason", None) or str(error)
        report.add(Severity.ERROR, NOT_YAML, ROOT, Place(file, line, 1), problem=problem)
        return None, report
    document = Document(file, text, root)
    for key, first in duplicates:
        report.add(
            Severity.ERROR,
            DUPLICATE_KEY,
            document.pointer_of(key),
            document.place_of(key),
            key=key.value,
            line=first.mark.line + 1,
        )
    return (None if report.has_errors else document), report


def _place(file: str, mark: Any) -> Place | None:
    return None if mark is None else Place(file, mark.line + 1, mark.column + 1)


def _compose(parser: Any) -> tuple[Node | None, list[tuple[Node, Node]]]:
    """Compose the first document from the parser's events; also the keys that stand twice in one mapping."""
    next_event = parser.get_event
    duplicates: list[tuple[Node, Node]] = []
    anchors: dict[str, Any] = {}
    stack: list[tuple[list[Any], Node, str | None]] = []
    current: list[Any] = []
    top = current
    aliases = False
    while True:
        event = next_event()
        kind = event.__class__
        if kind is yaml.ScalarEvent:
            node = Node(SCALAR, event.value, event.start_mark, event.tag, event.style or "")
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
                anchors[event.anchor] = _OPEN
            stack.append((current, node, event.anchor))
            current = items
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            items = current
            current, node, anchor = stack.pop()
            if anchor is not None:
                anchors[anchor] = node
            if kind is yaml.MappingEndEvent:
                keys = items[::2]
                node.value = list(zip(keys, items[1::2], strict=True))
                if len({key.value for key in keys if key.kind == SCALAR}) != len(keys):
                    duplicates += _twice(keys)
        elif kind is yaml.AliasEvent:
            aliases = True
            target = anchors.get(event.anchor)
            if target is None or target is _OPEN:
                message = UNKNOWN_ALIAS if target is None else ALIAS_OF_ITSELF
                raise _Refused(message, event.start_mark, name=event.anchor)
            current.append(Node(ALIAS, target, event.start_mark))
        elif kind is yaml.DocumentEndEvent or kind is yaml.StreamEndEvent:
            break
    root = top[0] if top else None
    if aliases:
        _limit_expansion(root)
    return root, duplicates


def _twice(keys: list[Node]) -> list[tuple[Node, Node]]:
    seen: dict[str, Node] = {}
    found = []
    for key in keys:
        if key.kind == SCALAR:
            first = seen.setdefault(key.value, key)
            if first is not key:
                found.append((key, first))
    return found


def _limit_expansion(root: Node | None) -> None:
    """Refuse a document whose aliases stand for more nodes than anyone writes ("billion laughs").

    For every node, children first: how many values a reader sees below it, and how many of these through aliases.
    """
    seen: dict[int, tuple[int, int]] = {}
    stack: list[tuple[Node, bool]] = [] if root is None else [(root, False)]
    while stack:
        node, is_back = stack.pop()
        if id(node) in seen:
            continue
        if node.kind == MAPPING:
            children = [child for pair in node.value for child in pair]
        elif node.kind == SCALAR:
            children = []
        else:
            children = [node.value] if node.kind == ALIAS else node.value
        if children and not is_back:
            stack.append((node, True))
            stack.extend((child, False) for child in children)
            continue
        values = 1 + sum(seen[id(child)][0] for child in children)
        aliased = values if node.kind == ALIAS else sum(seen[id(child)][1] for child in children)
        if aliased > MAX_EXPANSION:
            raise _Refused(EXPANDS, node.mark, limit=MAX_EXPANSION)
        seen[id(node)] = (values, aliased)
