"""Matchbox's gRPC API over mutual TLS: bytes of a call become a request of a handler, its reply or refusal goes back.

It lives in the loop that also serves HTTP. Who has a certificate that is signed by the authority, is valid now and may
be used by clients may do everything; nobody else gets as far as a call. The TLS library sees to that, and to TLS 1.2
with ECDHE and AES-GCM as the least; connections are bounded in time and in what they may have open.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import grpc
import grpc.aio
import msgspec
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from grpc import StatusCode

from stoker.report import Level, Line
from stoker.server.certificates import CertificateFiles, Certificates, WatchedCertificates
from stoker.server.errors import AddressError
from stoker.server.grpc_handlers import HANDLERS, Handler, Refused, Shelf, explain
from stoker.server.logs import one_line
from stoker.server.replies import Deed
from stoker.server.rpc import matchbox_pb2 as messages
from stoker.server.site import Site
from stoker.store import Delete, Put, StoreError

MAX_MESSAGE: Final = 4 << 20
GRACE_SECONDS: Final = 5.0
LOGGED: Final = 400
BAD_WIRE_DATA: Final = "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data"

OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_metadata_size", 16 << 10),
    ("grpc.max_concurrent_streams", 100),
    ("grpc.server_handshake_timeout_ms", 10_000),  # a client that connects and says nothing
    ("grpc.keepalive_time_ms", 60_000),  # a client that is no more there
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.so_reuseport", 0),  # an address that is taken is an error, not shared
)


class Method(NamedTuple):
    """A row of the API: what reads its request, and what answers it."""

    request: type[Message]
    handler: Handler


SERVICES: Final = {service.full_name: service for service in messages.DESCRIPTOR.services_by_name.values()}
METHODS: Final = {
    f"/{service.full_name}/{method.name}": Method(GetMessageClass(method.input_type), HANDLERS[method.name])
    for service in SERVICES.values()
    for method in service.methods
}

Context = grpc.aio.ServicerContext[bytes, bytes]


@asynccontextmanager
async def serve_grpc(
    address: tuple[str, int], files: CertificateFiles, site: Site, log: Callable[[Line], None]
) -> AsyncIterator[tuple[str, int]]:
    """Serve the API of a site while the context lasts; gives the address, with the real port where 0 was asked for.

    `log` gets a line for each call, and of the certificates; from any thread. At the end calls under way are given
    GRACE_SECONDS. Raises AddressError and CertificateError.
    """
    certificates = WatchedCertificates(files, log)
    credentials = grpc.dynamic_ssl_server_credentials(
        _configuration(certificates.current),
        lambda: _renewed(certificates),  # type: ignore[arg-type,return-value]  # None: as before
        require_client_authentication=True,
    )
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((Face(site, log),))
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    try:
        port = server.add_secure_port(f"{host}:{address[1]}", credentials)
    except RuntimeError as error:
        raise AddressError(
            f"cannot listen on `{host}:{address[1]}` for gRPC: it is taken, or no address of this machine; "
            "name another or free this one"
        ) from error
    await server.start()
    try:
        yield address[0], port
    finally:
        await server.stop(GRACE_SECONDS)


def _configuration(certificates: Certificates) -> grpc.ServerCertificateConfiguration:
    pair = (certificates.key, certificates.certificate)
    return grpc.ssl_server_certificate_configuration([pair], certificates.authority)


def _renewed(certificates: WatchedCertificates) -> grpc.ServerCertificateConfiguration | None:
    """What a new connection is met with, None for the same as the one before; asked at every handshake."""
    found = certificates.renew()
    return None if found is None else _configuration(found)


class Face(grpc.GenericRpcHandler):
    """The methods of the API on one Site. Changes are made by its keeper, one after another, beside the loop."""

    def __init__(self, site: Site, log: Callable[[Line], None]) -> None:
        self.site = site
        self.log = log
        keeper = site.keeper
        # What stands in a file is read as it is now, since what cannot be read is told in the words of the disk.
        get = keeper.item if site.root is None else keeper.store.get
        self.shelf = Shelf(site.root or Path("/"), get, lambda: (keeper.snapshot, keeper.catalogue))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        """What answers a call of that path; each path has an answer."""
        path = handler_call_details.method

        async def call(data: bytes, context: Context) -> bytes:
            return await self.call(path, data, context)

        return grpc.unary_unary_rpc_method_handler(call)

    async def call(self, path: str, data: bytes, context: Context) -> bytes:
        """Answer one call: a response, or an end with a code and its words."""
        start = time.perf_counter()
        try:
            response = await self.answer(path, data, context)
        except Refused as error:
            self._log(path, context, error.code, start, f" {error}")
            await context.abort(error.code, str(error))
        except Exception as error:  # noqa: BLE001  a fault in one call must not end the others
            self._log(path, context, StatusCode.INTERNAL, start, f" {type(error).__name__}: {error}", Level.ERROR)
            await context.abort(StatusCode.INTERNAL, "the server failed at this call; its log says how")
        self._log(path, context, StatusCode.OK, start)
        return response

    async def answer(self, path: str, data: bytes, context: Context) -> bytes:
        """The bytes of the response. Raises Refused."""
        method = METHODS.get(path)
        if method is None:
            raise Refused(StatusCode.UNIMPLEMENTED, _unknown(path))
        unready = self.site.keeper.unready()
        if unready:
            raise Refused(StatusCode.UNAVAILABLE, "; ".join(unready))
        try:
            request = method.request.FromString(data)
        except DecodeError as error:
            raise Refused(StatusCode.INTERNAL, BAD_WIRE_DATA) from error
        reply = method.handler(request, self.shelf)
        if reply.changes:
            await self._commit(reply.changes, context)
        return reply.message.SerializeToString()

    async def _commit(self, changes: tuple[Put | Delete, ...], context: Context) -> None:
        what, key = ("put" if isinstance(changes[0], Put) else "delete"), changes[0].key
        deed = Deed(time.time(), f"certificate:{_who(context)}", what, key, context.peer(), "")
        done = self.site.keeper.change(changes, (), msgspec.json.encode(deed))
        waiting = asyncio.wrap_future(done)
        await asyncio.wait({waiting})  # who goes away does not undo what is under way
        try:
            waiting.result()
        except StoreError as error:
            raise explain(error, changes[0], self.shelf.root) from error

    def _log(
        self,
        path: str,
        context: Context,
        code: StatusCode,
        start: float,
        words: str = "",
        level: Level = Level.INFO,
    ) -> None:
        took = (time.perf_counter() - start) * 1000
        line = one_line(
            f'{context.peer()} "{path[:LOGGED]}" {code.name} {took:.1f}ms "{_who(context)}"{words[:LOGGED]}'
        )
        self.log(Line(line, level))


def _who(context: Context) -> str:
    """The name in a client's certificate."""
    names: Any = context.auth_context().get("x509_common_name", ())
    return b", ".join(names).decode("utf-8", "replace") or "-"


def _unknown(path: str) -> str:
    service, _, method = path.removeprefix("/").rpartition("/")
    return f"unknown method {method} for service {service}" if service in SERVICES else f"unknown service {service}"
