"""The verb `compile`: Butane documents to Ignition configs (or MachineConfigs), many at once if need be."""

from __future__ import annotations

import argparse
import os
from typing import Any

import msgspec

from stoker.butane import translate
from stoker.cli.exits import Exit, UsageError
from stoker.cli.findings import result, show, write_json
from stoker.cli.inputs import STDIN_NAME, add_files_dir, add_output, files_dir, find_files, read_input
from stoker.cli.streams import write_data
from stoker.report import Report
from stoker.report.native import as_data
from stoker.system.replace import replace_file
from stoker.system.workers import spread


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", default=["-"], help="Butane files or directories; - is stdin"
    )
    parser.add_argument(
        "--into", metavar="DIR", help="write NAME.ign for each file below DIR; needed for several files"
    )
    add_files_dir(parser)
    parser.add_argument("-p", "--pretty", action="store_true", help="indent the JSON")
    parser.add_argument("-r", "--raw", action="store_true", help="Ignition even where a MachineConfig is usual")
    parser.add_argument("-s", "--strict", action="store_true", help="let warnings fail")
    add_output(parser)


class _Task(msgspec.Struct):
    path: str
    files_dir: str | None
    raw: bool
    pretty: bool


class _Done(msgspec.Struct):
    name: str
    text: bytes
    output: bytes | None
    report: Report


def _compile(task: _Task) -> _Done:
    source = read_input(task.path)
    done = translate(
        source.text, file=source.name, files_dir=files_dir(source, task.files_dir), raw=task.raw, pretty=task.pretty
    )
    return _Done(source.name, source.text if len(done.report) else b"", done.output, done.report)


def run(arguments: argparse.Namespace) -> int:
    """Compile; nothing is written for a document with errors."""
    paths = find_files(arguments.files)
    if len(paths) > 1 and arguments.into is None and arguments.output == "text":
        raise UsageError("compile: several files need a place to go", hint="add `--into DIR` or `-o jsonl`")
    tasks = [_Task(path, arguments.files_dir, arguments.raw, arguments.pretty) for path in paths]
    done = spread(_compile, tasks)
    everything = Report(entry for one in done for entry in one.report)
    for one in done:
        if result(one.report, strict=arguments.strict):
            one.output = None
    if arguments.into is not None:
        for one in done:
            if one.output is not None:
                _write(one, arguments.into, arguments.files)
    if arguments.output == "text":
        show(everything, {one.name: one.text for one in done}, arguments.color)
        if arguments.into is None and done[0].output is not None:
            write_data(done[0].output + b"\n")
    else:
        _write_answers(done, arguments)
    return Exit.FINDINGS if any(one.output is None for one in done) else Exit.FINE


def _write(one: _Done, directory: str, given: list[str]) -> None:
    """Write one config; below a given directory the tree is kept."""
    bases = [path for path in given if os.path.isdir(path)]
    base = next((path for path in bases if one.name.startswith(path.rstrip("/") + "/")), os.path.dirname(one.name))
    name = os.path.splitext(os.path.relpath(one.name, base or "."))[0] if one.name != STDIN_NAME else "stdin"
    is_yaml = (one.output or b"").startswith(b"#")
    path = os.path.join(directory, name + (".yaml" if is_yaml else ".ign"))
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    replace_file(path, (one.output or b"") + b"\n")


def _write_answers(done: list[_Done], arguments: argparse.Namespace) -> None:
    answers = [_answer(one, has_config=arguments.into is None) for one in done]
    if arguments.output == "json" and len(answers) > 1:
        write_json(answers)
    else:
        for answer in answers:
            write_json(answer)


def _answer(one: _Done, *, has_config: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {"file": one.name, "ok": one.output is not None, "findings": as_data(one.report)}
    if has_config and one.output is not None:
        answer["config"] = one.output.decode() if one.output.startswith(b"#") else msgspec.Raw(one.output)
    return answer
