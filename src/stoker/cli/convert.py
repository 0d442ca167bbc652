"""The verb `convert`: an Ignition config to another version, up or down."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from stoker.cli.exits import Exit, UsageError
from stoker.cli.findings import result, show
from stoker.cli.inputs import read_input
from stoker.cli.lines import Answer, answer_lines, text_of
from stoker.cli.streams import write_data
from stoker.ignition import convert, encode, find_spec, parse
from stoker.ignition.messages import UNUSABLE
from stoker.report import Report, Severity
from stoker.schema.specs import IGNITION, Spec
from stoker.schema.v3 import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", nargs="?", metavar="FILE", default="-", help="an Ignition config; - is stdin")
    parser.add_argument("--to", metavar="VERSION", required=True, help="version to convert to, such as 3.4.0")
    parser.add_argument("-p", "--pretty", action="store_true", help="indent the JSON")
    parser.add_argument("-s", "--strict", action="store_true", help="let warnings fail")
    parser.add_argument("--jsonl", action="store_true", help="requests on stdin and answers on stdout, one a line")
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="colour on stderr; auto: on a terminal"
    )


def spec_of(version: str) -> Spec:
    """The Ignition version a person means. Raises UsageError."""
    spec = find_spec(version)
    if spec is None:
        known = ", ".join(one.version for one in IGNITION)
        raise UsageError(f"there is no Ignition version `{version}`", hint=f"there are {known}")
    return spec


def read_as(text: bytes, name: str, target: Spec) -> tuple[Config | None, Report, str]:
    """Parse a config and convert it: the config, its findings and those of the way, why there is none."""
    parsed = parse(text, file=name)
    report = parsed.report
    if parsed.config is None or parsed.spec is None:
        return None, report, parsed.error or ""
    config, lost = convert(parsed.config, parsed.spec, target)
    if parsed.document is not None:
        places = parsed.document
        report.extend(msgspec.structs.replace(entry, place=places.place(entry.pointer)) for entry in lost)
    return config, report, ""


def refuse(report: Report, name: str, error: str) -> None:
    """Say why a text is no config, where its report does not."""
    if error and not report.has_errors:
        report.add(Severity.ERROR, UNUSABLE, (), None, problem=f"`{name}`: {error}")


def run(arguments: argparse.Namespace) -> int:
    """Convert; what the target cannot say is an error, and nothing is written."""
    target = spec_of(arguments.to)
    if arguments.jsonl:
        return answer_lines(lambda request: _answer(request, target))
    source = read_input(arguments.file)
    config, report, error = read_as(source.text, source.name, target)
    refuse(report, source.name, error)
    show(report, {source.name: source.text}, arguments.color)
    if result(report, strict=arguments.strict) or config is None:
        return Exit.FINDINGS
    write_data(encode(config, pretty=arguments.pretty) + b"\n")
    return Exit.FINE


def _answer(request: dict[str, Any], target: Spec) -> Answer:
    parsed = parse(text_of(request, "config"))
    if parsed.config is None or parsed.spec is None:
        return None, parsed.report, parsed.error or ""
    config, lost = convert(parsed.config, parsed.spec, target)
    if lost.has_errors:
        return None, lost, "the target cannot say all of this"
    return config, parsed.report, ""
