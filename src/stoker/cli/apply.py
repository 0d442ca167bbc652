"""The verb `apply`: provision a tree as a first boot would: without privileges, or disks and all as root."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from pathlib import Path

import msgspec

from stoker.butane import Compilation, compile_document
from stoker.cli.exits import CommandError, Exit
from stoker.cli.findings import result, show, write_json
from stoker.cli.inputs import Input, add_files_dir, add_output, files_dir, read_input
from stoker.cli.references import add_references, follow, placed_in
from stoker.cli.streams import talk, write_data
from stoker.engine import (
    DISTRIBUTIONS,
    Distribution,
    Outcome,
    Say,
    Summary,
    finding_of,
    provision,
    provision_machine,
    settings_of,
    summarise,
    summary_text,
)
from stoker.fetch import Fetcher
from stoker.ignition.parse import Parsed, parse
from stoker.schema.v3 import Config
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
    parser.add_argument(
        "--devices",
        action="store_true",
        help="for real, as root: change and mount the disks of this machine that the config names",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no log of the operations")
    add_references(parser)
    add_files_dir(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Apply; the account goes to stdout, the log to stderr. Exit 1 when anything was refused or failed."""
    source = read_input(arguments.file)
    read = _read(source, arguments)
    if read.config is None or result(read.report):
        return Exit.FINDINGS
    name = arguments.distribution or _OF_VARIANT.get(read.spec.variant if read.spec is not None else "", "fcos")
    if arguments.devices and os.geteuid() != 0:
        raise CommandError(
            "only root can change the disks of a machine", hint="leave out `--devices`, or run it as root"
        )
    root = Path("/" + os.path.realpath(arguments.root).lstrip("/"))
    if root == Path("/"):
        raise CommandError(
            "`/` is the machine that this runs on, not a tree to provision",
            hint="name a directory: --root ./tree",
            code=Exit.REFUSED,
        )
    root.mkdir(parents=True, exist_ok=True)
    say = (lambda _line: None) if arguments.quiet else (lambda line: talk(line + "\n"))
    try:
        rendered = follow(read.config, PATIENCE) if arguments.follow else None
        config = read.config if rendered is None else rendered.config
        outcome, summary = _apply(config, root, DISTRIBUTIONS[name], say, arguments.devices)
    except SystemFault as fault:
        raise CommandError(f"`{root}`: {fault}") from fault
    findings = [finding_of(entry) for entry in placed_in(outcome.report, read, rendered)]
    summary = msgspec.structs.replace(summary, succeeded=outcome.succeeded, findings=findings)
    if arguments.output == "json":
        write_json(msgspec.to_builtins(summary))
    else:
        write_data(summary_text(summary).encode("utf-8", "surrogateescape"))
    return Exit.FINE if outcome.succeeded else Exit.FINDINGS


def _apply(
    config: Config, root: Path, distribution: Distribution, say: Say, with_devices: bool
) -> tuple[Outcome, Summary]:
    """Provision a tree, or this machine; the summary of a machine is made while its disks are mounted."""
    fetcher = Fetcher(msgspec.structs.replace(settings_of(config), patience=PATIENCE), say=say)
    summaries: list[Summary] = []
    if with_devices:
        outcome = provision_machine(
            config,
            root,
            distribution=distribution,
            say=say,
            look=lambda outcome, system: summaries.append(summarise(outcome, system)),
            fetch=fetcher,
        )
        return outcome, summaries[0]
    outcome = provision(config, root, distribution=distribution, say=say, fetch=fetcher)
    with closing(ScratchSystem(root)) as system:
        return outcome, summarise(outcome, system)


def _read(source: Input, arguments: argparse.Namespace) -> Parsed | Compilation:
    """Read the config, showing what is wrong with it."""
    read: Parsed | Compilation
    if source.is_ignition:
        read = parse(source.text, file=source.name)
        if read.old is not None and read.spec is not None:
            raise CommandError(
                f"`{source.name}`: Ignition {read.spec.version} is not applied", hint="stoker convert --to 3.4.0"
            )
        if read.error is not None and not read.report.has_errors:
            raise CommandError(f"`{source.name}`: {read.error}")
    else:
        directory = files_dir(source, arguments.files_dir)
        done = compile_document(source.text, file=source.name, files_dir=directory, raw=True)
        if not isinstance(done, Compilation):
            raise CommandError(
                f"`{source.name}`: Container Linux Config is not applied", hint="stoker convert --to 3.4.0"
            )
        read = done
    show(read.report, {source.name: source.text} | read.texts, arguments.color)
    return read
