"""The verb `convert`: an Ignition config to another version, up or down, from 2 to 3 and back."""

from __future__ import annotations

import argparse
from typing import Any, Final

from stoker.butane.conversion import convert_text
from stoker.butane.documents import reads_as_clc
from stoker.cli.exits import Exit, UsageError
from stoker.cli.findings import result, show
from stoker.cli.inputs import add_files_dir, add_platform, files_dir, read_input
from stoker.cli.lines import Answer, answer_lines, text_of
from stoker.cli.streams import write_data
from stoker.ignition.encode import encode
from stoker.ignition.messages import RULE_IN_TARGET, SECTORS
from stoker.ignition.parse import looks_like_json, parse
from stoker.ignition.tidy import tidy
from stoker.ignition.versions import TARGETS, find_target, to_version
from stoker.report import Report
from stoker.report.render import as_lines
from stoker.schema.specs import Spec

_TOGETHER: Final = frozenset({RULE_IN_TARGET.code, SECTORS.code})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument(
        "file", nargs="?", metavar="FILE", default="-", help="an Ignition or Container Linux config; - is stdin"
    )
    parser.add_argument("--to", metavar="VERSION", help="version to convert to, such as 3.4.0 or 2.4.0")
    add_files_dir(parser)
    add_platform(parser)
    parser.add_argument(
        "--filesystems",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help="where a file system of an Ignition 2 config is mounted; once for each",
    )
    parser.add_argument(
        "--dedupe",
        action="store_true",
        help="of files, units and users that an Ignition 2 config repeats, keep the last",
    )
    parser.add_argument("-p", "--pretty", action="store_true", help="indent the JSON")
    parser.add_argument("-s", "--strict", action="store_true", help="let warnings fail")
    parser.add_argument(
        "--jsonl",
        action="store_true",
        help="requests on stdin and answers on stdout, one a line; without --to each says `to`, and is answered as "
        "ign-converter does",
    )
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="colour on stderr; auto: on a terminal"
    )


def spec_of(version: str) -> Spec:
    """The Ignition version a person wants a config in. Raises UsageError."""
    spec = find_target(version)
    if spec is None:
        known = ", ".join(one.version for one in TARGETS)
        raise UsageError(f"nothing converts to an Ignition version `{version}`", hint=f"there are {known}")
    return spec


def _filesystems_of(pairs: list[str]) -> dict[str, str]:
    """File system names and where they are mounted. Raises UsageError."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        if not (name and equals and path.startswith("/")):
            raise UsageError(f"convert: `{pair}` is no NAME=PATH", hint="--filesystems var=/var")
        found[name] = path
    return found


def run(arguments: argparse.Namespace) -> int:
    """Convert; what the target cannot say is an error, and nothing is written."""
    if arguments.jsonl and arguments.to is None:
        return answer_lines(_answer_like_ign_converter)
    if arguments.to is None:
        raise UsageError("convert: --to is needed", hint="stoker convert --to 3.4.0 old.ign")
    target = spec_of(arguments.to)
    if arguments.jsonl:
        return answer_lines(lambda request: _answer(request, target, arguments.platform))
    filesystems = _filesystems_of(arguments.filesystems)
    source = read_input(arguments.file)
    config, report = convert_text(
        source.text,
        target,
        filesystems,
        file=source.name,
        files_dir=files_dir(source, arguments.files_dir),
        platform=arguments.platform,
        dedupe=arguments.dedupe,
        is_json=source.is_ignition,
    )
    show(report, {source.name: source.text}, arguments.color)
    if result(report, strict=arguments.strict) or config is None:
        return Exit.FINDINGS
    write_data(encode(_written(config, target), pretty=arguments.pretty) + b"\n")
    return Exit.FINE


def _answer(request: dict[str, Any], target: Spec, platform: str) -> Answer:
    """Convert one config; there is no directory to read local files from."""
    text, filesystems = text_of(request, "config"), request.get("filesystems") or {}
    if not looks_like_json(text) and reads_as_clc(text):
        named = str(request.get("platform", platform))
        config, report = convert_text(text, target, filesystems, platform=named)
    else:
        parsed = parse(text)
        if parsed.error is not None:
            return None, parsed.report, parsed.error
        config, lost = to_version(parsed, target, filesystems)
        report = Report([*parsed.report, *lost])
    if config is None or report.has_errors:
        return None, report, "the target cannot say all of this"
    return _written(config, target), report, ""


def _answer_like_ign_converter(request: dict[str, Any]) -> Answer:
    """Answer as a program around ign-converter would, with all that is wrong as the error."""
    target = find_target(str(request.get("to", "")))
    if target is None:
        return None, Report(), f"nothing converts to {request.get('to')}"
    parsed = parse(text_of(request, "config"))
    if parsed.error is not None:
        return None, parsed.report, f"{parsed.error}\n{as_lines(parsed.report)}"
    config, lost = to_version(parsed, target, request.get("filesystems"), like_ign_converter=True)
    if lost.has_errors:
        return None, lost, as_lines(_first_refusal(lost))
    return _written(config, target), parsed.report, ""


def _first_refusal(lost: Report) -> Report:
    """The one reason that ign-converter gives, or all findings of the rules that it asks at the end."""
    errors = [entry for entry in lost if entry.is_error]
    return Report(errors if errors[0].code in _TOGETHER else errors[:1])


def _written(config: Any, target: Spec) -> Any:
    """A config as it is written: of Ignition 2 without what says nothing."""
    return tidy(config, target) if target.family == "v2" else config
