"""The verb `apply`: provision a tree as a first boot would; as root with real owners, and with disks if asked for."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from pathlib import Path

import msgspec

from stoker.cli.configs import add_distribution, distribution_of, read_config
from stoker.cli.exits import CommandError, Exit
from stoker.cli.findings import write_json
from stoker.cli.inputs import add_files_dir, add_output, filled
from stoker.cli.plan import add_allow_wipe
from stoker.cli.references import add_references, follow, placed_in
from stoker.cli.streams import talk, write_data
from stoker.engine import (
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
from stoker.engine.messages import DATA_LOSS
from stoker.engine.targets import open_tree
from stoker.fetch import Fetcher
from stoker.schema.v3 import Config
from stoker.system import SystemFault

PATIENCE = 60.0  # seconds without an answer: a first boot waits for ever, but here somebody is waiting for us


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="a Butane or Ignition file; - is stdin")
    parser.add_argument(
        "--root", metavar="DIR", type=filled, required=True, help="the tree to provision; made when there is none"
    )
    add_distribution(parser)
    parser.add_argument(
        "--devices",
        action="store_true",
        help="for real, as root: change and mount the disks of this machine that the config names",
    )
    add_allow_wipe(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no log of the operations")
    add_references(parser)
    add_files_dir(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Apply; the account goes to stdout, the log to stderr. Exit 1 when anything failed, 3 when data would be lost."""
    read = read_config(arguments.file, arguments.files_dir, arguments.color)
    if read.config is None:
        return Exit.FINDINGS
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
        rendered = follow(read, read.config, PATIENCE, say) if arguments.follow else None
        config = read.config if rendered is None else rendered.config
        distribution = distribution_of(read, arguments.distribution)
        outcome, summary = _apply(config, root, distribution, say, arguments)
    except SystemFault as fault:
        raise CommandError(f"`{root}`: {fault}") from fault
    findings = [finding_of(entry) for entry in placed_in(outcome.report, read, rendered)]
    summary = msgspec.structs.replace(summary, succeeded=outcome.succeeded, findings=findings)
    if arguments.output == "json":
        write_json(msgspec.to_builtins(summary))
    else:
        write_data(summary_text(summary).encode("utf-8", "surrogateescape"))
    return _exit_code(outcome)


def _exit_code(outcome: Outcome) -> Exit:
    """How it ended. What would fail anyway goes before what would lose data, as in a plan."""
    codes = {entry.code for entry in outcome.report if entry.is_error}
    if codes == {DATA_LOSS.code}:
        return Exit.REFUSED
    return Exit.FINDINGS if codes else Exit.FINE


def _apply(
    config: Config, root: Path, distribution: Distribution, say: Say, arguments: argparse.Namespace
) -> tuple[Outcome, Summary]:
    """Provision a tree, or this machine; the summary of a machine is made while its disks are mounted."""
    fetcher = Fetcher(msgspec.structs.replace(settings_of(config), patience=PATIENCE), say=say)
    summaries: list[Summary] = []
    allowed = frozenset(arguments.allow_wipe)
    if arguments.devices:
        outcome = provision_machine(
            config,
            root,
            distribution=distribution,
            say=say,
            look=lambda outcome, system: summaries.append(summarise(outcome, system)),
            fetch=fetcher,
            allowed=allowed,
        )
        return outcome, summaries[0]
    is_root = os.geteuid() == 0
    outcome = provision(
        config, root, distribution=distribution, say=say, fetch=fetcher, with_owners=is_root, allowed=allowed
    )
    with closing(open_tree(root)) as system:
        return outcome, summarise(outcome, system)
