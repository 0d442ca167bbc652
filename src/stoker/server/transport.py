"""granian by RSGI in front of a Site: bytes of a socket become Requests, Responses become bytes of a socket.

One process, one thread, one loop. `serve` returns when SIGTERM or SIGINT has come and the requests then under way
have been answered.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stoker.http import Feed, FilePart, Request, Response, problem
from stoker.machines import Compile, Validate, check_ignition
from stoker.report import Line
from stoker.server.behind import open_etcd, open_files
from stoker.server.certificates import CertificateFiles
from stoker.server.clients import Network, client_address, request_id
from stoker.server.errors import CertificateError, TransportMissingError
from stoker.server.feeds import send_feed
from stoker.server.replies import Face, Reply
from stoker.server.site import NATIVE, Site
from stoker.server.supervision import READY, STOPPING, inherited_socket, listen, notify
from stoker.store.etcdclient import Access
from stoker.trust import Signer

if TYPE_CHECKING:
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

MAX_BODY: Final = 64 << 10
MAX_FILE: Final = 1 << 20  # of a body that becomes a file
BODY_SECONDS: Final = 30
HEADER_SECONDS: Final = 30  # for the head of a request, and for the next one on a connection
MAX_HEAD: Final = 256 << 10
BACKLOG: Final = 1024
READ_SECONDS: Final = 30.0  # for the store, before anything is answered
STORE_SECONDS: Final = 10.0  # for the store, in the end
RENEW_SECONDS: Final = 1.0
THREAD_TRIES: Final = 2000
THREAD_PAUSE: Final = 0.001

Address = tuple[str, int]


class Tls(NamedTuple):
    """The files of a certificate and of its key, in PEM."""

    certificate: Path
    key: Path


class Operators(NamedTuple):
    """Where those who change the site connect, with which certificates; who is told once they can, and what they do."""

    address: Address
    certificates: CertificateFiles
    on_ready: Callable[[Address], None]
    log: Callable[[Line], None]


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
    state_dir: Path | None = None,
    trusted: Sequence[Network] = (),
    operators: Operators | None = None,
    etcd: Access | None = None,
) -> None:
    """Serve a directory of Matchbox's files until SIGTERM or SIGINT; call it from the main thread.

    `on_ready` is given the address once connections are accepted, with the real port where 0 was asked for. `log`
    takes one line at a time, from any thread. With `tls` it speaks HTTPS, and HTTP/2 to those who ask for it. What is
    known of machines is kept in `state_dir`; `trusted` are the networks of proxies whose word on clients counts. With
    `operators`, Matchbox's gRPC API is served, too. With `etcd` all but assets is kept there, and `data_dir` is not
    looked at. A socket that a supervisor handed over takes the place of `address`. Raises AddressError,
    CertificateError, TransportMissingError, and StoreUnavailableError of the store.
    """
    if tls is not None:
        _check_certificate(tls)
    before = _threads()
    with open_files(data_dir, state_dir) if etcd is None else open_etcd(etcd, state_dir) as behind:
        listening = inherited_socket(os.environ) or listen(*address)
        with closing(listening):
            site = Site(behind, assets_dir, compile_config, log, validate=validate, face=face, signer=signer)
            try:
                if etcd is None:
                    site.wait_until_read(READ_SECONDS)
                asyncio.run(_run(site, listening, on_ready, tls, trusted, operators))
            finally:
                site.close(STORE_SECONDS)
    if operators is not None:
        gc.collect()  # the thread that polls for gRPC ends with the last of its objects, and those are in cycles
    _wait_for_threads(before)


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


async def _run(
    site: Site,
    listening: socket.socket,
    on_ready: Callable[[Address], None],
    tls: Tls | None,
    trusted: Sequence[Network],
    operators: Operators | None,
) -> None:
    if operators is None:
        await _serve_http(site, listening, on_ready, tls, trusted)
        return
    try:
        from stoker.server.grpc_face import serve_grpc  # noqa: PLC0415  the extra is optional
    except ImportError as error:
        raise _missing(error) from error
    async with serve_grpc(operators.address, operators.certificates, site, operators.log) as rpc_address:
        operators.on_ready(rpc_address)
        await _serve_http(site, listening, on_ready, tls, trusted)


async def _serve_http(
    site: Site,
    listening: socket.socket,
    on_ready: Callable[[Address], None],
    tls: Tls | None,
    trusted: Sequence[Network],
) -> None:
    server = _make_server(Gateway(site, trusted), listening, tls)
    loop = asyncio.get_running_loop()
    site.post = loop.call_soon_threadsafe

    def stop() -> None:
        notify(os.environ, STOPPING)
        site.stream.close()
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(0)  # granian starts its threads in the first step of the task
    if not serving.done():
        on_ready(listening.getsockname()[:2])
        notify(os.environ, READY)
    renewing = asyncio.create_task(_renew(server, tls)) if tls is not None else None
    try:
        await serving
    finally:
        if renewing is not None:
            renewing.cancel()


def _make_server(application: Gateway, listening: socket.socket, tls: Tls | None) -> Any:
    try:
        from granian._granian import SocketHolder  # noqa: PLC0415  the extra is optional
        from granian.constants import HTTPModes, Interfaces, SSLProtocols  # noqa: PLC0415  the same
        from granian.http import HTTP1Settings  # noqa: PLC0415  the same
        from granian.server.embed import Server  # noqa: PLC0415  the same
    except ImportError as error:
        raise _missing(error) from error

    class Shared(Server):
        """A server on a socket that listens already, so that one worker can take over from another without a gap."""

        def _init_shared_socket(self) -> None:
            # The stub of the class does not tell what its constructor takes.
            holder: Any = SocketHolder
            self._shd = holder(os.dup(listening.fileno()), False, BACKLOG)

    return Shared(
        application,
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


def _missing(error: ImportError) -> TransportMissingError:
    return TransportMissingError(f"{error}; install it with `pip install 'stoker[server]'`")


async def _renew(server: Any, tls: Tls) -> None:
    """Let a new worker take over when the certificate has changed; the old one ends what is under way."""
    known = _signature(tls)
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        found = _signature(tls)
        if found is None or found == known:
            continue
        try:
            _check_certificate(tls)
        except CertificateError:
            continue  # half written: it is looked at again
        known = found
        server.reload()


def _signature(tls: Tls) -> tuple[int, ...] | None:
    try:
        found = [path.stat() for path in tls]
    except OSError:
        return None
    return tuple(each for status in found for each in (status.st_ino, status.st_size, status.st_mtime_ns))


class Gateway:
    """The RSGI application: one Site."""

    def __init__(self, site: Site, trusted: Sequence[Network] = ()) -> None:
        self.site = site
        self.trusted = trusted

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        if scope.proto != "http":
            return
        start = time.perf_counter()
        headers = dict(scope.headers.items())
        client = client_address(scope.client, headers, self.trusted)
        name = request_id(headers) if self.site.face.names_requests else ""
        request = Request(scope.method, scope.path, scope.query_string, headers, b"", client, name)
        if scope.method not in ("GET", "HEAD") and self.site.face.reads_bodies:
            body = await _read_body(request, protocol)
            if isinstance(body, Response):
                await self._end(scope, protocol, request, Reply(body), start)
                return
            request = replace(request, body=body)
        reply, done = self.site.begin(request)
        if done is not None:
            await asyncio.wait({asyncio.wrap_future(done)})
            reply = self.site.settle(reply, done)
        await self._end(scope, protocol, request, reply, start)

    async def _end(self, scope: Scope, protocol: HTTPProtocol, request: Request, reply: Reply, start: float) -> None:
        self.site.finish(request, reply, time.perf_counter() - start)
        response = reply.response
        if request.id:
            response = response.with_headers(("x-request-id", request.id))
        if isinstance(response.body, Feed) and scope.method != "HEAD":
            await send_feed(protocol, response, response.body, scope.client)
        else:
            _send(scope, protocol, response)


async def _read_body(request: Request, protocol: HTTPProtocol) -> bytes | Response:
    """The body, or why it is not taken."""
    largest = MAX_FILE if request.method == "PUT" else MAX_BODY
    too_large = problem(413, f"the body has more than {largest} bytes")
    length = request.headers.get("content-length", "0")
    if len(length) > 9 or (length.isdigit() and int(length) > largest):
        return too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in protocol:
                body += chunk
                if len(body) > largest:
                    return too_large
    except TimeoutError:
        return problem(408, f"no body within {BODY_SECONDS} seconds")
    return bytes(body)


def _send(scope: Scope, protocol: HTTPProtocol, response: Response) -> None:
    headers = list(response.headers)
    body = response.body
    if scope.method == "HEAD":
        length = [] if isinstance(body, Feed) else [("content-length", str(response.size))]
        protocol.response_empty(response.status, [*headers, *length])
    elif not response.size:
        protocol.response_empty(response.status, headers)
    elif isinstance(body, bytes):
        protocol.response_bytes(response.status, headers, body)
    elif isinstance(body, FilePart):
        headers.append(("content-length", str(body.size)))
        if body.is_whole:
            protocol.response_file(response.status, headers, body.path)
        else:
            protocol.response_file_range(response.status, headers, body.path, body.start, body.start + body.size)
