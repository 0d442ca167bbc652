"""HTTP/1.1 over asyncio: bytes of connections become Requests, Responses become bytes, in the order of the requests.

Heads and bodies are read by httptools; here are the bounds (sizes, times, how many), the order, and how a body leaves:
bytes in one write, a file by sendfile(2), a feed in chunks as fast as the client takes them. A request at a time is
answered on a connection; what a client sends ahead waits in the kernel.
"""

from __future__ import annotations

import asyncio
import math
import re
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, suppress
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol

from stoker.http import Feed, FilePart, Request, Response, unescape_path

MAX_AHEAD: Final = 64  # requests that a client may send before it has read the answer to the first
SWEEP_SECONDS: Final = 1.0
LINGER_SECONDS: Final = 2.0  # for a refused client to read why, while what it sends is thrown away
PIECE: Final = 4 << 20
COPY: Final = 256 << 10  # of a file, where the kernel cannot send it itself: over TLS
BODILESS: Final = frozenset((204, 304))
LENGTH_DIGITS: Final = 15
MAX_FIELDS: Final = 500
PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
UNKNOWN_METHOD: Final = re.compile(rb"([A-Za-z!#$%&'*+.^_`|~0-9-]{1,32}) (?=/)")
NO_HOST: Final = "the request names no host"
BAD_VERSION: Final = "the version of HTTP is none that is spoken here"
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Limits(NamedTuple):
    """What a client may take: bytes, seconds, and connections of all clients together."""

    head: int = 256 << 10
    head_seconds: float = 30.0
    body_seconds: float = 30.0
    idle_seconds: float = 75.0
    stuck_seconds: float = (
        60.0  # in which it takes nothing of an answer, or less than 4 MiB of a file in four times that
    )
    connections: int = 20_000
    backlog: int = 4096  # that wait to be taken: a machine room that is turned on at once


class Answerer(Protocol):
    """What stands behind the connections."""

    def body_limit(self, request: Request) -> int | None:
        """The most bytes that the body of a request may have, judged by its head; None where it is not looked at."""

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        """Answer a whole request, now or later."""

    def refuse(self, request: Request, status: int, detail: str) -> Response:
        """Say why a request is not taken; it is an empty one where it could not even be read."""


class Listener:
    """The connections of one listening socket."""

    def __init__(self, answerer: Answerer, limits: Limits = Limits()) -> None:  # noqa: B008 -- it cannot be changed
        from httptools import HttpRequestParser  # noqa: PLC0415 -- the extra is optional

        self.answerer = answerer
        self.limits = limits
        self.make_parser: Any = HttpRequestParser
        self.connections: set[Connection] = set()
        self.is_stopping = False
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._dated = 0
        self._date = ""

    async def start(self, listening: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Take connections of a socket that is bound, over TLS if there is a context."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self),
            sock=listening,
            ssl=tls,
            backlog=self.limits.backlog,
            ssl_handshake_timeout=self.limits.head_seconds if tls else None,
        )
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self, seconds: float) -> None:
        """Take no more connections, let what is under way end, for so long at most, and close all."""
        self.is_stopping = True
        if self._server:
            self._server.close()
        for connection in tuple(self.connections):
            connection.finish()
        if self.connections:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._empty.wait()
        for connection in tuple(self.connections):
            connection.transport.abort()
        if self._sweeping:
            self._sweeping.cancel()

    def add(self, connection: Connection) -> bool:
        """Count a connection in; False if it is one too many."""
        if self.is_stopping or len(self.connections) >= self.limits.connections:
            return False
        self.connections.add(connection)
        return True

    def discard(self, connection: Connection) -> None:
        """Count a connection out."""
        self.connections.discard(connection)
        if self.is_stopping and not self.connections:
            self._empty.set()

    def date(self) -> str:
        """The time as answers tell it (RFC 9110, section 6.6.1), made once a second."""
        now = int(time.time())
        if self._dated != now:
            self._dated, self._date = now, formatdate(now, usegmt=True)
        return self._date

    async def _sweep(self) -> None:
        """End what takes too long."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.monotonic()
            for connection in [each for each in self.connections if each.deadline < now]:
                connection.expire()


class Asked(NamedTuple):
    """A whole request, and what its client can take: another answer after this one, and one in chunks."""

    request: Request
    keeps: bool
    takes_chunks: bool


class Connection(asyncio.Protocol):
    """One client: what it has sent of a request, and the answer that is under way."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.limits = listener.limits
        self.transport = asyncio.Transport()
        self.parser = listener.make_parser(self)
        self.client = ""
        self.deadline = math.inf
        self.waiting: deque[Asked] = deque()
        self.task: asyncio.Task[None] | None = None
        self.writable = asyncio.Event()
        self.refusal: tuple[int, str] | None = None
        self.has_refused = False
        self.is_at_end = False
        self.is_feeding = False
        self.is_deaf = False
        self.method = ""  # where the parser does not know it; no other request is taken then
        self.fed = 0  # bytes since the last head or request was whole
        self._expect_message()

    def _expect_message(self) -> None:
        self.target = b""
        self.headers: dict[str, str] = {}
        self.head_size = 0
        self.fields = 0
        self.has_begun = False
        self.request: Request | None = None  # once its head is read
        self.body = bytearray()
        self.room = 0

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport) or not self.listener.add(self):
            self.has_refused = True
            transport.close()
            return
        self.transport = transport
        host, port, *_ = transport.get_extra_info("peername") or ("", 0)
        self.client = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.writable.set()
        self.deadline = time.monotonic() + self.limits.head_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        self.listener.discard(self)
        self.waiting.clear()
        if self.task:
            self.task.cancel()

    def data_received(self, data: bytes) -> None:
        if self.has_refused or self.refusal or self.is_deaf:
            return
        self.fed += len(data)
        try:
            self.parser.feed_data(data)
        except Exception as error:  # noqa: BLE001  httptools has no one class for what it refuses
            self._cannot_parse(data, error)
        if self.request is None:
            self._bound_head(self.fed)
        if self.task is None:
            self._go_on()
        elif self.waiting:
            self.transport.pause_reading()

    def _cannot_parse(self, data: bytes, error: Exception) -> None:
        """Make the best of what the parser stops at: it does not know every method, nor that no Upgrade is wanted."""
        kind = type(error).__name__
        method = UNKNOWN_METHOD.match(data) if kind == "HttpParserInvalidMethodError" and not self.waiting else None
        if kind == "HttpParserUpgrade" and self.waiting:  # it gets its answer in this protocol, and no other
            self.waiting[-1] = self.waiting[-1]._replace(keeps=False)
        elif method and not self.method:
            self.method = method[1].decode()
            self.parser = self.listener.make_parser(self)
            self.data_received(b"GET " + data[method.end() :])
        elif "HTTP version" in str(error):
            self._turn_down(505, BAD_VERSION)
        else:
            self._turn_down(400, f"this is no HTTP: {error}")

    def eof_received(self) -> bool:
        """A client that has said all may still wait for its answer, if that has an end; TLS knows no such half."""
        self.is_at_end = True
        is_wanted = self.task is not None and not self.is_feeding
        return is_wanted and self.transport.get_extra_info("sslcontext") is None

    def pause_writing(self) -> None:
        self.writable.clear()
        self.deadline = time.monotonic() + self.limits.stuck_seconds

    def resume_writing(self) -> None:
        self.writable.set()
        self.deadline = math.inf if self.task else time.monotonic() + self.limits.idle_seconds

    # What httptools calls.

    def on_message_begin(self) -> None:
        """The first byte of a request: from here on its head has its time."""
        self._expect_message()
        self.has_begun = True
        if self.task is None:
            self.deadline = time.monotonic() + self.limits.head_seconds

    def on_url(self, part: bytes) -> None:
        """A part of the target."""
        self.target += part
        self.head_size += len(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field; one that comes again is appended (RFC 9110, section 5.3)."""
        self.head_size += len(name) + len(value) + len(": \r\n")
        self.fields += 1
        if self.fields > MAX_FIELDS:
            self._turn_down(431, f"the request has more than {MAX_FIELDS} header fields")
            return
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        """The head is whole: see whether what follows may come."""
        path, _, query = _origin_form(self.target).partition(b"?")
        method = self.method or self.parser.get_method().decode("latin-1")
        raw_query = query.decode("utf-8", "surrogateescape")
        self.request = Request(method, unescape_path(path), raw_query, self.headers, b"", self.client)
        self.fed = 0
        self._bound_head(self.head_size)
        room = self.listener.answerer.body_limit(self.request)
        length = self.headers.get("content-length", "0")
        if room is None:
            self._leave_body(has_one=length != "0" or "transfer-encoding" in self.headers)
            return
        self.room = room
        if "host" not in self.headers and self.parser.get_http_version() == "1.1":
            self._turn_down(400, NO_HOST)
        elif len(length) > LENGTH_DIGITS or (length.isdigit() and int(length) > self.room):
            self._turn_down(413, f"the body has more than {self.room} bytes")
        elif self.task is None:
            self.deadline = time.monotonic() + self.limits.body_seconds
            if self.headers.get("expect", "").lower() == "100-continue":
                self.transport.write(CONTINUE)

    def _leave_body(self, *, has_one: bool) -> None:
        """Answer without a look at the body, if one follows: then this request is the last."""
        if has_one and self.request is not None:
            self.waiting.append(Asked(self.request, keeps=False, takes_chunks=False))
            self.is_deaf = True

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        if self.refusal is None and not self.is_deaf:
            self.body += part
            if len(self.body) > self.room:
                self._turn_down(413, f"the body has more than {self.room} bytes")

    def on_message_complete(self) -> None:
        """The request is whole: it waits for those before it."""
        if self.refusal or self.request is None or self.is_deaf:
            return
        request = replace(self.request, body=bytes(self.body)) if self.body else self.request
        keeps = self.parser.should_keep_alive() and not self.method
        self.waiting.append(Asked(request, keeps, self.parser.get_http_version() == "1.1"))
        self.request = None
        self.has_begun = False
        self.fed = 0
        if len(self.waiting) > MAX_AHEAD:
            self._turn_down(429, f"more than {MAX_AHEAD} requests were sent ahead of their answers")

    # Answering.

    def _go_on(self) -> None:
        """Answer what waits, at once where that takes no waiting; then what cannot be taken."""
        while self.waiting and not self.transport.is_closing():
            asked = self.waiting.popleft()
            self.deadline = math.inf
            answer = self.listener.answerer.answer(asked.request)
            if not isinstance(answer, Response) or not isinstance(answer.body, bytes) or not self.writable.is_set():
                self.task = asyncio.create_task(self._carry_out(asked, answer))
                return
            keeps = self._keeps(asked)
            self.transport.write(self._head(asked.request, answer, keeps=keeps) + _body(asked.request, answer))
            self._end(keeps=keeps)
        if self.refusal and not self.has_refused:
            self._refuse(*self.refusal)

    def _keeps(self, asked: Asked) -> bool:
        """Whether the connection stays after an answer."""
        return asked.keeps and not self.listener.is_stopping and (bool(self.waiting) or not self.is_at_end)

    def _end(self, *, keeps: bool) -> None:
        """An answer is written: the next request has its time, or there is none."""
        if not keeps and self.is_deaf:
            self._linger()
        elif not keeps:
            self.transport.close()
        elif self.writable.is_set():
            self.deadline = time.monotonic() + self.limits.idle_seconds

    async def _carry_out(self, asked: Asked, answer: Response | Awaitable[Response]) -> None:
        """Answer what takes time, then go on with what waits."""
        try:
            response = answer if isinstance(answer, Response) else await answer
            await self.writable.wait()
            keeps = await self._send(asked, response)
        except (OSError, RuntimeError, TimeoutError):  # the client is gone; of a transport that closes, RuntimeError
            self.transport.abort()
            return
        except BaseException:
            self.transport.abort()
            raise
        finally:
            self.task = None
        self._end(keeps=keeps)
        if not self.transport.is_closing():
            self.transport.resume_reading()
            self._go_on()

    async def _send(self, asked: Asked, response: Response) -> bool:
        """Send any answer; whether the connection can take another one after it."""
        request, body, keeps = asked.request, response.body, self._keeps(asked)
        is_bodiless = request.method == "HEAD" or response.status in BODILESS
        if isinstance(body, Feed):
            keeps = keeps and asked.takes_chunks
            self.is_feeding = True
            async with aclosing(body.pieces) as pieces:
                self.transport.write(self._head(request, response, keeps=keeps))
                if not is_bodiless:
                    await self._send_pieces(pieces, is_chunked=keeps)
            self.is_feeding = False
        elif isinstance(body, FilePart) and not is_bodiless:
            await self._send_file(self._head(request, response, keeps=keeps), body)
        else:
            self.transport.write(self._head(request, response, keeps=keeps) + _body(request, response))
        return keeps

    async def _send_file(self, head: bytes, part: FilePart) -> None:
        """Send a part of a file. One that has become shorter ends the connection: its length was promised."""
        loop = asyncio.get_running_loop()
        is_direct = self.transport.get_extra_info("sslcontext") is None
        with open(part.path, "rb", buffering=0) as file:  # noqa: ASYNC230 -- on local disks, as the catalogue is
            self.transport.write(head)
            at, end = part.start, part.start + part.size
            file.seek(at)
            while at < end:
                if is_direct:
                    async with asyncio.timeout(4 * self.limits.stuck_seconds):
                        sent = await loop.sendfile(self.transport, file, at, min(end - at, PIECE))
                else:
                    data = file.read(min(end - at, COPY))
                    sent = len(data)
                    self.transport.write(data)
                    await self.writable.wait()
                if not sent or self.transport.is_closing():
                    raise OSError(f"`{part.path}` has become shorter, or its reader is gone")
                at += sent

    async def _send_pieces(self, pieces: AsyncGenerator[bytes, None], *, is_chunked: bool) -> None:
        """Send the pieces of a feed as they come (RFC 9112, section 7.1)."""
        async for piece in pieces:
            if piece:
                self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
                await self.writable.wait()
                if self.transport.is_closing():
                    return
        if is_chunked:
            self.transport.write(b"0\r\n\r\n")

    def _head(self, request: Request, response: Response, *, keeps: bool) -> bytes:
        """The head of an answer; no value of a field can begin another field."""
        lines = [f"{name}: {value}".replace("\r", " ").replace("\n", " ") for name, value in response.headers]
        lines.append(f"date: {self.listener.date()}")
        if isinstance(response.body, Feed):
            lines += ["transfer-encoding: chunked"] if keeps else []
        elif response.status not in BODILESS:
            lines.append(f"content-length: {response.size}")
        if not keeps:
            lines.append("connection: close")
        elif request.headers.get("connection", "").lower() == "keep-alive":
            lines.append("connection: keep-alive")  # a client of HTTP/1.0 has to be told
        status = f"HTTP/1.1 {response.status} {PHRASES.get(response.status, '')}"
        return "\r\n".join((status, *lines, "", "")).encode("latin-1", "replace")

    # Ending.

    def _bound_head(self, size: int) -> None:
        if size > self.limits.head:
            self._turn_down(431, f"the head of the request has more than {self.limits.head} bytes")

    def _turn_down(self, status: int, detail: str) -> None:
        """Take nothing more from this client; it is told once what came before is answered."""
        self.refusal = self.refusal or (status, detail)

    def _refuse(self, status: int, detail: str) -> None:
        """Say why this is the last request of the connection."""
        self.has_refused = True
        request = self.request or Request("GET", "/", client=self.client)
        response = self.listener.answerer.refuse(request, status, detail)
        self.transport.write(self._head(request, response, keeps=False) + _body(request, response))
        self._linger()

    def _linger(self) -> None:
        """Throw away for a while what still comes: a reset would hide the answer from the client."""
        self.has_refused = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.deadline = time.monotonic() + LINGER_SECONDS
        else:
            self.transport.close()

    def expire(self) -> None:
        """The time of what the client has to do is over."""
        if self.has_refused or not self.writable.is_set():
            self.transport.abort()
        elif self.has_begun:
            part = "body" if self.request else "head"
            self._refuse(408, f"the {part} of the request did not come in time")
        else:
            self.transport.close()

    def finish(self) -> None:
        """Take no more requests; close now if nothing is under way."""
        if self.task is None and not self.has_begun:
            self.transport.close()


def _origin_form(target: bytes) -> bytes:
    """A target without scheme and host, which those write who take this for a proxy (RFC 9112, section 3.2.2)."""
    if not target.startswith((b"http://", b"https://")):
        return target
    return b"/" + target.partition(b"://")[2].partition(b"/")[2]


def _body(request: Request, response: Response) -> bytes:
    """The bytes that follow the head."""
    is_bodiless = request.method == "HEAD" or response.status in BODILESS
    return response.body if isinstance(response.body, bytes) and not is_bodiless else b""
