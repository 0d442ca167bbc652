"""A request goes in, an answer comes out: HTTP/1.1 over one connection that is kept, as cheap as can be.

A load maker shares the machine with what it loads, so its own cost counts. Messages are read by httptools; this module
only waits. A body is counted, and kept as far as it is asked for.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult

MAX_KEPT: Final = 1 << 20
DELIMITING: Final = frozenset((b"content-length", b"transfer-encoding"))


class ExchangeError(Exception):
    """A request that got no whole answer; the text says why."""


class Answer(NamedTuple):
    """What came back: the status, how many bytes the body had, and its beginning."""

    status: int
    size: int
    body: bytes


class Exchange(asyncio.Protocol):
    """One connection and the answer that is awaited on it."""

    def __init__(self, make_parser: Any) -> None:
        self.make_parser = make_parser
        self.transport: asyncio.Transport | None = None
        self.waiting: asyncio.Future[Answer] | None = None
        self.parser: Any = None
        self.size = 0
        self.kept = bytearray()
        self.is_delimited = False
        self.ends_with_connection = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self.transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except Exception as error:  # noqa: BLE001  httptools has no one class for what it refuses
            self._fail(f"no HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.ends_with_connection and exc is None:
            self.on_message_complete()
        self._fail(str(exc) if exc else "the server closed the connection before its answer was whole")

    def on_header(self, name: bytes, _value: bytes) -> None:
        """Note whether the answer says where its body ends."""
        self.is_delimited = self.is_delimited or name.lower() in DELIMITING

    def on_headers_complete(self) -> None:
        """A body that nothing else ends lasts until the connection does (RFC 9112, section 6.3)."""
        self.ends_with_connection = not self.is_delimited

    def on_body(self, body: bytes) -> None:
        """Count a part of the body."""
        self.size += len(body)
        if len(self.kept) < MAX_KEPT:
            self.kept += body

    def on_message_complete(self) -> None:
        """Hand the answer to who waits for it."""
        if self.waiting and not self.waiting.done():
            self.waiting.set_result(Answer(self.parser.get_status_code(), self.size, bytes(self.kept)))
        if self.transport and not self.parser.should_keep_alive():
            self.transport.close()
            self.transport = None

    async def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its answer. Raises ExchangeError."""
        if self.transport is None:
            raise ExchangeError("the server closed the connection")
        self.size = 0
        self.kept.clear()
        self.is_delimited = self.ends_with_connection = False
        self.parser = self.make_parser(self)
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiting

    def close(self) -> None:
        """End the connection."""
        if self.transport:
            self.transport.close()

    def _fail(self, reason: str) -> None:
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(ExchangeError(reason))


class Client:
    """One program of one machine, such as its boot loader: a connection to each server it asks."""

    def __init__(self, agent: str, seconds: float) -> None:
        from httptools import HttpResponseParser  # noqa: PLC0415  the extra is optional

        self.agent = agent
        self.seconds = seconds
        self.make_parser = HttpResponseParser
        self.open: dict[tuple[str, str], Exchange] = {}

    async def ask(self, url: SplitResult, *, headers: str = "", body: bytes | None = None) -> Answer:
        """GET a URL, or POST a body to it. `headers` are whole lines. Raises ExchangeError."""
        method = "GET" if body is None else "POST"
        target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        length = "" if body is None else f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        head = f"{method} {target} HTTP/1.1\r\nHost: {url.netloc}\r\nUser-Agent: {self.agent}\r\n{headers}{length}\r\n"
        try:
            async with asyncio.timeout(self.seconds):
                exchange = await self._connected(url)
                return await exchange.ask(head.encode() + (body or b""))
        except TimeoutError as error:
            raise ExchangeError(f"no answer within {self.seconds:g} s") from error
        except OSError as error:
            raise ExchangeError(f"no connection: {error.strerror or error}") from error

    async def _connected(self, url: SplitResult) -> Exchange:
        where = url.scheme, url.netloc
        exchange = self.open.get(where)
        if exchange is None or exchange.transport is None:
            secure = ssl.create_default_context() if url.scheme == "https" else None
            port = url.port or (443 if secure else 80)
            _, exchange = await asyncio.get_running_loop().create_connection(
                lambda: Exchange(self.make_parser), url.hostname or "", port, ssl=secure
            )
            self.open[where] = exchange
        return exchange

    def close(self) -> None:
        """End all connections."""
        for exchange in self.open.values():
            exchange.close()
