"""The verb `initramfs`: make the dracut module by which an initramfs provisions its machine with this program."""

from __future__ import annotations

import argparse
from pathlib import Path

from stoker.cli.exits import CommandError, Exit
from stoker.cli.streams import write_data
from stoker.installer import InstallerFault, NotOurs, write_module


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("action", choices=["build"], help="write the module, with this program and its own Python")
    parser.add_argument(
        "directory",
        metavar="DIR",
        type=Path,
        help="the module's directory, as /usr/lib/dracut/modules.d/30stoker; written anew when it is one of ours",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the module; its place, size and number of files go to stdout."""
    try:
        written = write_module(Path(arguments.directory).absolute())
    except NotOurs as fault:
        raise CommandError(str(fault), hint=fault.hint, code=Exit.REFUSED) from fault
    except InstallerFault as fault:
        raise CommandError(str(fault), hint=fault.hint) from fault
    mebibytes = written.size / (1 << 20)
    write_data(f"{written.directory}: {written.files} files, {mebibytes:.1f} MiB\n".encode())
    return Exit.FINE
