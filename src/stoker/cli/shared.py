"""The options that name an etcd in which servers keep what they share; what they say comes out as an Etcd."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from stoker.cli.exits import CommandError, UsageError

if TYPE_CHECKING:
    from stoker.server.behind import Etcd

FILES = (
    ("--store-password-file", "the password of its user"),
    ("--store-ca-file", "who signs its certificates, if not those whom the machine trusts; PEM"),
    ("--store-cert-file", "the certificate that it is shown; PEM"),
    ("--store-key-file", "the key of that; PEM"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what names an etcd."""
    parser.add_argument(
        "--store", metavar="URL", help="an etcd that replicas share: etcd://[USER@]HOST:PORT,...[/PREFIX], or etcds://"
    )
    for option, what in FILES:
        parser.add_argument(option, metavar="FILE", help=what)


def read_arguments(arguments: argparse.Namespace) -> Etcd | None:
    """The etcd that is named, None where none is. Raises CommandError."""
    if not arguments.store:
        return None
    from stoker.server.behind import Etcd  # noqa: PLC0415 -- not needed for help
    from stoker.store.etcdaddress import parse_address  # noqa: PLC0415
    from stoker.store.etcdclient import Access  # noqa: PLC0415

    try:
        address = parse_address(arguments.store)
    except ValueError as error:
        raise UsageError(f"--store: {error}") from error
    password = _read(arguments.store_password_file) if arguments.store_password_file else ""
    if bool(address.user) != bool(password):
        raise UsageError("--store: a user goes with a password", hint="etcd://USER@HOST and --store-password-file")
    files = (arguments.store_ca_file or "", arguments.store_cert_file or "", arguments.store_key_file or "")
    return Etcd(Access(address.endpoints, address.user, password, *files), address.prefix)


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read the password of the store in `{file}`: {error}") from error
