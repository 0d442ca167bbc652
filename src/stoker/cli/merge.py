"""The verb `merge`: Ignition configs into one, the later over the earlier, with who gave what."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from stoker.cli.convert import spec_of
from stoker.cli.exits import Exit, UsageError
from stoker.cli.findings import show, write_json
from stoker.cli.inputs import Input, add_output, read_input
from stoker.cli.lines import Answer, answer_lines, text_of
from stoker.cli.streams import write_data
from stoker.document import json as json_text
from stoker.ignition.convert import convert
from stoker.ignition.encode import encode
from stoker.ignition.merge import CHILD, Transcript, merge, trace
from stoker.ignition.messages import UNKNOWN_VERSION
from stoker.ignition.parse import judge, parse
from stoker.ignition.parts import leaves
from stoker.ignition.versions import read_as
from stoker.report import Place, Pointer, Report, pointer_text
from stoker.schema.specs import NEWEST, NEWEST_STABLE, Spec
from stoker.schema.v3 import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="the parent, then each child; - is stdin")
    parser.add_argument("--to", metavar="VERSION", help="version of the result; the newest of the files' own")
    parser.add_argument("-p", "--pretty", action="store_true", help="indent the JSON")
    parser.add_argument("--transcript", action="store_true", help="print who gave what instead of the config")
    parser.add_argument("--jsonl", action="store_true", help="requests on stdin and answers on stdout, one a line")
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Merge; the result is judged, and not written when it has errors."""
    if arguments.jsonl:
        return answer_lines(_answer)
    if len(arguments.files) < 2:
        raise UsageError("merge: a parent and at least one child are needed", hint="stoker merge base.ign site.ign")
    sources = [read_input(path) for path in arguments.files]
    target = _target(sources, arguments.to)
    report = Report()
    configs: list[Config] = []
    for source in sources:
        config, found = read_as(source.text, target, file=source.name)
        report.extend(found)
        configs += [] if config is None else [config]
    if report.has_errors or len(configs) < len(sources):
        show(report, {source.name: source.text for source in sources}, arguments.color)
        return Exit.FINDINGS
    merged, transcripts = _merge_all(configs)
    verdict = judge(merged, target)
    report.extend(verdict)
    show(report, {source.name: source.text for source in sources}, arguments.color)
    if verdict.has_errors:
        return Exit.FINDINGS
    if arguments.transcript:
        _write_transcript(merged, transcripts, sources, as_json=arguments.output == "json")
    else:
        write_data(encode(merged, pretty=arguments.pretty) + b"\n")
    return Exit.FINE


def _target(sources: list[Input], asked: str | None) -> Spec:
    if asked is not None:
        target = spec_of(asked)
        if target.family != "v3":
            raise UsageError(f"nothing is merged as Ignition {target.version}", hint="merge, then `stoker convert`")
        return target
    specs = [parse(source.text).spec for source in sources]
    own = [spec for spec in specs if spec is not None and spec.family == "v3"]
    return max(own, key=lambda spec: spec.minor, default=NEWEST_STABLE)


def _merge_all(configs: list[Config]) -> tuple[Config, list[Transcript]]:
    merged, transcripts = configs[0], []
    for child in configs[1:]:
        merged, transcript = merge(merged, child)
        transcripts.append(transcript)
    return merged, transcripts


def _answer(request: dict[str, Any]) -> Answer:
    """Merge at the newest stable version, or at the experimental one for `merge-exp`."""
    target = NEWEST if request.get("op") == "merge-exp" else NEWEST_STABLE
    configs: list[Config] = []
    for role in ("parent", "child"):
        parsed = parse(text_of(request, role))
        if parsed.config is None or parsed.spec is None:
            return None, parsed.report, f"{role}: {parsed.error or UNKNOWN_VERSION.text}"
        configs.append(convert(parsed.config, parsed.spec, target)[0])
    merged, _ = merge(*configs)
    return merged, judge(merged, target), ""


def _write_transcript(config: Config, transcripts: list[Transcript], sources: list[Input], *, as_json: bool) -> None:
    documents = [json_text.read(source.text, source.name)[0] for source in sources]
    rows: list[tuple[Pointer, Place]] = []
    for pointer in leaves(msgspec.to_builtins(config)):
        for index, source_pointer in _givers(transcripts, len(transcripts), pointer):
            document = documents[index]
            place = document.place(source_pointer) if document is not None else None
            if place is not None:
                rows.append((pointer, place))
    if as_json:
        write_json([{"pointer": pointer_text(pointer), **place._asdict()} for pointer, place in rows])
        return
    width = max((len(pointer_text(pointer)) for pointer, _ in rows), default=0)
    write_data("".join(f"{pointer_text(pointer):{width}}  {place}\n" for pointer, place in rows).encode())


def _givers(transcripts: list[Transcript], count: int, pointer: Pointer) -> list[tuple[int, Pointer]]:
    """Which of the files gave a part, and under which pointer: file 0 is the first parent."""
    if not count:
        return [(0, pointer)]
    found: list[tuple[int, Pointer]] = []
    for source in trace(transcripts[count - 1], pointer):
        if source.side == CHILD:
            found.append((count, source.pointer))
        else:
            found += _givers(transcripts, count - 1, source.pointer)
    return found
