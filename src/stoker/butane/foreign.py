"""Texts that people hand over for a config and that are something else, named as what they are.

In goes what became of a text in which no language was found, or that has errors; its report then names the cause: a
file of another program, or a template that nobody has filled in.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from typing import Final

from stoker.butane import notices as m
from stoker.document.messages import SYNTAX
from stoker.document.nodes import MAPPING, SCALAR, Document
from stoker.report import ROOT, Message, Place, Report, Severity
from stoker.schema.messages import WRONG_TYPE

# What cloud-init takes beside `#cloud-config`, by how it begins. Source: docs.cloud-init.io, "User-data formats"; an
# archive is a message of RFC 2045, which tools for mailboxes begin with a `From` line.
_OF_CLOUD_INIT: Final = (
    (re.compile(rb"#include(?:-once)?\s"), m.CLOUD_INCLUDE),
    (re.compile(rb"#cloud-boothook\s"), m.SCRIPT),
    (re.compile(rb"(?:From [^\n]*\n)?(?:MIME-Version:|Content-Type:\s*multipart/)", re.IGNORECASE), m.CLOUD_ARCHIVE),
)
# What the first line that says anything looks like. Sources: developer.hashicorp.com, "Terraform language"; toml.io.
_FORMS: Final = (
    (re.compile(rb"#!"), m.SCRIPT),
    (
        re.compile(rb'(?:resource|data|module|provider|variable|output)\s+"[^"]*".*\{|(?:locals|terraform)\s+\{'),
        m.TERRAFORM,
    ),
    (re.compile(rb"\[\[?[\w.\"-]+\]\]?\s*(?:#|$)"), m.TOML),
)
_COMMENT: Final = re.compile(rb"\s*(?:#(?!!)|//|$)")
# A field of a template: `{{.name}}`, `{{ name }}`, `{% if name %}`. With a dollar sign before it, it is a variable.
_FIELD: Final = re.compile(r"(?<!\$)\{\{[^{}]*\}\}|\{%.*?%\}")
# What is said of a text that cannot be read.
_UNREADABLE: Final = frozenset(message.code for message in (*SYNTAX, WRONG_TYPE))
HEAD: Final = 1024  # bytes in which what is no text shows itself
MAX_LINES: Final = 1000  # of comments that come first


def name_foreign(report: Report, text: bytes, document: Document | None, file: str) -> Report:
    """The report of a text in which no language was found: if it is known what it is, that alone."""
    is_ours = document is not None and document.has(("variant",))
    named = None if is_ours else _by_line(text) or _by_keys(document)
    if named is None:
        return report
    message, line = named
    report = Report()
    report.add(Severity.ERROR, message, ROOT, Place(file, line, 1))
    return report


def _by_line(text: bytes) -> tuple[Message, int] | None:
    """What a text is by how it begins, or by the first line that says anything, and the number of that line."""
    if b"\0" in text[:HEAD] and not text.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return m.BINARY, 1
    text = text.removeprefix(BOM_UTF8)
    for form, message in _OF_CLOUD_INIT:
        if form.match(text):
            return message, 1
    for number, line in enumerate(text.split(b"\n", MAX_LINES)[:MAX_LINES], 1):
        if not _COMMENT.match(line):
            return next(((message, number) for form, message in _FORMS if form.match(line)), None)
    return None


def _by_keys(document: Document | None) -> tuple[Message, int] | None:
    """What a document is by its keys, and the line of the one that tells."""
    root = document.root if document is not None else None
    if document is None or root is None or root.kind != MAPPING:
        return None
    keys = {key.value for key, _ in root.value if key.kind == SCALAR}
    return (m.KUBERNETES, document.place(("kind",)).line) if {"apiVersion", "kind"} <= keys else None


def name_fields(report: Report, texts: Mapping[str, bytes]) -> None:
    """Say of what cannot be read in lines with fields of a template that these have to be filled in first.

    `texts` are the texts that places count in, by file.
    """
    found = [index for index, entry in enumerate(report.entries) if entry.code in _UNREADABLE]
    files = {place.file for index in found if (place := report.entries[index].place) is not None}
    lines = {file: texts[file].decode("utf-8", "replace").split("\n") for file in files if file in texts}
    for index in found:
        entry = report.entries[index]
        field = _field(lines, entry.place)
        if field is not None and entry.place is not None:
            named = Report()
            where = entry.place._replace(column=field.start() + 1)
            named.add(Severity.ERROR, m.TEMPLATE_FIELD, entry.pointer, where, field=field[0])
            report.entries[index] = named.entries[0]


def _field(lines: dict[str, list[str]], place: Place | None) -> re.Match[str] | None:
    """The field of a template in the line of a place."""
    text = lines.get(place.file, []) if place is not None else []
    return _FIELD.search(text[place.line - 1]) if place is not None and 0 < place.line <= len(text) else None
