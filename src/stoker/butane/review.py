"""Everything there is to say about a config before a machine sees it.

In goes the text of a Butane document or of an Ignition config; out comes a Report: what the language says, then what
the config would do to the machine it is for, then whether it fits the platform that carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stoker.butane.compile import Compilation
from stoker.butane.documents import compile_document
from stoker.document.nodes import SCALAR, Document
from stoker.ignition.parse import Parsed, parse
from stoker.ignition.sizes import judge_size
from stoker.report import Place, Pointer, Report
from stoker.schema.judge import judge_advice


class Review(NamedTuple):
    """The findings, and the texts that their places count in, by file."""

    report: Report
    texts: Mapping[str, bytes]


def review_butane(text: bytes, *, file: str, files_dir: str = "", platform: str | None = None) -> Review:
    """Review a Butane document; `platform` is one of `sizes.LIMITS`. Of Container Linux Config only the language is."""
    done = compile_document(text, file=file, files_dir=files_dir)
    if isinstance(done, Compilation):
        _advise(done, platform)
    return Review(done.report, {file: text} | done.texts)


def review_ignition(text: bytes, *, file: str, platform: str | None = None) -> Review:
    """Review an Ignition config."""
    done = parse(text, file=file)
    done.say_why(text, file)
    _advise(done, platform)
    return Review(done.report, {file: text})


def _advise(done: Compilation | Parsed, platform: str | None) -> None:
    """Add to the report of a config that the language has nothing against."""
    if done.config is None or done.spec is None:
        return
    lines = _Lines(done.documents)
    advice = Report()
    for severity, message, pointer, values in judge_advice(done.config, done.spec):
        line = values.pop("line", None)
        source, place = _source(done, pointer)
        if place is not None and isinstance(line, int):
            place = lines.place(source, place, line)
        advice.add(severity, message, source, place, **values)
    done.report.extend(sorted(advice, key=lambda entry: entry.place or ()))
    if platform is not None:
        done.report.extend(judge_size(done.config, platform, lambda pointer: _source(done, pointer)[1]))


def _source(done: Compilation | Parsed, pointer: Pointer) -> tuple[Pointer, Place | None]:
    return next(reversed(done.sources(pointer)), (pointer, None))


class _Lines:
    """The lines of documents, to point into texts that they hold."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = {document.file: document for document in documents}
        self.lines: dict[str, list[str]] = {}

    def place(self, pointer: Pointer, place: Place, line: int) -> Place:
        """The place of a line of a value where the text shows its lines one by one: a literal block does."""
        document = self.documents[place.file]
        node, depth = document.find(pointer)
        if node is None or depth < len(pointer) or node.kind != SCALAR or node.style != "|":
            return place
        if place.file not in self.lines:
            self.lines[place.file] = document.text.decode("utf-8", "replace").splitlines()
        lines, number = self.lines[place.file], place.line + line
        if number >= len(lines):
            return place
        shown = lines[number]
        return Place(place.file, number + 1, len(shown) - len(shown.lstrip()) + 1)
