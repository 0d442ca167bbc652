"""The verb `apply`: provision a tree by a config, as a first boot would, without privileges."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

import msgspec

from stoker.butane import Compilation, compile_text
from stoker.cli.exits import CommandError, Exit
from stoker.cli.findings import result, show, write_json
from stoker.cli.inputs import Input, add_files_dir, add_output, files_dir, read_input
from stoker.cli.streams import talk, write_data
from stoker.engine import DISTRIBUTIONS, provision, settings_of, summarise, summary_text
from stoker.fetch import Fetcher
from stoker.ignition import Parsed, parse
from stoker.report import Entry, Report
from stoker.system import ScratchSystem, SystemFault

PATIENCE = 60.0  # seconds without an answer: a first boot waits for ever, but here somebody is waiting for us

_OF_VARIANT = {"fcos": "fcos", "flatcar": "flatcar", "openshift": "rhcos", "r4e": "rhcos", "fiot": "fcos"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="a Butane or Ignition file; - is stdin")
    parser.add_argument("--root", metavar="DIR", required=True, help="the tree to provision; made when there is none")
    parser.add_argument(
        "--distribution",
        choices=sorted(DISTRIBUTIONS),
        help="whose paths and base accounts to use; that of the variant, or fcos",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no log of the operations")
    add_files_dir(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Apply; the account goes to stdout, the log to stderr. Exit 1 when anything was refused or failed."""
    source = read_input(arguments.file)
    read = _read(source, arguments)
    if read.config is None or result(read.report):
        return Exit.FINDINGS
    name = arguments.distribution or _OF_VARIANT.get(read.spec.variant if read.spec is not None else "", "fcos")
    root = Path(arguments.root)
    root.mkdir(parents=True, exist_ok=True)
    say = (lambda _line: None) if arguments.quiet else (lambda line: talk(line + "\n"))
    try:
        fetcher = Fetcher(msgspec.structs.replace(settings_of(read.config), patience=PATIENCE), say=say)
        outcome = provision(read.config, root, distribution=DISTRIBUTIONS[name], say=say, fetch=fetcher)
    except SystemFault as fault:
        raise CommandError(f"`{root}`: {fault}") from fault
    outcome.report = Report(_placed(entry, read) for entry in outcome.report)
    with closing(ScratchSystem(root)) as system:
        summary = summarise(outcome, system)
    if arguments.output == "json":
        write_json(msgspec.to_builtins(summary))
    else:
        write_data(summary_text(summary).encode("utf-8", "surrogateescape"))
    return Exit.FINE if outcome.succeeded else Exit.FINDINGS


def _read(source: Input, arguments: argparse.Namespace) -> Parsed | Compilation:
    """Read the config, showing what is wrong with it."""
    read: Parsed | Compilation
    if source.is_ignition:
        read = parse(source.text, file=source.name)
        if read.error is not None and not read.report.has_errors:
            raise CommandError(f"`{source.name}`: {read.error}")
    else:
        read = compile_text(source.text, file=source.name, files_dir=files_dir(source, arguments.files_dir), raw=True)
    show(read.report, {source.name: source.text}, arguments.color)
    return read


def _placed(entry: Entry, read: Parsed | Compilation) -> Entry:
    """The finding with the first line that asked for what it is about; what is about all of it has none."""
    for pointer, place in read.sources(entry.pointer) if entry.pointer else ():
        return msgspec.structs.replace(entry, pointer=pointer, place=place)
    return entry
