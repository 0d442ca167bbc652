"""The verb `compile`: Butane documents to Ignition configs (or MachineConfigs), many at once if need be."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from stoker.butane import translate
from stoker.cli.exits import Exit, UsageError
from stoker.cli.findings import find_fragments, result, show, write_json
from stoker.cli.inputs import BUTANE_SUFFIXES, add_files_dir, add_output, add_platform, files_dir, find_files, try_input
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
    add_platform(parser)
    parser.add_argument("-p", "--pretty", action="store_true", help="indent the JSON")
    parser.add_argument("-r", "--raw", action="store_true", help="Ignition even where a MachineConfig is usual")
    parser.add_argument("-s", "--strict", action="store_true", help="let warnings fail")
    add_output(parser)


class _Task(msgspec.Struct):
    path: str
    target: str | None  # where the config goes, without a suffix
    files_dir: str | None
    platform: str
    raw: bool
    pretty: bool
    strict: bool


class _Done(msgspec.Struct):
    name: str
    read: Collection[str]
    texts: Mapping[str, bytes]  # by file, where a finding may quote them
    output: bytes | None  # empty when it was written to its file
    report: Report


def _compile(task: _Task) -> _Done:
    source = try_input(task.path)
    if isinstance(source, Report):
        return _Done(task.path, (), {}, None, source)
    done = translate(
        source.text,
        file=source.name,
        files_dir=files_dir(source, task.files_dir),
        platform=task.platform,
        raw=task.raw,
        pretty=task.pretty,
    )
    output = None if result(done.report, strict=task.strict) else done.output
    if output is not None and task.target is not None:
        _write(task.target, output)
        output = b""
    return _Done(source.name, tuple(done.texts), done.texts if len(done.report) else {}, output, done.report)


def run(arguments: argparse.Namespace) -> int:
    """Compile; nothing is written for a document with errors."""
    paths = find_files(arguments.files, BUTANE_SUFFIXES)
    if len(paths) > 1 and arguments.into is None and arguments.output == "text":
        raise UsageError("compile: several files need a place to go", hint="add `--into DIR` or `-o jsonl`")
    directories = [path for path in arguments.files if os.path.isdir(path)]
    tasks = [
        _Task(
            path,
            None if arguments.into is None else _target(path, arguments.into, directories),
            arguments.files_dir,
            arguments.platform,
            arguments.raw,
            arguments.pretty,
            arguments.strict,
        )
        for path in paths
    ]
    _refuse_collisions(tasks)
    done = spread(_compile, tasks)
    fragments = find_fragments(done)
    done = [one for one in done if one.name not in fragments]
    if arguments.output == "text":
        everything = Report(entry for one in done for entry in one.report)
        show(everything, dict(pair for one in done for pair in one.texts.items()), arguments.color)
        if done[0].output:
            write_data(done[0].output + b"\n")
    else:
        _write_answers(done, arguments.output)
    return Exit.FINDINGS if any(one.output is None for one in done) else Exit.FINE


def _target(path: str, into: str, directories: list[str]) -> str:
    """Where below `into` the config of `path` goes: the tree of a given directory is kept."""
    if path == "-":
        return os.path.join(into, "stdin")
    base = next((base for base in directories if path.startswith(base.rstrip("/") + "/")), os.path.dirname(path))
    return os.path.join(into, os.path.splitext(os.path.relpath(path, base or "."))[0])


def _refuse_collisions(tasks: list[_Task]) -> None:
    """No config may end where another has just been written."""
    first: dict[str, str] = {}
    for task in tasks:
        if task.target is not None and first.setdefault(task.target, task.path) != task.path:
            raise UsageError(
                f"compile: `{first[task.target]}` and `{task.path}` would both be `{task.target}`",
                hint="name the directory above them, whose tree is kept, or compile them one by one",
            )


def _write(target: str, output: bytes) -> None:
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    replace_file(target + (".yaml" if output.startswith(b"#") else ".ign"), output + b"\n")


def _write_answers(done: list[_Done], form: str) -> None:
    answers = [_answer(one) for one in done]
    if form == "json" and len(answers) > 1:
        write_json(answers)
    else:
        for answer in answers:
            write_json(answer)


def _answer(one: _Done) -> dict[str, Any]:
    answer: dict[str, Any] = {"file": one.name, "ok": one.output is not None, "findings": as_data(one.report)}
    if one.output:
        answer["config"] = one.output.decode() if one.output.startswith(b"#") else msgspec.Raw(one.output)
    return answer
