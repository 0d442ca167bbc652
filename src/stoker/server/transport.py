"""granian by RSGI in front of a Site: bytes of a socket become Requests, Responses become bytes of a socket.

One process, one thread, one loop. `serve` returns when SIGTERM or SIGINT has come and the requests then under way
have been answered.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stoker.http import FilePart, Request, Response, problem
from stoker.machines import Compile, Validate, check_ignition
from stoker.server.errors import AddressError, CertificateError, ServerError, TransportMissingError
from stoker.server.replies import Face
from stoker.server.site import NATIVE, Site
from stoker.trust import Signer

if TYPE_CHECKING:
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

MAX_BODY: Final = 64 << 10
BODY_SECONDS: Final = 30
HEADER_SECONDS: Final = 30  # for the head of a request, and for the next one on a connection
MAX_HEAD: Final = 256 << 10
BACKLOG: Final = 1024
READY_TRIES: Final = 500
READY_PAUSE: Final = 0.01
THREAD_TRIES: Final = 2000
THREAD_PAUSE: Final = 0.001

Address = tuple[str, int]


class Tls(NamedTuple):
    """The files of a certificate and of its key, in PEM."""

    certificate: Path
    key: Path


def serve(
    data_dir: Path,
    assets_dir: Path | None,
    address: Address,
    *,
    compile_config: Compile,
    on_ready: Callable[[Address], None],
    log: Callable[[str], None],
    validate: Validate = check_ignition,
    face: Face = NATIVE,
    signer: Signer | None = None,
    tls: Tls | None = None,
) -> None:
    """Serve a directory of Matchbox's files until SIGTERM or SIGINT; call it from the main thread.

    `on_ready` is given the address once connections are accepted, with the real port where 0 was asked for. `log`
    takes one line at a time. With `tls` it speaks HTTPS, and HTTP/2 to those who ask for it. Raises AddressError,
    CertificateError, TransportMissingError, and StoreUnavailableError of the store.
    """
    site = Site(data_dir, assets_dir, compile_config, log, validate=validate, face=face, signer=signer)
    if tls is not None:
        _check_certificate(tls)
    before = _threads()
    with closing(_reserve(address)) as reserved:
        host, port = reserved.getsockname()[:2]
        asyncio.run(_run(site, (host, port), on_ready, tls))
    _wait_for_threads(before)


def _reserve(address: Address) -> socket.socket:
    """Take a port without listening on it, so that its number is known and nobody else has it."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        reserved = socket.socket(family, socket.SOCK_STREAM)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(address)
    except (OSError, OverflowError) as error:
        host, port = address
        raise AddressError(
            f"cannot listen on `{host}:{port}`: {error}; name another address or free this one"
        ) from error
    return reserved


def _check_certificate(tls: Tls) -> None:
    """See that a certificate and its key can be read and belong together, before anybody is asked to trust them."""
    import ssl  # noqa: PLC0415 -- only HTTPS pays for it

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, lambda: b"")
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"cannot use the certificate `{tls.certificate}` with the key `{tls.key}`: {error}"
        ) from error


def _threads() -> set[str]:
    """The threads of this process, those that Python knows nothing of included."""
    return {path.name for path in Path("/proc/self/task").iterdir()}


def _wait_for_threads(before: set[str]) -> None:
    """Wait until the threads of the transport have ended.

    granian hands control back a moment before its own threads are done; one that then asks for the interpreter while
    that is shutting down aborts the process (seen with 2.8.7 on Python 3.11).
    """
    for _ in range(THREAD_TRIES):
        if _threads() <= before:
            return
        time.sleep(THREAD_PAUSE)


async def _run(site: Site, address: Address, on_ready: Callable[[Address], None], tls: Tls | None) -> None:
    try:
        from granian.constants import HTTPModes, Interfaces, SSLProtocols  # noqa: PLC0415  the extra is optional
        from granian.http import HTTP1Settings  # noqa: PLC0415  the same
        from granian.server.embed import Server  # noqa: PLC0415  the same
    except ImportError as error:
        raise TransportMissingError(f"{error}; install it with `pip install 'stoker[server]'`") from error
    server = Server(
        Gateway(site),
        address=address[0],
        port=address[1],
        interface=Interfaces.RSGI,
        http=HTTPModes.http1 if tls is None else HTTPModes.auto,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=MAX_HEAD),
        backlog=BACKLOG,
        websockets=False,
        log_enabled=False,
        ssl_cert=tls and tls.certificate,
        ssl_key=tls and tls.key,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    serving = asyncio.create_task(server.serve())
    await _wait_until_ready(address, serving)
    on_ready(address)
    await serving


async def _wait_until_ready(address: Address, serving: asyncio.Task[None]) -> None:
    """Wait until a connection is accepted."""
    for _ in range(READY_TRIES):
        try:
            _, writer = await asyncio.open_connection(*address)
        except OSError:
            if serving.done():
                break
            await asyncio.sleep(READY_PAUSE)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise ServerError(f"nothing listens on `{address[0]}:{address[1]}` although the server was started")


class Gateway:
    """The RSGI application: one Site."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        if scope.proto != "http":
            return
        request = Request(scope.method, scope.path, scope.query_string, dict(scope.headers.items()), b"", scope.client)
        if scope.method not in ("GET", "HEAD") and self.site.face.reads_bodies:
            try:
                body = await _read_body(request, protocol)
            except TimeoutError:
                self._refuse(scope, protocol, request, problem(408, f"no body within {BODY_SECONDS} seconds"))
                return
            if body is None:
                self._refuse(scope, protocol, request, problem(413, f"the body has more than {MAX_BODY} bytes"))
                return
            request = replace(request, body=body)
        _send(scope, protocol, self.site.answer(request))

    def _refuse(self, scope: Scope, protocol: HTTPProtocol, request: Request, response: Response) -> None:
        self.site.log_access(request, response, 0.0)
        _send(scope, protocol, response)


async def _read_body(request: Request, protocol: HTTPProtocol) -> bytes | None:
    """The body, or None if it is too large. Raises TimeoutError if it does not come."""
    length = request.headers.get("content-length", "0")
    if len(length) > 9 or (length.isdigit() and int(length) > MAX_BODY):
        return None
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        async for chunk in protocol:
            body += chunk
            if len(body) > MAX_BODY:
                return None
    return bytes(body)


def _send(scope: Scope, protocol: Any, response: Response) -> None:
    headers = list(response.headers)
    body = response.body
    if scope.method == "HEAD":
        protocol.response_empty(response.status, [*headers, ("content-length", str(response.size))])
    elif isinstance(body, FilePart):
        headers.append(("content-length", str(body.size)))
        if body.is_whole:
            protocol.response_file(response.status, headers, body.path)
        else:
            protocol.response_file_range(response.status, headers, body.path, body.start, body.start + body.size)
    elif body:
        protocol.response_bytes(response.status, headers, body)
    else:
        protocol.response_empty(response.status, headers)
