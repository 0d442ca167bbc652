"""The verb `simulate`: a first boot in a tree of its own, without root: what is written, made and thought of it."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import msgspec

from stoker.cli.configs import add_distribution, distribution_of
from stoker.cli.exits import CommandError, Exit
from stoker.cli.findings import write_json
from stoker.cli.inputs import add_files_dir, add_output, filled, read_stdin_once
from stoker.cli.plan import PATIENCE, captured_of
from stoker.cli.references import Wanted, add_references, read_wanted
from stoker.cli.streams import talk, tell, write_data
from stoker.engine import Distribution, finding_of, settings_of
from stoker.engine.rehearsal import Rehearsal, rehearsal_text, rehearse
from stoker.engine.targets import distribution_of_system
from stoker.fetch import Fetcher
from stoker.system import SystemFault
from stoker.system.inventory import Captured


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="a Butane or Ignition file; - is stdin")
    parser.add_argument(
        "--inventory", metavar="FILE", type=filled, help="begin with a machine that `stoker inventory` captured"
    )
    parser.add_argument(
        "--tree",
        metavar="DIR",
        type=filled,
        help="make the tree there and keep it; beside it DIR.disks, and DIR.rights.json for owners",
    )
    parser.add_argument("--keep", action="store_true", help="keep the tree, and say where it is")
    add_distribution(parser)
    add_files_dir(parser)
    add_references(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Simulate; exit 1 when the machine would not come up, or with a unit that cannot be started."""
    read_stdin_once(arguments.file, arguments.inventory)
    wanted = read_wanted(arguments, PATIENCE, tell)
    if wanted is None:
        return Exit.FINDINGS
    captured = None if arguments.inventory is None else captured_of(arguments.inventory)
    with ExitStack() as stack:
        root = _root(arguments, stack)
        named = distribution_of(wanted.read, arguments.distribution)
        if captured is not None and arguments.distribution is None:
            named = distribution_of_system(captured.os) or named
        found = rehearse_config(wanted, root, named, captured)
        if arguments.output == "json":
            write_json(_data(found, is_kept=arguments.keep or arguments.tree is not None))
        else:
            write_data(rehearsal_text(found).encode("utf-8", "surrogateescape"))
    if arguments.keep and arguments.tree is None:
        talk(f"the tree is `{root}`\n")
    return Exit.FINE if found.succeeded else Exit.FINDINGS


def _data(found: Rehearsal, *, is_kept: bool) -> dict[str, Any]:
    """The account as plain data; where the tree and its disks are only while they are there."""
    data: dict[str, Any] = msgspec.to_builtins(found)
    if not is_kept:
        del data["tree"]
        for disk in data["disks"]:
            del disk["file"]
    return data


def rehearse_config(wanted: Wanted, root: Path, distribution: Distribution, captured: Captured | None) -> Rehearsal:
    """Rehearse a config. The findings have the places of what was written. Raises CommandError."""
    config = wanted.config
    fetcher = Fetcher(msgspec.structs.replace(settings_of(config), patience=PATIENCE), say=tell)
    try:
        found, outcome = rehearse(config, root, distribution, captured=captured, say=lambda _line: None, fetch=fetcher)
    except SystemFault as fault:
        raise CommandError(str(fault)) from fault
    findings = [finding_of(entry) for entry in wanted.placed(outcome.report)]
    return msgspec.structs.replace(found, summary=msgspec.structs.replace(found.summary, findings=findings))


def _root(arguments: argparse.Namespace, stack: ExitStack) -> Path:
    """Where the tree goes: a new directory, or one that is empty."""
    if arguments.tree is None:
        made = (
            mkdtemp(prefix="stoker-") if arguments.keep else stack.enter_context(TemporaryDirectory(prefix="stoker-"))
        )
        return Path(made) / "root"
    root = Path(arguments.tree).absolute()
    taken = [path for path in (root, root.with_name(root.name + ".disks")) if path.exists()]
    if taken and not (root.is_dir() and not any(root.iterdir()) and taken == [root]):
        raise CommandError(
            f"`{taken[0]}` is there already, and a rehearsal begins with nothing",
            hint="name a directory that is empty or not there, or remove it",
            code=Exit.REFUSED,
        )
    return root
