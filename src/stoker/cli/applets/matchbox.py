"""The command line of Matchbox, as of 0.11: flags and MATCHBOX_* come in, its files are served as it serves them.

Flags are read as Go's package flag does; what is not given by a flag is taken from the environment, where it is not
empty. Exit codes: 0 after `-version`, `-help` or a stop by signal; 1 when it cannot serve; 2 for a wrong flag. The log
goes to stderr in the form of logrus.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from stoker.cli.goflags import FALSE, TRUE, Flag, Parsed, describe_flags, parse_flags
from stoker.cli.gotext import quote, system_error
from stoker.cli.streams import talk, write_data

if TYPE_CHECKING:
    from stoker.server import Operators
    from stoker.server.logrus import Logrus
    from stoker.trust import Signer

VERSION: Final = "v0.11.0"
FAILED: Final = 1
USAGE: Final = 2
PREFIX: Final = "MATCHBOX_"

FLAGS: Final = (
    Flag("address", "127.0.0.1:8080", "HTTP listen address"),
    Flag("assets-path", "/var/lib/matchbox/assets", "Path to static assets"),
    Flag("ca-file", "/etc/matchbox/ca.crt", "Path to the CA verify and authenticate client certificates"),
    Flag("cert-file", "/etc/matchbox/server.crt", "Path to the server TLS certificate file"),
    Flag("data-path", "/var/lib/matchbox", "Path to data directory"),
    Flag("help", False, "print usage and exit"),
    Flag("key-file", "/etc/matchbox/server.key", "Path to the server TLS key file"),
    Flag("key-ring-path", "", "Path to a private keyring file"),
    Flag("log-level", "info", "Set the logging level"),
    Flag("rpc-address", "", "RPC listen address"),
    Flag("version", False, "print version and exit"),
    Flag("web-cert-file", "/etc/matchbox/ssl/server.crt", "Path to the server TLS certificate file"),
    Flag("web-key-file", "/etc/matchbox/ssl/server.key", "Path to the server TLS key file"),
    Flag("web-ssl", False, "True to enable HTTPS"),
)

# The flag that asks for a file, the flag that names it, and what is said when it is not there.
NEEDED_FILES: Final = (
    ("rpc-address", "cert-file", "Provide a valid TLS server certificate with -cert-file"),
    ("rpc-address", "key-file", "Provide a valid TLS server key with -key-file"),
    ("rpc-address", "ca-file", "Provide a valid TLS certificate authority for authorizing client certificates"),
    ("web-ssl", "web-cert-file", "Provide a valid SSL server certificate with -web-cert-file"),
    ("web-ssl", "web-key-file", "Provide a valid SSL server key with -web-key-file"),
)


class Fatal(Exception):
    """Ends the program: what logrus writes at its level `fatal`."""


def run(arguments: list[str], program: str) -> int:
    """Be Matchbox, called as `program`."""
    parsed = parse_flags(FLAGS, arguments)
    usage = f"Usage of {program}:\n{describe_flags(FLAGS)}"
    if parsed.error is not None:
        talk(f"{parsed.error}\n{usage}")
        return USAGE
    level = "info"
    try:
        _read_environment(parsed, os.environ)
        if parsed.is_set("version"):
            write_data(f"{VERSION}\n".encode())
            return 0
        if parsed.is_set("help"):
            talk(usage)
            return 0
        _check_paths(parsed)
        level = _level(parsed.text("log-level"))
        _serve(parsed, _log(level))
    except Fatal as fault:
        _tell(_log(level).line("fatal", str(fault)))
        return FAILED
    return 0


def _log(level: str) -> Logrus:
    """The log at a level."""
    from stoker.server.logrus import Logrus  # noqa: PLC0415 -- `-version` and wrong flags do not pay for the server

    return Logrus(level)


def _tell(line: str) -> None:
    """Write a line of the log, where the level takes it."""
    if line:
        talk(f"{line}\n")


def _read_environment(parsed: Parsed, environment: Mapping[str, str]) -> None:
    """Take what no flag has set from the environment. Raises Fatal for what is no bool."""
    for flag in FLAGS:
        name = PREFIX + flag.name.upper().replace("-", "_")
        value = environment.get(name, "")
        if not value or flag.name in parsed.given:
            continue
        if flag.is_bool and value not in TRUE | FALSE:
            raise Fatal(f"invalid value {quote(value)} for {name}: parse error")
        parsed.values[flag.name] = value in TRUE if flag.is_bool else value


def _check_paths(parsed: Parsed) -> None:
    """See that what the flags name is there. Raises Fatal."""
    if not os.path.isdir(parsed.text("data-path")):
        raise Fatal("A valid -data-path is required")
    assets = parsed.text("assets-path")
    if assets and not os.path.isdir(assets):
        raise Fatal(f"Provide a valid -assets-path or '' to disable asset serving: {assets}")
    for asking, name, complaint in NEEDED_FILES:
        if not parsed.values[asking]:
            continue
        try:
            os.stat(parsed.text(name))
        except OSError as error:
            raise Fatal(f"{complaint}: stat {parsed.text(name)}: {system_error(error)}") from error


def _level(name: str) -> str:
    """A level of the log by name, in any case. Raises Fatal."""
    from stoker.server.logrus import LEVELS  # noqa: PLC0415 -- mistakes do not pay for the server

    if name.lower() not in LEVELS:
        raise Fatal(f"invalid log-level: not a valid logrus Level: {quote(name)}")
    return name.lower()


def _serve(parsed: Parsed, log: Logrus) -> None:
    """Serve until a signal comes. Raises Fatal."""
    from pathlib import Path  # noqa: PLC0415 -- mistakes do not pay for the server

    from stoker.server import AddressError, ServerError, Tls, serve  # noqa: PLC0415
    from stoker.server.matchbox_configs import compile_template  # noqa: PLC0415
    from stoker.server.matchbox_face import MatchboxFace  # noqa: PLC0415
    from stoker.store import StoreError  # noqa: PLC0415

    address, assets = parsed.text("address"), parsed.text("assets-path")
    tls = None
    with ExitStack() as stack:
        signer = _open_signer(parsed.text("key-ring-path"), stack)
        operators = _operators(parsed, log)
        scheme = "HTTPS" if parsed.is_set("web-ssl") else "HTTP"
        _tell(log.line("info", f"Starting matchbox {scheme} server on {address}"))
        if parsed.is_set("web-ssl"):
            tls = Tls(Path(parsed.text("web-cert-file")), Path(parsed.text("web-key-file")))
            _tell(log.line("info", f"Using SSL server certificate: {tls.certificate}"))
            _tell(log.line("info", f"Using SSL server key: {tls.key}"))
        try:
            serve(
                Path(parsed.text("data-path")),
                Path(assets) if assets else None,
                _resolve(address),
                compile_config=compile_template,
                on_ready=lambda _address: None,
                log=_tell,
                face=MatchboxFace(log),
                signer=signer,
                tls=tls,
                operators=operators,
            )
        except AddressError as error:
            cause = error.__cause__
            reason = system_error(cause) if isinstance(cause, OSError) else str(error)
            raise Fatal(f"failed to start listening: listen tcp {address}: bind: {reason}") from error
        except (ServerError, StoreError) as error:
            raise Fatal(f"failed to start listening: {error}") from error


def _operators(parsed: Parsed, log: Logrus) -> Operators | None:
    """Where the gRPC API is served beside HTTP, if -rpc-address asks for it. Raises Fatal."""
    address = parsed.text("rpc-address")
    if not address:
        return None
    from pathlib import Path  # noqa: PLC0415 -- few have operators

    from stoker.report import Level  # noqa: PLC0415
    from stoker.server import CertificateFiles, Operators  # noqa: PLC0415

    names = {Level.ERROR: "error", Level.WARNING: "warning"}
    files = CertificateFiles(*(Path(parsed.text(name)) for name in ("cert-file", "key-file", "ca-file")))
    _tell(log.line("info", f"Starting matchbox gRPC server on {address}"))
    _tell(log.line("info", f"Using TLS server certificate: {files.certificate}"))
    _tell(log.line("info", f"Using TLS server key: {files.key}"))
    _tell(log.line("info", f"Using CA certificate: {files.authority} to authenticate client certificates"))
    return Operators(
        _resolve(address),
        files,
        on_ready=lambda _address: None,
        log=lambda line: _tell(log.line(names.get(line.level, "info"), str(line))),
    )


def _open_signer(path: str, stack: ExitStack) -> Signer | None:
    """The signer of a key ring, if one is named; the passphrase comes from the environment alone. Raises Fatal."""
    if not path:
        return None
    from pathlib import Path  # noqa: PLC0415 -- few sign

    from stoker.trust import KeyRingError, Secret  # noqa: PLC0415
    from stoker.trust.openpgp import open_key_ring  # noqa: PLC0415

    passphrase = Secret(os.environ.get(f"{PREFIX}PASSPHRASE", ""))
    try:
        return stack.enter_context(open_key_ring(Path(path), passphrase))
    except KeyRingError as error:
        raise Fatal(str(error)) from error
    except OSError as error:
        raise Fatal(f"open {path}: {system_error(error)}") from error


def _resolve(address: str) -> tuple[str, int]:
    """An address to listen on, as Go's net.Listen reads it: without a host it is every one. Raises Fatal."""
    import socket  # noqa: PLC0415 -- mistakes do not pay for it

    failed = "failed to start listening: listen tcp: "
    host, colon, port = address.rpartition(":")
    if not colon:
        raise Fatal(f"{failed}address {address}: missing port in address")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise Fatal(f"{failed}address {address}: too many colons in address")
    try:
        found = socket.getaddrinfo(
            host.strip("[]") or None, port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError) as error:
        raise Fatal(f"{failed}lookup {address}: {error}") from error
    *_, place = min(found, key=lambda each: each[0] != (socket.AF_INET if host else socket.AF_INET6))
    return str(place[0]), int(place[1])
