"""The two arrows of the room: `parse` makes a Template of a text, `Template.render` makes bytes of it and data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stoker.report import Place, Report, Severity
from stoker.templates.gotext.compiler import Write, compile_definitions
from stoker.templates.gotext.errors import TemplateError, TemplateLimitError
from stoker.templates.gotext.expressions import new_frame
from stoker.templates.gotext.functions import NAMES
from stoker.templates.gotext.literals import to_bytes, to_text
from stoker.templates.gotext.messages import LIMIT
from stoker.templates.gotext.parser import Parser
from stoker.templates.gotext.run import Limits, Rendered, Run

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Template:
    """A template ready to run any number of times; made by `parse`."""

    name: str
    file: str
    text: str
    main: Write
    frame_size: int

    def render(
        self, data: Mapping[str, object], limits: Limits = DEFAULT_LIMITS, *, is_strict: bool = True
    ) -> tuple[Rendered | None, Report]:
        """Carry the template out with data as JSON gives them, numbers as floats.

        `is_strict` is Go's `missingkey=error`; without it an absent key prints `<no value>`.
        """
        run = Run(limits, is_strict)
        report = Report()
        try:
            self.main(run, new_frame(data, self.frame_size), data)
        except TemplateError as fault:
            _tell(report, fault, self.file, self.text)
        except RecursionError:
            _tell(report, TemplateLimitError("exceeded maximum template depth", 0, LIMIT), self.file, self.text)
        return (None if report.has_errors else run.rendered()), report


def parse(text: bytes, file: str, name: str | None = None) -> tuple[Template | None, Report]:
    """Read a template. `name` is what Go's complaints call it, by default the file."""
    name = file if name is None else name
    report = Report()
    source = to_text(text)
    try:
        definitions = Parser(name, source, NAMES).parse()
    except TemplateError as fault:
        _tell(report, fault, file, source)
        return None, report
    compiled = compile_definitions(definitions, _go_place(name, source))
    return Template(name, file, source, compiled[name], definitions[name].frame_size), report


def _go_place(name: str, text: str) -> Callable[[int], str]:
    """Name an offset as Go does: template, line from 1, bytes into the line from 0."""

    def place(offset: int) -> str:
        start = text.rfind("\n", 0, offset) + 1
        return f"{name}:{text.count(chr(10), 0, offset) + 1}:{len(to_bytes(text[start:offset]))}"

    return place


def _tell(report: Report, fault: TemplateError, file: str, text: str) -> None:
    """Add a fault to a report, at its place in the file."""
    place = None
    if fault.offset >= 0:
        start = text.rfind("\n", 0, fault.offset) + 1
        place = Place(file, text.count("\n", 0, fault.offset) + 1, fault.offset - start + 1)
    report.add(Severity.ERROR, fault.message, place=place, text=fault.text, key=fault.key)
