"""The verb `plan`: what a config would do to a machine, before it does; nothing is touched."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import msgspec

from stoker.cli.configs import Read, add_distribution, distribution_meant, distribution_of, locate, read_config
from stoker.cli.exits import CommandError, Exit, UsageError
from stoker.cli.findings import write_json
from stoker.cli.inputs import add_files_dir, add_output, filled, read_input, read_stdin_once
from stoker.cli.references import Wanted, add_references, read_wanted
from stoker.cli.streams import tell, write_data
from stoker.engine import DISTRIBUTIONS, plan, settings_of
from stoker.engine.captured import read_inventory
from stoker.engine.comparison import compare
from stoker.engine.errors import BadInventory, EngineFault
from stoker.engine.preview import Preview, preview
from stoker.engine.preview_text import preview_text
from stoker.engine.recorded import has_record, preview_change
from stoker.engine.targets import (
    Target,
    as_first_boot_finds,
    captured_machine,
    disk_image,
    distribution_of_system,
    fresh_machine,
    machine_below,
    other_distribution,
)
from stoker.fetch import Fetcher
from stoker.report import Report
from stoker.schema.v3 import Config
from stoker.system import SystemFault
from stoker.system.inventory import Captured

PATIENCE = 10.0  # seconds without an answer: a plan is asked for again at once
ALTOGETHER = 60.0  # seconds for all contents that are fetched to be compared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="a Butane or Ignition file; - is stdin")
    machine = parser.add_mutually_exclusive_group()
    machine.add_argument(
        "--root", metavar="DIR", type=filled, help="plan for the tree that is there; / is this machine, with disks"
    )
    machine.add_argument(
        "--image", metavar="DISK", type=filled, help="plan for a machine with that disk, a raw image or a device"
    )
    machine.add_argument(
        "--inventory", metavar="FILE", type=filled, help="plan for a machine that `stoker inventory` captured"
    )
    parser.add_argument(
        "--was", metavar="OLD", type=filled, help="plan for a machine that this config was carried out on"
    )
    add_allow_wipe(parser)
    add_distribution(parser)
    add_files_dir(parser)
    add_references(parser)
    add_output(parser, ("text", "json"))


def add_allow_wipe(parser: argparse.ArgumentParser) -> None:
    """Give a verb the option that lets data go."""
    parser.add_argument(
        "--allow-wipe",
        metavar="LABEL",
        action="append",
        default=[],
        help="data with that label may be lost, or on that device; may be given again",
    )


def run(arguments: argparse.Namespace) -> int:
    """Plan; exit 0 when nothing is to be done, 2 when something is, 3 when data would be lost, 1 when it would fail."""
    if arguments.was is not None and arguments.follow:
        raise UsageError("plan: `--was` compares two configs as they are: it does not go with `--follow`")
    read_stdin_once(arguments.file, arguments.was, arguments.inventory)
    wanted = read_wanted(arguments, PATIENCE, tell)
    if wanted is None:
        return Exit.FINDINGS
    if arguments.was is not None:
        found = _changes_since(wanted.read, wanted.config, arguments)
        show_preview(found, arguments.output)
        return exit_code(found)
    try:
        with _target(wanted.read, wanted.config, arguments) as target:
            notes = Report(target.notes)
            if arguments.distribution is None:
                notes.extend(other_distribution(distribution_meant(wanted.read), target))
            found = preview_of(wanted, target, notes, arguments.allow_wipe)
    except SystemFault as fault:
        raise CommandError(str(fault)) from fault
    show_preview(found, arguments.output)
    return exit_code(found)


def preview_of(wanted: Wanted, target: Target, notes: Report, allow_wipe: list[str]) -> Preview:
    """What a config would do to a target; `notes` stand before what is found then."""
    planned = plan(wanted.config, target.system, target.distribution, online=True)
    return preview(
        wanted.config,
        planned,
        target.system,
        machine=target.machine,
        is_fresh=target.is_fresh,
        are_disks_assumed=target.is_fresh,
        kernel_arguments=target.kernel_arguments,
        allowed=frozenset(allow_wipe),
        findings=notes,
        locate=wanted.locate,
    )


def _changes_since(read: Read, config: Config, arguments: argparse.Namespace) -> Preview:
    """What changes from the config that a machine has; its disks are those of the inventory, if any."""
    if arguments.image is not None:
        raise UsageError("plan: `--was` says what the machine has, so it does not go with `--image`")
    was = read_config(arguments.was, arguments.files_dir, arguments.color)
    if was.config is None:
        raise CommandError(f"`{arguments.was}` has errors in it", hint="name the config that the machine was made by")
    if arguments.root is not None:
        return _changes_of_recorded(read, was.config, config, arguments)
    captured = None if arguments.inventory is None else captured_of(arguments.inventory)
    return compare(
        was.config,
        config,
        distribution_of(read, arguments.distribution),
        inventory=None if captured is None else as_first_boot_finds(captured.devices),
        machine=f"a machine made by `{arguments.was}`",
        allowed=frozenset(arguments.allow_wipe),
        locate=partial(locate, read),
    )


def _changes_of_recorded(read: Read, was: Config, config: Config, arguments: argparse.Namespace) -> Preview:
    """What a machine that runs has to change, by the record that it has of what was there before any config."""
    settings = msgspec.structs.replace(settings_of(config), patience=PATIENCE, altogether=ALTOGETHER)
    fetcher = Fetcher(settings, say=tell)
    try:
        with _target(read, config, arguments) as target:
            if not has_record(target.system):
                raise UsageError(
                    f"plan: `{arguments.root}` has no record of a config that was applied to it",
                    hint="`--was` alone compares the two configs, `--root` alone plans a first boot",
                )
            allowed = frozenset(arguments.allow_wipe)
            return preview_change(was, config, target, fetcher, allowed=allowed, locate=partial(locate, read))
    except EngineFault as fault:
        raise CommandError(str(fault), hint=fault.hint) from fault
    except SystemFault as fault:
        raise CommandError(str(fault)) from fault


def show_preview(found: Preview, output: str) -> None:
    """Show what would be done: as text or as one line of JSON."""
    if output == "json":
        write_json(found)
    else:
        write_data(preview_text(found).encode("utf-8", "surrogateescape"))


def exit_code(found: Preview) -> Exit:
    """How a plan ends. What a first boot would refuse goes before what it would lose."""
    if found.is_refused:
        return Exit.FINDINGS
    if found.not_allowed:
        return Exit.REFUSED
    return Exit.PENDING if found.pending else Exit.FINE


def captured_of(path: str) -> Captured:
    """Read an inventory. Raises CommandError, OSError."""
    try:
        return read_inventory(read_input(path).text)
    except BadInventory as error:
        raise CommandError(f"`{path}`: {error}", hint=error.hint) from error


def _target(read: Read, config: Config, arguments: argparse.Namespace) -> AbstractContextManager[Target]:
    """The machine that was named, or a fresh one."""
    named = distribution_of(read, arguments.distribution)
    if arguments.root is not None:
        root = Path(arguments.root).absolute()
        if not root.is_dir():
            raise CommandError(f"`{arguments.root}` is no directory", hint="without `--root` a fresh machine is meant")
        given = DISTRIBUTIONS[arguments.distribution] if arguments.distribution else None
        return machine_below(root, arguments.root, config, given, named)
    if arguments.image is not None:
        return disk_image(Path(arguments.image), config, named)
    if arguments.inventory is not None:
        captured = captured_of(arguments.inventory)
        found = None if arguments.distribution else distribution_of_system(captured.os)
        return captured_machine(captured, found or named, arguments.inventory)
    return fresh_machine(config, named)
