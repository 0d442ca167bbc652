"""The verb `apply`: provision a tree as a first boot would; as root with real owners, and with disks if asked for."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from stoker.cli.configs import add_distribution, distribution_of
from stoker.cli.exits import CommandError, Exit
from stoker.cli.findings import write_json
from stoker.cli.inputs import add_files_dir, add_output, filled
from stoker.cli.plan import add_allow_wipe
from stoker.cli.references import add_references, read_wanted
from stoker.cli.streams import tell, write_data
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
from stoker.engine.columns import count
from stoker.engine.messages import DATA_LOSS
from stoker.fetch import Fetcher
from stoker.schema.v3 import Config
from stoker.system import System, SystemFault

PATIENCE = 60.0  # seconds without an answer: a first boot waits for ever, but here somebody is waiting for us

FINISHED = "[finished] "  # in the log of an operation
MOST_TOLD = 20  # operations that are told one by one


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
    if root.exists() and not root.is_dir():
        raise CommandError(f"`{arguments.root}` is a file, not a directory", hint="name a directory: --root ./tree")
    done: list[str] = []

    def say(line: str) -> None:
        done.extend(line.split(FINISHED)[1:])
        if not arguments.quiet:
            tell(line)

    wanted = read_wanted(arguments, PATIENCE, say)
    if wanted is None:
        return Exit.FINDINGS
    distribution = distribution_of(wanted.read, arguments.distribution)
    try:
        outcome, summary = _apply(wanted.config, root, distribution, say, arguments)
    except KeyboardInterrupt:
        tell(_interrupted(done))
        raise
    except SystemFault as fault:
        where = "" if str(root) in str(fault) else f"`{root}`: "
        raise CommandError(f"{where}{fault}") from fault
    findings = [finding_of(entry) for entry in wanted.placed(outcome.report)]
    summary = msgspec.structs.replace(summary, succeeded=outcome.succeeded, findings=findings)
    if arguments.output == "json":
        write_json(msgspec.to_builtins(summary))
    else:
        write_data(summary_text(summary).encode("utf-8", "surrogateescape"))
    return _exit_code(outcome)


def _interrupted(done: list[str]) -> str:
    """What had been done when somebody lost patience: the tree, or the disks, are as that has left them."""
    lines = [f"interrupted, {count(len(done), 'operation')} done", *(f"  {text}" for text in done[-MOST_TOLD:])]
    return "\n".join([*lines, "hint: run it again; what it would lose, or finds in its way, it says before"])


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

    def look(outcome: Outcome, system: System) -> None:
        summaries.append(summarise(outcome, system))

    allowed = frozenset(arguments.allow_wipe)
    if not arguments.devices:
        owned = os.geteuid() == 0
        done = provision(
            config,
            root,
            distribution=distribution,
            say=say,
            look=look,
            fetch=fetcher,
            with_owners=owned,
            allowed=allowed,
        )
        return done, summaries[0]
    is_new = not root.exists()
    root.mkdir(parents=True, exist_ok=True)
    done = provision_machine(
        config, root, distribution=distribution, say=say, look=look, fetch=fetcher, allowed=allowed
    )
    if is_new and not done.succeeded:
        with suppress(OSError):  # there is something in it
            root.rmdir()
    return done, summaries[0]
