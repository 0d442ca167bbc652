"""The verb `inventory`: a machine's disks, accounts and system on paper, so that a plan can be made elsewhere."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

import msgspec

from stoker.cli.exits import CommandError, Exit
from stoker.cli.inputs import add_output, filled
from stoker.cli.streams import write_data
from stoker.engine.inventory_text import inventory_text
from stoker.engine.targets import open_tree
from stoker.system import SystemFault, commands
from stoker.system.inventory import capture
from stoker.system.real_devices import RealDevices


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument(
        "--root", metavar="DIR", type=filled, default="/", help="a tree instead of this machine; a tree has no disks"
    )
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Capture; nothing is changed. As root, since only root can read disks."""
    root = Path(arguments.root).absolute()
    if not root.is_dir():
        raise CommandError(f"`{arguments.root}` is no directory", hint="name the root of a system")
    try:
        with closing(open_tree(root)) as system:
            if root == Path("/"):
                system.devices = RealDevices(commands.run)
            captured = capture(system)
    except SystemFault as fault:
        raise CommandError(str(fault)) from fault
    if not (captured.os or captured.users or captured.devices.disks):
        raise CommandError(
            f"there is no system below `{arguments.root}`: neither os-release nor accounts", hint="name its root"
        )
    if arguments.output == "json":
        write_data(msgspec.json.format(msgspec.json.encode(captured), indent=2) + b"\n")
    else:
        write_data(inventory_text(captured).encode("utf-8", "surrogateescape"))
    return Exit.FINE
