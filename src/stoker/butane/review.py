"""Everything there is to say about a config before a machine sees it.

In goes the text of a document or of an Ignition config; out comes a Report: what the language says, then what the
config would do to the machine it is for, then whether it fits the platform that carries it. A config of Ignition 2 is
looked at as what Ignition 3 would say for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from stoker.butane.compile import Compilation
from stoker.butane.documents import compile_document
from stoker.butane.explain import Explained
from stoker.document.nodes import SCALAR, Document
from stoker.ignition.parse import parse_plainly
from stoker.ignition.sizes import LIMITS, judge_size
from stoker.report import ROOT, Place, Pointer, Report
from stoker.report.places import end_of
from stoker.schema import v2
from stoker.schema.judge import judge_advice
from stoker.schema.objects import Object
from stoker.schema.platforms import NAMES, OTHER_NAMES
from stoker.schema.specs import IGNITION, SPECS, Spec
from stoker.schema.v3 import Config

# Container Linux lives on in this one.
_HEIR: Final = SPECS["flatcar", "1.0.0"]
# Platforms that take no more than so much, by each of their names.
_LIMITED: Final = {
    **{name: name for name in LIMITS},
    **{other: name for name, other in OTHER_NAMES.items() if name in LIMITS},
}


class Review(NamedTuple):
    """The findings, and the texts that their places count in, by file."""

    report: Report
    texts: Mapping[str, bytes]


def review_butane(text: bytes, *, file: str, files_dir: str = "", platform: str = "") -> Review:
    """Review a document of either language; `platform` is one of `sizes.LIMITS` or `platforms.NAMES`."""
    known = platform if platform in NAMES else ""
    done = compile_document(text, file=file, files_dir=files_dir, platform=known)
    if isinstance(done, Compilation):
        _advise(done, done.config, done.spec, platform)
    elif done.config is not None:
        _advise_old(done, done.config, _HEIR, platform)
    return Review(done.report, {file: text} | done.texts)


def review_ignition(text: bytes, *, file: str, platform: str = "") -> Review:
    """Review an Ignition config."""
    done = parse_plainly(text, file=file)
    if done.old is not None:
        _advise_old(done, done.old, IGNITION[0], platform, written=len(text))
    else:
        _advise(done, done.config, done.spec, platform, written=len(text))
    _place_in_text(done.report, text)
    return Review(done.report, {file: text})


def _place_in_text(report: Report, text: bytes) -> None:
    """Count places as people do, in characters, rather than as the reference does, in bytes.

    What is missing at the end of a text is there, and not in line 0, which no text has.
    """
    lines = text.split(b"\n")
    placed = [(entry.place, index) for index, entry in enumerate(report.entries) if entry.place is not None]
    number = start = count = 0  # a line, how many bytes of it were read, and how many characters these are
    for place, index in sorted(placed):
        if not place.line:
            counted = end_of(place.file, text.decode("utf-8", "replace").splitlines())
        else:
            if place.line != number:
                number, start, count = place.line, 0, 0
            count += len(lines[number - 1][start : place.column - 1].decode("utf-8", "replace"))
            start = place.column - 1
            counted = place._replace(column=count + 1)
        report.entries[index] = msgspec.structs.replace(report.entries[index], place=counted)


def _advise(
    done: Explained, config: Config | None, spec: Spec | None, platform: str, written: int | None = None
) -> None:
    """Add to the report of a config that the language has nothing against."""
    if config is not None and spec is not None:
        _add_advice(done, config, spec, lambda pointer: pointer)
        _add_size(done, config, platform, written)


def _advise_old(done: Explained, config: v2.Config, spec: Spec, platform: str, written: int | None = None) -> None:
    """Look at an Ignition 2 config as one of Ignition 3; what is in other file systems is out of every system's way."""
    from stoker.ignition.upgrade_rows import ROOT, translate  # noqa: PLC0415 -- few configs are that old

    paths = {filesystem.name: f"/mnt/{filesystem.name}" for filesystem in config.storage.filesystems}
    renewed, moves = translate(config, {**paths, ROOT: "/"}, Report(), like_ign_converter=False)
    _add_advice(done, renewed, spec, moves.source)
    _add_size(done, config, platform, written)


def _add_advice(done: Explained, config: Config, spec: Spec, find: Callable[[Pointer], Pointer]) -> None:
    """Say what a config would do; `find` gives the pointer that a part of it has in `done`."""
    lines = _Lines(done.documents)
    advice = Report()
    for severity, message, pointer, values in judge_advice(config, spec):
        line = values.pop("line", None)
        source, place = _source(done, find(pointer))
        if place is not None and isinstance(line, int):
            place = lines.place(source, place, line)
        advice.add(severity, message, source, place, **values)
    done.report.extend(sorted(advice, key=lambda entry: entry.place or ()))


def _add_size(done: Explained, config: Object, platform: str, written: int | None) -> None:
    if platform not in _LIMITED:
        return
    whole = next((document.place(ROOT) for document in reversed(done.documents)), None)

    def find(pointer: Pointer) -> Place | None:
        return whole if pointer == ROOT else _source(done, pointer)[1]

    done.report.extend(judge_size(config, _LIMITED[platform], find, written))


def _source(done: Explained, pointer: Pointer) -> tuple[Pointer, Place | None]:
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
