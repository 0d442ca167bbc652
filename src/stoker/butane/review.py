"""Everything there is to say about a config before a machine sees it.

In goes the text of a Butane document or of an Ignition config; out comes a Report: what the language says, then what
the config would do to the machine it is for, then whether it fits the platform that carries it.
"""

from __future__ import annotations

from collections.abc import Callable

from stoker.butane.compile import compile_text
from stoker.butane.origins import settle
from stoker.document.nodes import SCALAR, Document
from stoker.ignition.messages import UNUSABLE
from stoker.ignition.parse import parse
from stoker.ignition.sizes import judge_size
from stoker.report import Place, Pointer, Report, Severity
from stoker.schema.judge import judge_advice
from stoker.schema.specs import Spec
from stoker.schema.v3 import Config

Find = Callable[[Pointer], Pointer]


def review_butane(text: bytes, *, file: str, files_dir: str = "", platform: str | None = None) -> Report:
    """Review a Butane document; `platform` is one of `sizes.LIMITS`."""
    done = compile_text(text, file=file, files_dir=files_dir)
    config, document = done.config, done.document
    if config is None or document is None or done.spec is None:
        return done.report

    def find(pointer: Pointer) -> Pointer:
        return settle(document, done.origins.trace(pointer)[-1])

    return _advise(config, done.spec, platform, _Text(document, find), done.report)


def review_ignition(text: bytes, *, file: str, platform: str | None = None) -> Report:
    """Review an Ignition config."""
    done = parse(text, file=file)
    document, report = done.document, done.report
    if done.config is None or document is None or done.spec is None:
        if done.error is not None and not report.has_errors:
            report.add(Severity.ERROR, UNUSABLE, problem=f"`{file}`: {done.error}")
        return report
    return _advise(done.config, done.spec, platform, _Text(document, lambda pointer: pointer), report)


def _advise(config: Config, spec: Spec, platform: str | None, text: _Text, report: Report) -> Report:
    advice = Report()
    for severity, message, pointer, values in judge_advice(config, spec):
        line = values.pop("line", None)
        source = text.find(pointer)
        place = text.place(source, line if isinstance(line, int) else None)
        advice.add(severity, message, source, place, **values)
    report.extend(sorted(advice, key=lambda entry: entry.place or ()))
    if platform is not None:
        report.extend(judge_size(config, platform, lambda pointer: text.place(text.find(pointer), None)))
    return report


class _Text:
    """What a person wrote, and `find`, which says which part of it gave a part of the config."""

    def __init__(self, document: Document, find: Find) -> None:
        self.document = document
        self.find = find
        self._lines: list[str] | None = None

    def place(self, pointer: Pointer, line: int | None) -> Place | None:
        """The place of a value, or of a line in it where the text shows its lines one by one: a literal block does."""
        node, depth = self.document.find(pointer)
        place = self.document.place(pointer)
        is_shown = node is not None and depth == len(pointer) and node.kind == SCALAR and node.style == "|"
        if place is None or line is None or not is_shown:
            return place
        if self._lines is None:
            self._lines = self.document.text.decode("utf-8", "replace").splitlines()
        number = place.line + line
        if number >= len(self._lines):
            return place
        shown = self._lines[number]
        return Place(place.file, number + 1, len(shown) - len(shown.lstrip()) + 1)
