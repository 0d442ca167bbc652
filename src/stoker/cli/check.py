"""The verb `check`: everything that is wrong with configs, Butane or Ignition, or with a site's files, all at once."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping

import msgspec

from stoker import __version__
from stoker.butane.review import review_butane, review_ignition
from stoker.cli.exits import Exit
from stoker.cli.findings import find_fragments, result, show, write_json
from stoker.cli.inputs import add_files_dir, add_output, files_dir, find_files, is_site, try_input
from stoker.cli.streams import talk
from stoker.ignition.sizes import LIMITS
from stoker.report import Report
from stoker.report.native import as_data
from stoker.report.sarif import as_sarif
from stoker.schema.platforms import NAMES
from stoker.system.workers import spread


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="Butane or Ignition files, directories, or sites; - is stdin"
    )
    add_files_dir(parser)
    names = tuple(dict.fromkeys((*LIMITS, *NAMES)))
    parser.add_argument(
        "--platform",
        metavar="NAME",
        choices=names,
        default="",
        help=f"where the machine runs: does the config fit as user data? {', '.join(names)}",
    )
    parser.add_argument("-s", "--strict", action="store_true", help="let warnings fail")
    add_output(parser, ("text", "json", "jsonl", "sarif"))


class _Task(msgspec.Struct):
    path: str
    files_dir: str | None
    platform: str


class _Done(msgspec.Struct):
    name: str
    read: Collection[str]
    texts: Mapping[str, bytes]
    report: Report


def _check(task: _Task) -> _Done:
    source = try_input(task.path)
    if isinstance(source, Report):
        return _Done(task.path, (), {}, source)
    if source.is_ignition:
        report, texts = review_ignition(source.text, file=source.name, platform=task.platform)
    else:
        where = files_dir(source, task.files_dir)
        report, texts = review_butane(source.text, file=source.name, files_dir=where, platform=task.platform)
    return _Done(source.name, tuple(texts), texts if len(report) else {}, report)


def _check_site(path: str) -> _Done:
    from stoker.cli.sites import check_site  # noqa: PLC0415 -- a config alone does not pay for it

    report, texts = check_site(path)
    return _Done(path, tuple(texts), texts, report)


def run(arguments: argparse.Namespace) -> int:
    """Check; exit 1 when anything has errors."""
    sites = [path for path in arguments.files if is_site(path)]
    others = [path for path in arguments.files if path not in sites]
    tasks = [_Task(path, arguments.files_dir, arguments.platform) for path in (find_files(others) if others else ())]
    done = [*map(_check_site, sites), *spread(_check, tasks)]
    fragments = find_fragments(done)
    done = [one if one.name not in fragments else _Done(one.name, (), {}, Report()) for one in done]
    everything = Report(entry for one in done for entry in one.report)
    if arguments.output == "sarif":
        write_json(as_sarif([(one.name, one.report) for one in done], "stoker", __version__))
    elif arguments.output == "json":
        write_json([{"file": one.name, "findings": as_data(one.report)} for one in done])
    elif arguments.output == "jsonl":
        for one in done:
            for finding in as_data(one.report):
                write_json({"file": one.name} | finding)
    else:
        show(everything, dict(pair for one in done for pair in one.texts.items()), arguments.color)
        if not len(everything):
            count = len(tasks) + sum(len(one.read) for one in done[: len(sites)])
            talk(f"{count} {'file' if count == 1 else 'files'}, nothing found\n")
    return result(everything, strict=arguments.strict) if done else Exit.FINE
