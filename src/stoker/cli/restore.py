"""The verb `restore`: what an archive of `backup` holds is put into the place of a server that does not run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stoker.cli import shared
from stoker.cli.backup import add_places, read_places
from stoker.cli.exits import CommandError, Exit
from stoker.cli.streams import talk

if TYPE_CHECKING:
    from stoker.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="an archive that `stoker backup` wrote")
    add_places(parser)
    parser.add_argument("--force", action="store_true", help="what is there goes, and the archive takes its place")


def run(arguments: argparse.Namespace) -> int:
    """Put the archive's items in place."""
    from stoker.server.backups import read_archive, restore  # noqa: PLC0415 -- not needed for help
    from stoker.server.errors import OccupiedError, ServerError  # noqa: PLC0415
    from stoker.store import StoreError  # noqa: PLC0415

    try:
        items = read_archive(Path(arguments.file))
        with _open(arguments) as store:
            restore(store, items, force=arguments.force)
    except OccupiedError as error:
        raise CommandError(str(error), hint="--force lets that go", code=Exit.REFUSED) from error
    except (ServerError, StoreError) as error:
        raise CommandError(str(error)) from error
    talk(f"{len(items)} items of `{arguments.file}` are in place\n")
    return Exit.FINE


@contextmanager
def _open(arguments: argparse.Namespace) -> Iterator[Store]:
    """The store. One of files is not to be had while a server has it; one in etcd is, if nothing is in it."""
    from stoker.server.behind import open_files, open_shared  # noqa: PLC0415 -- not needed for help

    etcd = shared.read_arguments(arguments)
    if etcd:
        with open_shared(etcd) as store:
            yield store
        return
    data, state = read_places(arguments)
    data.mkdir(parents=True, exist_ok=True)
    with open_files(data, state) as behind:
        yield behind.store
