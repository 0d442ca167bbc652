"""A machine's config as people look at it: labels go in, out come the rendered text and the config, line by line.

Each line knows the line of the template that wrote it, and each part of the config the lines that asked for it. It is
the config before secrets are put in: references stand for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from stoker.butane import Compilation, compile_document
from stoker.butane.carried import carry
from stoker.butane.explain import Explained
from stoker.ignition.encode import encode
from stoker.ignition.parse import Parsed, parse
from stoker.machines import Asker, Catalogue, render_text
from stoker.machines.places import origins_of
from stoker.machines.rendering import Origin
from stoker.report import ROOT, Entry, Place, Pointer, Report
from stoker.schema.objects import Object
from stoker.schema.v3 import Config

MOST_LINES: Final = 3000
LONGEST_LINE: Final = 400  # characters
LONGEST_TEXT: Final = 120  # characters of a value in a config: what is inside of a file is in the rendered text

_OF_VARIANT: Final = {"fcos": "fcos", "flatcar": "flatcar", "openshift": "rhcos", "r4e": "rhcos", "fiot": "fcos"}


class Line(NamedTuple):
    """A line of a text, from 1; `origin` is the line that wrote it, 0 where that is itself."""

    number: int
    text: str
    origin: int = 0
    findings: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A config: `lines` of the text that made it, `result` of what it is; both are empty where the report says why."""

    group: str
    profile: str
    file: str
    lines: tuple[Line, ...]
    result: tuple[Line, ...]
    report: Report
    digest: str = ""
    config: Config | None = None
    distribution: str = "fcos"
    done: Explained | None = None
    origin: Origin | None = None

    def places(self, pointer: Pointer) -> list[Place]:
        """Where in the files of the server the part of the config is asked for."""
        if self.done is None or not pointer:
            return []
        rendered = self.origin.rendered if self.origin is not None else None
        return list(origins_of(self.done, rendered, self.file)(pointer))


def show_config(catalogue: Catalogue, labels: Mapping[str, str]) -> Shown:
    """The config of a machine with these labels."""
    answer, origin = render_text(catalogue, Asker(labels), "ignition")
    if answer.body is None:
        return Shown(answer.group, answer.profile, origin.file, (), (), answer.report)
    text = answer.body
    done, made, config = _read(text, origin.file)
    output = None if made is None else encode(made)
    is_as_written = origin.rendered is None or text.lstrip().startswith(b"{")
    digest = hashlib.sha512(text if is_as_written or output is None else output).hexdigest()
    report = Report((*answer.report, *origin.found(done.report)))
    return Shown(
        answer.group,
        answer.profile,
        origin.file,
        tuple(_rendered_lines(text, origin, done.report)),
        () if output is None else tuple(_result_lines(msgspec.json.decode(output), done)),
        report,
        digest if output is not None else "",
        config,
        _distribution(done),
        done,
        origin,
    )


def text_lines(text: str, findings: Mapping[int, tuple[Entry, ...]]) -> Iterator[Line]:
    """The lines of a file, each with what is found at it."""
    for number, line in enumerate(text.removesuffix("\n").split("\n")[:MOST_LINES], 1):
        yield Line(number, line[:LONGEST_LINE], 0, findings.get(number, ()))


def by_line(findings: Report | list[Entry]) -> dict[int, tuple[Entry, ...]]:
    """Findings by the line of their place."""
    found: dict[int, tuple[Entry, ...]] = {}
    for entry in findings:
        if entry.place is not None:
            found[entry.place.line] = (*found.get(entry.place.line, ()), entry)
    return found


def _read(text: bytes, file: str) -> tuple[Explained, Object | None, Config | None]:
    """What became of a text in whichever language: the config that it makes, and that as Ignition 3 if it can be."""
    if text.lstrip().startswith(b"{"):
        parsed = parse(text, file=file)
        parsed.say_why(text, file)
        return (
            (parsed, parsed.config, parsed.config) if parsed.old is None else (parsed, parsed.old, carry(parsed).config)
        )
    done = compile_document(text, file=file, raw=True)
    return done, done.config, done.config if isinstance(done, Compilation) else carry(done).config


def _distribution(done: Explained) -> str:
    """Whose machine a config is for, by its variant."""
    variant = done.spec.variant if isinstance(done, Compilation | Parsed) and done.spec is not None else "flatcar"
    return _OF_VARIANT.get(variant, "fcos")


def _rendered_lines(text: bytes, origin: Origin, findings: Report) -> Iterator[Line]:
    for line in text_lines(text.decode("utf-8", "replace"), by_line(findings)):
        yield line if origin.rendered is None else line._replace(origin=origin.rendered.template_line(line.number))


def _result_lines(data: Any, done: Explained) -> Iterator[Line]:
    """A config as JSON in lines; the origin of a line is the line of the rendered text that asked for it."""
    for number, (text, pointer) in enumerate(_json_lines(data, ROOT, "", ""), 1):
        if number > MOST_LINES:
            return
        sources = done.sources(pointer) if pointer else []
        yield Line(number, text, sources[0][1].line if sources else 0)


def _json_lines(value: Any, pointer: Pointer, before: str, after: str) -> Iterator[tuple[str, Pointer]]:
    """Lines indented by two spaces; only what has nothing below it has a pointer."""
    if not isinstance(value, dict | list) or not value:
        text = value if not isinstance(value, str) or len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
        yield f"{before}{msgspec.json.encode(text).decode()}{after}", pointer
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    rows = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    indent = before[: len(before) - len(before.lstrip())]
    yield before + opening, ROOT
    for key, item in rows:
        name = f"{msgspec.json.encode(key).decode()}: " if isinstance(value, dict) else ""
        comma = "" if key == rows[-1][0] else ","
        yield from _json_lines(item, (*pointer, key), f"{indent}  {name}", comma)
    yield f"{indent}{closing}{after}", ROOT
