"""The verb `backup`: what a server keeps, as it is at one moment, as an archive; the server may run."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from stoker.cli.exits import CommandError, Exit
from stoker.cli.streams import talk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="the archive, a .tar.gz; replaced if it is there")
    add_places(parser)


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add where a server keeps things."""
    parser.add_argument("--data-dir", metavar="DIR", required=True, help="the files that `stoker serve` is given")
    parser.add_argument("--state-dir", metavar="DIR", required=True, help="its --state-dir")


def run(arguments: argparse.Namespace) -> int:
    """Write the archive."""
    from stoker.server.backups import read_store, write_archive  # noqa: PLC0415 -- not needed for help
    from stoker.server.behind import open_store  # noqa: PLC0415
    from stoker.server.errors import ServerError  # noqa: PLC0415
    from stoker.store import StoreError  # noqa: PLC0415

    data, state = Path(arguments.data_dir), Path(arguments.state_dir)
    if not data.is_dir() or not state.is_dir():
        missing = state if data.is_dir() else data
        raise CommandError(f"`{missing}` is no directory", hint="name those of the server whose backup this shall be")
    try:
        with open_store(data, state) as store:
            items = read_store(store)
        write_archive(items, Path(arguments.file), time.time())
    except (ServerError, StoreError) as error:
        raise CommandError(str(error)) from error
    talk(f"`{arguments.file}` has {len(items)} items\n")
    return Exit.FINE
