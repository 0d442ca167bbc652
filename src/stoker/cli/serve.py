"""The verb `serve`: boot scripts, configs and metadata for machines, from Matchbox's files."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from stoker.cli import shared
from stoker.cli.exits import CommandError, Exit, UsageError
from stoker.cli.sites import compile_config, explain_config, validate
from stoker.cli.streams import talk, write_data
from stoker.server import AddressError, CertificateFiles, Operators, ServerError, Tls, serve
from stoker.server.clients import Network, parse_networks
from stoker.server.logs import Form
from stoker.server.native import Native
from stoker.server.roles import TokenFile
from stoker.store import StoreError
from stoker.trust import Secrets, Signer

CERTIFICATE_FILES = (
    ("--cert-file", "/etc/matchbox/server.crt", "PEM certificate of the gRPC API"),
    ("--key-file", "/etc/matchbox/server.key", "its key"),
    ("--ca-file", "/etc/matchbox/ca.crt", "who signs the certificates of its clients"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("data", metavar="DIR", nargs="?", help="groups/, profiles/, ignition/ as Matchbox has them")
    parser.add_argument("--assets", metavar="DIR", help="served below /assets; DIR/assets when it is there")
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        default="127.0.0.1:8080",
        help="where to listen, 127.0.0.1:8080 by default; port 0: any",
    )
    parser.add_argument("--key-ring", metavar="FILE", help="sign with the first secret key in it: PATH.sig, PATH.asc")
    parser.add_argument("--passphrase-file", metavar="FILE", help="what unlocks the key ring")
    parser.add_argument(
        "--state-dir", metavar="DIR", help="what is known of machines; without it that ends with the server"
    )
    shared.add_arguments(parser)
    parser.add_argument("--token-file", metavar="FILE", help="who may do what, as `stoker token` writes it")
    parser.add_argument("--secret-dir", metavar="DIR", help="holds secrets: `secret://file/NAME` is NAME in it")
    parser.add_argument(
        "--secret-command",
        metavar="COMMAND",
        help="gives secrets: `secret://command/NAME` is what it prints for NAME and the machine's name",
    )
    parser.add_argument("--web-cert-file", metavar="FILE", help="serve HTTPS with this certificate; PEM")
    parser.add_argument("--web-key-file", metavar="FILE", help="its key; PEM")
    parser.add_argument(
        "--trusted-proxy",
        metavar="NETWORK",
        action="append",
        default=[],
        help="believe X-Forwarded-For from there; can be given again",
    )
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="text by default")
    parser.add_argument(
        "--rpc-address", metavar="HOST:PORT", help="where to listen for Matchbox's gRPC API, mutual TLS; off by default"
    )
    for option, default, what in CERTIFICATE_FILES:
        parser.add_argument(option, metavar="FILE", default=default, help=f"{what}; {default} by default")
    parser.add_argument("-q", "--quiet", action="store_true", help="no line for each request")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or an interrupt; the address goes to stdout once requests are answered."""
    address = _address(arguments.address)
    kept = shared.read_arguments(arguments) or _directory(arguments)
    _check_replica(arguments)

    def on_ready(address: tuple[str, int]) -> None:
        write_data(f"{'https' if tls else 'http'}://{_host(address)}\n".encode())

    log = (lambda _line: None) if arguments.quiet else (lambda line: talk(line + "\n"))
    trusted = _networks(arguments.trusted_proxy)
    tls = _tls(arguments.web_cert_file, arguments.web_key_file)
    try:
        tokens = TokenFile(Path(arguments.token_file) if arguments.token_file else None)
        with ExitStack() as stack:
            serve(
                kept,
                _assets(arguments),
                address,
                compile_config=compile_config,
                validate=validate,
                on_ready=on_ready,
                log=log,
                face=Native(tokens, Form(arguments.log_format), secrets=_secrets(arguments), explain=explain_config),
                signer=_signer(arguments, stack),
                tls=tls,
                state_dir=Path(arguments.state_dir) if arguments.state_dir else None,
                trusted=trusted,
                operators=_operators(arguments, log),
            )
    except AddressError as error:
        raise CommandError(str(error), code=Exit.UNAVAILABLE) from error
    except (ServerError, StoreError) as error:
        raise CommandError(str(error)) from error
    return Exit.FINE


def _check_replica(arguments: argparse.Namespace) -> None:
    if arguments.store and arguments.data:
        raise UsageError("serve: DIR and --store are two places for the same", hint="`stoker restore` fills an etcd")
    if arguments.store and not arguments.state_dir:
        hint = "what machines tell waits there until etcd has it, each replica has its own"
        raise UsageError("serve: --store goes with --state-dir", hint=hint)


def _directory(arguments: argparse.Namespace) -> Path:
    """The directory that is served, if it can be."""
    if not arguments.data:
        raise UsageError("serve: nothing to serve is named", hint="name a DIR, or an etcd by --store")
    data = Path(arguments.data)
    if not data.is_dir():
        raise CommandError(f"`{data}` is no directory", hint="examples/matchbox shows what is expected there")
    if arguments.log_format == "text" and not any((data / "groups").glob("*.json")):
        talk(f"`{data}` has no groups/*.json yet: no machine is answered until there is one\n")
    return data


def _assets(arguments: argparse.Namespace) -> Path | None:
    if arguments.assets:
        if not Path(arguments.assets).is_dir():
            raise CommandError(f"`{arguments.assets}` is no directory", hint="--assets names what is below /assets")
        return Path(arguments.assets)
    found = Path(arguments.data, "assets") if arguments.data else None
    return found if found is not None and found.is_dir() else None


def _secrets(arguments: argparse.Namespace) -> Secrets:
    """Where secrets come from: what is named, and the environment."""
    directory = Path(arguments.secret_dir) if arguments.secret_dir else None
    if directory is not None and not directory.is_dir():
        raise CommandError(f"`{directory}` is no directory", hint="--secret-dir names what holds secrets")
    return Secrets(directory, os.environ, shlex.split(arguments.secret_command or ""))


def _signer(arguments: argparse.Namespace, stack: ExitStack) -> Signer | None:
    """The signer of the key ring that is named, if one is."""
    if not arguments.key_ring:
        return None
    from stoker.trust import KeyRingError, Secret  # noqa: PLC0415 -- few sign
    from stoker.trust.openpgp import open_key_ring  # noqa: PLC0415

    file = arguments.passphrase_file
    passphrase = Secret(Path(file).read_text(encoding="utf-8").removesuffix("\n") if file else "")
    try:
        return stack.enter_context(open_key_ring(Path(arguments.key_ring), passphrase))
    except KeyRingError as error:
        hint = "it has to be a binary ring, as `gpg --export-secret-keys` writes it; --passphrase-file unlocks it"
        raise CommandError(f"cannot sign by `{arguments.key_ring}`: {error}", hint=hint) from error


def _networks(texts: list[str]) -> tuple[Network, ...]:
    try:
        return parse_networks(texts)
    except ValueError as error:
        raise UsageError(f"serve: {error}", hint="such as 10.0.0.0/8 or 192.0.2.1") from error


def _tls(certificate: str | None, key: str | None) -> Tls | None:
    if bool(certificate) != bool(key):
        raise UsageError("serve: a certificate goes with its key", hint="name both --web-cert-file and --web-key-file")
    return Tls(Path(certificate), Path(key)) if certificate and key else None


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
