"""The verb `backup`: what a server keeps, as it is at one moment, as an archive; the server may run."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from stoker.cli import shared
from stoker.cli.exits import CommandError, Exit, UsageError
from stoker.cli.streams import talk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="the archive, a .tar.gz; replaced if it is there")
    add_places(parser)


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add where a server keeps things."""
    parser.add_argument("--data-dir", metavar="DIR", help="the files that `stoker serve` is given")
    parser.add_argument("--state-dir", metavar="DIR", help="its --state-dir")
    shared.add_arguments(parser)


def read_places(arguments: argparse.Namespace) -> tuple[Path, Path]:
    """Where a server of files keeps things. Raises UsageError."""
    if not arguments.data_dir or not arguments.state_dir:
        hint = "name both --data-dir and --state-dir, or --store"
        raise UsageError("where the server keeps things is not named", hint=hint)
    return Path(arguments.data_dir), Path(arguments.state_dir)


def run(arguments: argparse.Namespace) -> int:
    """Write the archive."""
    from stoker.server.backups import read_store, write_archive  # noqa: PLC0415 -- not needed for help
    from stoker.server.behind import open_shared, open_store  # noqa: PLC0415
    from stoker.server.errors import ServerError  # noqa: PLC0415
    from stoker.store import StoreError  # noqa: PLC0415

    etcd = shared.read_arguments(arguments)
    try:
        with open_shared(etcd) if etcd else open_store(*_existing_places(arguments)) as store:
            items = read_store(store)
        write_archive(items, Path(arguments.file), time.time())
    except (ServerError, StoreError) as error:
        raise CommandError(str(error)) from error
    talk(f"`{arguments.file}` has {len(items)} items\n")
    return Exit.FINE


def _existing_places(arguments: argparse.Namespace) -> tuple[Path, Path]:
    data, state = read_places(arguments)
    if not data.is_dir() or not state.is_dir():
        missing = state if data.is_dir() else data
        raise CommandError(f"`{missing}` is no directory", hint="name those of the server whose backup this shall be")
    return data, state
