"""A Site behind a listening socket: Requests of connections go to it, its answers go back, until it is told to stop.

One process, one thread, one loop. `serve` returns when SIGTERM or SIGINT has come and the requests then under way
have been answered.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from stoker.http import Request, Response
from stoker.machines import Compile, Validate, check_ignition
from stoker.report import Line
from stoker.server.behind import open_etcd, open_files
from stoker.server.certificates import CertificateFiles
from stoker.server.clients import Network, client_address, request_id
from stoker.server.errors import CertificateError, TransportMissingError
from stoker.server.replies import Face, Reply
from stoker.server.site import NATIVE, Site
from stoker.server.supervision import READY, STOPPING, inherited_socket, listen, notify
from stoker.server.wire import Listener
from stoker.store.etcdclient import Access
from stoker.trust import Signer

MAX_BODY: Final = 64 << 10
MAX_FILE: Final = 1 << 20  # of a body that becomes a file
READ_SECONDS: Final = 30.0  # for the store, before anything is answered
STORE_SECONDS: Final = 10.0  # for the store, in the end
STOP_SECONDS: Final = 30.0  # for requests under way, in the end
RENEW_SECONDS: Final = 1.0

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
    takes one line at a time, from any thread. With `tls` it speaks HTTPS. What is known of machines is kept in
    `state_dir`; `trusted` are the networks of proxies whose word on clients counts. With `operators`, Matchbox's gRPC
    API is served, too. With `etcd` all but assets is kept there, and `data_dir` is not looked at. A socket that a
    supervisor handed over takes the place of `address`. Raises AddressError, CertificateError, TransportMissingError,
    and StoreUnavailableError of the store.
    """
    context = _make_context(tls) if tls is not None else None
    with open_files(data_dir, state_dir) if etcd is None else open_etcd(etcd, state_dir) as behind:
        listening = inherited_socket(os.environ) or listen(*address)
        with closing(listening):
            site = Site(behind, assets_dir, compile_config, log, validate=validate, face=face, signer=signer)
            try:
                if etcd is None:
                    site.wait_until_read(READ_SECONDS)
                asyncio.run(_run(Gateway(site, trusted), listening, on_ready, tls, context, operators))
            finally:
                site.close(STORE_SECONDS)
    if operators is not None:
        gc.collect()  # the thread that polls for gRPC ends with the last of its objects, and those are in cycles


def _make_context(tls: Tls) -> ssl.SSLContext:
    """What a server needs to speak TLS. Raises CertificateError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    _load(context, tls)
    return context


def _load(context: ssl.SSLContext, tls: Tls) -> None:
    """See that a certificate and its key belong together, and use them from now on. Raises CertificateError."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, lambda: b"")
        context.load_cert_chain(tls.certificate, tls.key, lambda: b"")
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"cannot use the certificate `{tls.certificate}` with the key `{tls.key}`: {error}"
        ) from error


async def _run(
    gateway: Gateway,
    listening: socket.socket,
    on_ready: Callable[[Address], None],
    tls: Tls | None,
    context: ssl.SSLContext | None,
    operators: Operators | None,
) -> None:
    if operators is None:
        await _serve_http(gateway, listening, on_ready, tls, context)
        return
    try:
        from stoker.server.grpc_face import serve_grpc  # noqa: PLC0415  the extra is optional
    except ImportError as error:
        raise _missing(error) from error
    async with serve_grpc(operators.address, operators.certificates, gateway.site, operators.log) as rpc_address:
        operators.on_ready(rpc_address)
        await _serve_http(gateway, listening, on_ready, tls, context)


def _missing(error: ImportError) -> TransportMissingError:
    return TransportMissingError(f"{error}; install it with `pip install 'stoker[server]'`")


async def _serve_http(
    gateway: Gateway,
    listening: socket.socket,
    on_ready: Callable[[Address], None],
    tls: Tls | None,
    context: ssl.SSLContext | None,
) -> None:
    try:
        listener = Listener(gateway)
    except ImportError as error:
        raise _missing(error) from error
    loop = asyncio.get_running_loop()
    gateway.site.post = loop.call_soon_threadsafe
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await listener.start(listening, context)
    on_ready(listening.getsockname()[:2])
    notify(os.environ, READY)
    renewing = asyncio.create_task(_renew(context, tls)) if tls and context else None
    await stopped.wait()
    notify(os.environ, STOPPING)
    gateway.site.stream.close()
    await listener.stop(STOP_SECONDS)
    if renewing is not None:
        renewing.cancel()


async def _renew(context: ssl.SSLContext, tls: Tls) -> None:
    """Greet new connections with the new certificate when it has changed."""
    known = _signature(tls)
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        found = _signature(tls)
        if found is None or found == known:
            continue
        try:
            _load(context, tls)
        except CertificateError:
            continue  # half written: it is looked at again
        known = found


def _signature(tls: Tls) -> tuple[int, ...] | None:
    try:
        found = [path.stat() for path in tls]
    except OSError:
        return None
    return tuple(each for status in found for each in (status.st_ino, status.st_size, status.st_mtime_ns))


class Gateway:
    """What stands behind the connections: one Site."""

    def __init__(self, site: Site, trusted: Sequence[Network] = ()) -> None:
        self.site = site
        self.trusted = trusted

    def body_limit(self, request: Request) -> int | None:
        """A body may be as large as a file where it may become one."""
        if not self.site.face.reads_bodies:
            return None
        return MAX_FILE if request.method == "PUT" else MAX_BODY

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        """Answer a request; later, if the store has to make a change first."""
        start = time.perf_counter()
        request = self._named(request)
        reply, done = self.site.begin(request)
        return self._end(request, reply, start) if done is None else self._settle(request, reply, done, start)

    def refuse(self, request: Request, status: int, detail: str) -> Response:
        """Say why a request is not taken, in the log, too."""
        return self._end(self._named(request), Reply(self.site.face.refuse(status, detail)), time.perf_counter())

    def _named(self, request: Request) -> Request:
        """The request with its client as a proxy has seen it, and with the name that it goes by."""
        client = client_address(request.client, request.headers, self.trusted)
        name = request_id(request.headers) if self.site.face.names_requests else ""
        return replace(request, client=client, id=name)

    async def _settle(self, request: Request, reply: Reply, done: Future[Any], start: float) -> Response:
        await asyncio.wait({asyncio.wrap_future(done)})
        return self._end(request, self.site.settle(reply, done), start)

    def _end(self, request: Request, reply: Reply, start: float) -> Response:
        self.site.finish(request, reply, time.perf_counter() - start)
        return reply.response.with_headers(("x-request-id", request.id)) if request.id else reply.response
