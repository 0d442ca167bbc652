"""The verb `apply`: provision a tree by a config, as a first boot would, without privileges."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

import msgspec

from stoker.butane import compile_text
from stoker.cli.exits import CommandError, Exit
from stoker.cli.findings import result, show, write_json
from stoker.cli.inputs import Input, add_files_dir, add_output, files_dir, read_input
from stoker.cli.streams import talk, write_data
from stoker.engine import DISTRIBUTIONS, provision, summarise, summary_text
from stoker.ignition import parse
from stoker.schema.specs import Spec
from stoker.schema.v3 import Config
from stoker.system import ScratchSystem, SystemFault

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
    config, spec = _read(source, arguments)
    if config is None:
        return Exit.FINDINGS
    name = arguments.distribution or _OF_VARIANT.get(spec.variant if spec is not None else "", "fcos")
    root = Path(arguments.root)
    root.mkdir(parents=True, exist_ok=True)
    say = (lambda _line: None) if arguments.quiet else (lambda line: talk(line + "\n"))
    try:
        outcome = provision(config, root, distribution=DISTRIBUTIONS[name], say=say)
    except SystemFault as fault:
        raise CommandError(f"`{root}`: {fault}") from fault
    with closing(ScratchSystem(root)) as system:
        summary = summarise(outcome, system)
    if arguments.output == "json":
        write_json(msgspec.to_builtins(summary))
    else:
        write_data(summary_text(summary).encode("utf-8", "surrogateescape"))
    return Exit.FINE if outcome.succeeded else Exit.FINDINGS


def _read(source: Input, arguments: argparse.Namespace) -> tuple[Config | None, Spec | None]:
    """Read the config, showing what is wrong with it."""
    if source.is_ignition:
        parsed = parse(source.text, file=source.name)
        if parsed.old is not None and parsed.spec is not None:
            raise CommandError(
                f"`{source.name}`: Ignition {parsed.spec.version} is not applied", hint="stoker convert --to 3.4.0"
            )
        if parsed.error is not None and not parsed.report.has_errors:
            raise CommandError(f"`{source.name}`: {parsed.error}")
        show(parsed.report, {source.name: source.text}, arguments.color)
        return parsed.config, parsed.spec
    done = compile_text(source.text, file=source.name, files_dir=files_dir(source, arguments.files_dir), raw=True)
    show(done.report, {source.name: source.text}, arguments.color)
    return (None if result(done.report) else done.config), done.spec
