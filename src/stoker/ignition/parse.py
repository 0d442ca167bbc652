"""An Ignition config from text: which version it is, what is wrong with it, and where.

In goes JSON of any version 2.0.0 to 2.4.0 and 3.0.0 to 3.7.0-experimental; out comes a Parsed. The steps are those of
the reference: the version first, then the config as that version has it. Source: Ignition's `config` packages of 2.26,
and of its spec2x branch.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from stoker.document import json
from stoker.document.nodes import MAPPING, SEQUENCE, STRING, Document, Node
from stoker.ignition import messages as m
from stoker.report import ROOT, Entry, Place, Pointer, Report, Severity
from stoker.schema import messages as schema_messages
from stoker.schema.decode import Faults
from stoker.schema.judge import decode_ignition, go_type_error, judge_ignition
from stoker.schema.meant import advise, meant
from stoker.schema.rules import Finding
from stoker.schema.specs import IGNITION, NEWEST, SPECS, SPECS_2, Spec, canonical_version
from stoker.schema.v3 import Config

if TYPE_CHECKING:
    from stoker.schema.v2 import Config as OldConfig

INVALID: Final = "config is not valid"


_VERSION: Final = ("ignition", "version")
_OLDEST_VERSION: Final = ("ignitionVersion",)
_VARIANT: Final = ("variant",)
_VARIANT_LINE: Final = re.compile(rb"^variant\s*:", re.MULTILINE)
_BEGINNING: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{(?![{%]|\s*[\"'](?:variant|version))")
_WHY: Final = {message.text: message for message in (m.EMPTY, m.INVALID_VERSION, m.UNKNOWN_VERSION)}


# What was wanted: how a person says it, and what to do.
_WANTED: Final = {
    "string": ("a text", "write it in double quotes"),
    "integer": ("a whole number", "write it without quotes, and modes in decimal: 420 is 0644"),
    "boolean": ("true or false", "write it without quotes"),
    "list": ("a list", "write it in `[` and `]`"),
    "mapping": ("an object", "write it in `{` and `}`"),
}
_GOT: Final = {MAPPING: "an object", SEQUENCE: "a list"}


class Parsed:
    """What became of a text.

    `config` is None when there are errors; `error` says in the reference's words why. `spec` is the version it is
    written in, once that is known. An Ignition 2 config is `old` instead.
    """

    __slots__ = ("_wrong", "config", "document", "error", "old", "report", "spec")

    def __init__(self, report: Report) -> None:
        self.config: Config | None = None
        self.document: Document | None = None
        self.error: str | None = None
        self.old: OldConfig | None = None
        self.report = report
        self.spec: Spec | None = None
        self._wrong: list[tuple[Node, str]] = []  # values of a wrong type, with the type that is wanted

    def report_types(self, document: Document, faults: Faults) -> None:
        """Report the first value of a wrong type, and where the reference's decoder noticed it: at its end."""
        self._wrong = faults.wrong
        node, wanted = faults.wrong[0]
        message = go_type_error(document, node, wanted)
        mark = node.mark
        place = mark.after(document.file) if isinstance(mark, json.Spot) else None
        self.report.add(Severity.ERROR, m.WRONG_TYPE, ROOT, place, problem=message)

    def _say_types(self, document: Document) -> None:
        """Report every value of a wrong type in plain words, where it stands."""
        self.report = Report()
        pointers = document.pointers_of([node for node, _ in self._wrong])
        for (node, wanted), pointer in zip(self._wrong, pointers, strict=True):
            words, advice = _WANTED.get(wanted, (wanted, "write it as the schema has it"))
            got = _GOT.get(node.kind) or ("a text" if node.tag == STRING else f"`{node.value}`")
            place = document.place(pointer)
            self.report.add(Severity.ERROR, m.WRONG_TYPE_HERE, pointer, place, wanted=words, got=got, advice=advice)

    def say_why(self, raw: bytes, file: str) -> None:
        """Put why the text is no config into the report, where that does not say it, or says it badly.

        The reference's place of a character that may not be there is the one behind it.
        """
        if self.document is None:
            self.report = Report(map(_at_the_character, self.report))
        elif self._wrong:
            self._say_types(self.document)
        if self.document is None and _VARIANT_LINE.search(raw):
            self.report = Report()
            self.report.add(Severity.ERROR, m.BUTANE, ROOT, Place(file, 1, 1))
        if self.error is None or self.report.has_errors:
            return
        why, pointer, place = _WHY[self.error], ROOT, Place(file, 1, 1)
        for message, where in ((why, _VERSION), (m.OLDEST, _OLDEST_VERSION), (m.BUTANE, _VARIANT)):
            if self.document is not None and self.document.has(where):
                why, pointer, place = message, where, self.document.place(where)
        self.report.add(Severity.ERROR, why, pointer, place)

    @property
    def documents(self) -> list[Document]:
        """The text, where it is JSON, as a list that may hold it."""
        return [] if self.document is None else [self.document]

    @property
    def texts(self) -> dict[str, bytes]:
        """The text by its file's name."""
        return {document.file: document.text for document in self.documents}

    def sources(self, result: Pointer) -> list[tuple[Pointer, Place]]:
        """The part of the text that gave a part of the config, and where it stands; nothing where it has none."""
        document = self.document
        return [] if document is None or not document.has(result) else [(result, document.place(result))]


def _at_the_character(entry: Entry) -> Entry:
    """A finding of a text that is no JSON, where it stops being it."""
    place = entry.place
    if place is None or place.column <= 1:
        return entry
    return msgspec.structs.replace(entry, place=place._replace(column=place.column - 1))


def parse(raw: bytes, *, file: str = "") -> Parsed:
    """Parse and judge a config. `file` is the name to show."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        done = _parse(raw, file)
        spec = done.spec
        if spec is not None and spec.family == "v3":
            advise(done.report, lambda pointer: meant(pointer, spec))
        return done
    finally:
        if was_enabled:
            gc.enable()


def _parse(raw: bytes, file: str) -> Parsed:
    if not raw:
        done = Parsed(Report())
        done.error = m.EMPTY.text
        return done
    document, report = json.read(raw, file)
    done = Parsed(report)
    done.document, done.error = document, INVALID
    if document is None:
        return done
    spec = _spec(document, done)
    if spec is None:
        return done
    done.spec = spec
    if spec.family == "v2":
        _parse_old(document, spec, done)
        return done
    config, faults = decode_ignition(document, spec)
    if faults.wrong:
        done.report_types(document, faults)
        return done
    findings = judge_ignition(config, spec, document, has_unknown=faults.unknown)
    place(findings, document, report)
    if not report.has_errors:
        done.config, done.error = config, None
    return done


def _parse_old(document: Document, spec: Spec, done: Parsed) -> None:
    """Parse and judge an Ignition 2 config."""
    from stoker.schema.judge_v2 import decode_v2, judge_v2  # noqa: PLC0415 -- few configs are that old

    config, faults = decode_v2(document, spec)
    if faults.wrong:
        done.report_types(document, faults)
        return
    place(judge_v2(config, spec, document, has_unknown=faults.unknown), document, done.report)
    advise(done.report, lambda pointer: meant(pointer, spec, type(config)))
    if not done.report.has_errors:
        done.old, done.error = config, None


def _spec(document: Document, done: Parsed) -> Spec | None:
    """The version that the text says it is written in; keys are matched without regard to case."""
    config, faults = decode_ignition(_only(document, ("ignition", "version")), NEWEST)
    if faults.wrong:
        done.report_types(document, faults)
        return None
    version = canonical_version(config.ignition.version)
    if version is None:
        done.error = m.INVALID_VERSION.text
        return None
    spec = SPECS.get(("ignition", version)) or SPECS_2.get(("ignition", version))
    if spec is None:
        done.error = m.UNKNOWN_VERSION.text
    return spec


def _only(document: Document, names: tuple[str, ...]) -> Document:
    """The document with only one way down; the same nodes, so that places stay."""
    return Document(document.file, document.text, _prune(document.root, names))


def _prune(node: Node | None, names: tuple[str, ...]) -> Node | None:
    if node is None or node.kind != MAPPING or not names:
        return node
    pairs = [(key, _prune(value, names[1:])) for key, value in node.value if key.value.lower() == names[0]]
    return Node(MAPPING, pairs, node.mark)


def place(findings: list[Finding], document: Document, report: Report) -> None:
    """Report findings at their places in the text."""
    for severity, message, pointer, values in findings:
        is_key = message.code == schema_messages.UNUSED_KEY.code
        find = document.key_place if is_key else document.place
        report.add(severity, message, pointer, find(pointer, as_decoded=False), **values)


def place_nowhere(findings: list[Finding], report: Report) -> None:
    """Report findings about a config that has no text."""
    for severity, message, pointer, values in findings:
        report.add(severity, message, pointer, None, **values)


def parse_plainly(raw: bytes, *, file: str = "") -> Parsed:
    """Parse a config for people: the report says in any case, and in plain words, why there is none."""
    done = parse(raw, file=file)
    done.say_why(raw, file)
    return done


def parse_newer(raw: bytes, *, file: str = "") -> Parsed:
    """Parse a config for those who only know Ignition 3; the report says in any case why there is none."""
    done = parse_plainly(raw, file=file)
    if done.old is not None and done.document is not None and done.spec is not None:
        done.report.add(Severity.ERROR, m.OLDER, _VERSION, done.document.place(_VERSION), version=done.spec.version)
    return done


def looks_like_json(raw: bytes) -> bool:
    """Whether a text begins as a config in JSON does, and not as a template or as Butane in braces."""
    return _BEGINNING.match(raw) is not None


def validate(raw: bytes, *, file: str = "") -> tuple[Report, str | None]:
    """Judge an Ignition 3 config: the report, and why it is not valid where the report does not say so."""
    done = parse(raw, file=file)
    if done.spec is not None and done.spec.family == "v2":
        return Report(), m.UNKNOWN_VERSION.text
    return done.report, None if done.report.has_errors else done.error


def judge(config: Config, spec: Spec) -> Report:
    """Judge a config that has no text, such as a merged one."""
    report = Report()
    place_nowhere(judge_ignition(config, spec, None, has_unknown=False), report)
    return report


def find_spec(version: str) -> Spec | None:
    """The spec of Ignition 3 in a version as a person writes it: `3.4` and `3.4.0` are the same."""
    return find_among(IGNITION, version)


def find_among(specs: Iterable[Spec], version: str) -> Spec | None:
    """The one of `specs` in a version as a person writes it."""
    short = version.removesuffix("-experimental")
    canonical = canonical_version(version if version.count(".") >= 2 else version.replace(short, short + ".0"))
    return next((spec for spec in specs if spec.version == canonical), None)


__all__ = ["Parsed", "Pointer", "find_spec", "judge", "parse", "place", "place_nowhere"]
