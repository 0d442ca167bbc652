"""The verb `serve`: boot scripts, configs and metadata for machines, from Matchbox's files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from stoker.butane import translate
from stoker.cli.exits import CommandError, Exit, UsageError
from stoker.cli.streams import talk, write_data
from stoker.ignition.parse import check
from stoker.report import Report
from stoker.server import AddressError, CertificateFiles, Operators, ServerError, serve
from stoker.store import StoreError

CERTIFICATE_FILES = (
    ("--cert-file", "/etc/matchbox/server.crt", "PEM certificate of the gRPC API"),
    ("--key-file", "/etc/matchbox/server.key", "its key"),
    ("--ca-file", "/etc/matchbox/ca.crt", "who signs the certificates of its clients"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("data", metavar="DIR", help="groups/, profiles/, ignition/ as Matchbox has them")
    parser.add_argument("--assets", metavar="DIR", help="served below /assets; DIR/assets when it is there")
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        default="127.0.0.1:8080",
        help="where to listen, 127.0.0.1:8080 by default; port 0: any",
    )
    parser.add_argument(
        "--rpc-address", metavar="HOST:PORT", help="where to listen for Matchbox's gRPC API, mutual TLS; off by default"
    )
    for option, default, what in CERTIFICATE_FILES:
        parser.add_argument(option, metavar="FILE", default=default, help=f"{what}; {default} by default")
    parser.add_argument("-q", "--quiet", action="store_true", help="no line for each request")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or an interrupt; the address goes to stdout once requests are answered."""
    data = Path(arguments.data)
    assets = Path(arguments.assets) if arguments.assets else data / "assets"
    if arguments.assets and not assets.is_dir():
        raise CommandError(f"`{assets}` is no directory", hint="--assets names what is served below /assets")
    if not data.is_dir():
        raise CommandError(f"`{data}` is no directory", hint="examples/matchbox shows what is expected there")

    if not any((data / "groups").glob("*.json")):
        talk(f"`{data}` has no groups/*.json yet: no machine is answered until there is one\n")

    def on_ready(address: tuple[str, int]) -> None:
        write_data(f"http://{_host(address)}\n".encode())

    log = (lambda _line: None) if arguments.quiet else (lambda line: talk(line + "\n"))
    try:
        serve(
            data,
            assets if assets.is_dir() else None,
            _address(arguments.address),
            compile_config=_compile,
            validate=lambda text, file: check(text, file=file),
            on_ready=on_ready,
            log=log,
            operators=_operators(arguments, log),
        )
    except AddressError as error:
        raise CommandError(str(error), code=Exit.UNAVAILABLE) from error
    except (ServerError, StoreError) as error:
        raise CommandError(str(error)) from error
    return Exit.FINE


def _operators(arguments: argparse.Namespace, log: Callable[[str], None]) -> Operators | None:
    """Where operators connect, if they may; the address goes to stdout, too, before that for machines."""
    if not arguments.rpc_address:
        return None
    files = CertificateFiles(Path(arguments.cert_file), Path(arguments.key_file), Path(arguments.ca_file))
    return Operators(
        _address(arguments.rpc_address),
        files,
        on_ready=lambda address: write_data(f"grpcs://{_host(address)}\n".encode()),
        log=log,
    )


def _host(address: tuple[str, int]) -> str:
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"serve: `{text}` is no HOST:PORT", hint="such as 127.0.0.1:8080 or [::1]:8080")
    return host.strip("[]"), int(port)


def _compile(text: bytes, file: str) -> tuple[bytes | None, Report]:
    """What the server needs of the language. A served template reads no local files."""
    done = translate(text, file=file, raw=True)
    return done.output, done.report
