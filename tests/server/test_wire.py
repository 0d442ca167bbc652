"""HTTP/1.1 on real sockets: what clients send, well or badly, and what comes back, byte by byte."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoker.http import Feed, FilePart, Request, Response, text_response
from stoker.server.wire import Limits, Listener

USUAL = Limits()
QUICK = Limits(head=4096, head_seconds=0.2, body_seconds=0.2, idle_seconds=0.2, stuck_seconds=0.2, connections=50)


class Echo:
    """Answers in each way that there is, by path; knows what it was asked."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "file"
        self.file.write_bytes(bytes(range(256)) * 40_000)
        self.asked: list[Request] = []
        self.ended: list[str] = []
        self.held = asyncio.Event()

    def body_limit(self, request: Request) -> int | None:
        return {"PUT": 100, "DELETE": None}.get(request.method, 10)

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        self.asked.append(request)
        size = self.file.stat().st_size
        match request.path:
            case "/file":
                return Response(200, (), FilePart(str(self.file), 0, size, size))
            case "/part":
                return Response(206, (), FilePart(str(self.file), 5, 10, size))
            case "/shorter":
                return Response(200, (), FilePart(str(self.file), 0, size + 1, size + 1))
            case "/feed":
                return Response(200, (), Feed(self.pieces(3)))
            case "/endless":
                return Response(200, (), Feed(self.pieces(10**9, 100_000)))
            case "/later":
                return self.later()
            case "/held":
                return self.hold()
            case "/none":
                return Response(204)
            case "/broken":
                return Response(200, (("x-a", "b\r\nx-c: d"),))
            case _:
                return text_response(f"{request.method} {request.target} {request.body!r}")

    async def later(self) -> Response:
        await asyncio.sleep(0)
        return text_response("later")

    async def hold(self) -> Response:
        await self.held.wait()
        return text_response("held")

    async def pieces(self, count: int, size: int = 1) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(count):
                yield b"%d" % (number % 10) * size
        finally:
            self.ended.append("feed")

    def refuse(self, _request: Request, status: int, detail: str) -> Response:
        return text_response(detail, status)


class Served:
    """A Listener in a thread of its own."""

    def __init__(self, echo: Echo, limits: Limits, tls: ssl.SSLContext | None) -> None:
        self.echo = echo
        self.loop = asyncio.new_event_loop()
        self.listener = Listener(echo, limits)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.call(self.listener.start(self.socket, tls))

    def call(self, doing: Awaitable[None]) -> None:
        async def do() -> None:
            await doing

        asyncio.run_coroutine_threadsafe(do(), self.loop).result(30)

    def close(self) -> None:
        self.call(self.listener.stop(0))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def exchange(self, sent: bytes, *, is_all: bool = True) -> bytes:
        """Send, say that there is no more if that is all, and read to the end; the date is taken out."""
        with self.connect() as connection:
            connection.sendall(sent)
            if is_all:
                connection.shutdown(socket.SHUT_WR)
            return undated(read_all(connection))


def read_all(connection: socket.socket) -> bytes:
    chunks = []
    while chunk := connection.recv(1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def undated(answer: bytes) -> bytes:
    return re.sub(rb"date: [^\r]+\r\n", b"", answer)


@contextmanager
def listening(directory: Path, limits: Limits = USUAL, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    with closing(Served(Echo(directory), limits, tls)) as served:
        yield served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with listening(tmp_path_factory.mktemp("wire")) as each:
        yield each


LAST = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
PLAIN = b"content-type: text/plain; charset=utf-8\r\n"


@pytest.mark.parametrize(
    "sent, answer",
    [
        (
            b"GET /a?b=%41 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 16\r\nconnection: close\r\n\r\nGET /a?b=%41 b''",
        ),
        (
            b"GET http://h/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 10\r\nconnection: close\r\n\r\nGET /a b''",
        ),
        (
            b"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 13\r\nconnection: close\r\n\r\nPUT /a b'abc'",
        ),
        (
            b"PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 13\r\nconnection: close\r\n\r\nPUT /a b'abc'",
        ),
        (
            b"HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 11\r\nconnection: close\r\n\r\n",
        ),
        (
            b"GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
        ),
        (
            b"GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 5\r\nconnection: close\r\n\r\nlater",
        ),
        (
            b"GET /part HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 206 Partial Content\r\ncontent-length: 10\r\nconnection: close\r\n\r\n" + bytes(range(5, 15)),
        ),
        (
            b"HEAD /file HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 10240000\r\nconnection: close\r\n\r\n",
        ),
        (
            b"GET /feed HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n0\r\n1\r\n1\r\n1\r\n2\r\n0\r\n\r\n" + LAST,
        ),
        (b"GET /feed HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n012"),
        (b"HEAD /feed HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"),
        (
            b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /none HTTP/1.0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 10\r\nconnection: keep-alive\r\n\r\nGET /a b''" + LAST,
        ),
        (
            b"GET /broken HTTP/1.0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nx-a: b  x-c: d\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ),
        (
            b"BREW /a?b HTTP/1.1\r\nHost: h\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 13\r\nconnection: close\r\n\r\nBREW /a?b b''",
        ),
        (
            b"GET /a%20b%2fc%3F?d%20 HTTP/1.0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 22\r\nconnection: close\r\n\r\nGET /a b%2Fc??d%20 b''",
        ),
        (
            b"DELETE /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\n" + PLAIN + b"content-length: 13\r\nconnection: close\r\n\r\nDELETE /a b''",
        ),
        (
            b"GET /none HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
        ),
        (b"", b""),
    ],
    ids=[
        "a query as it came",
        "as to a proxy",
        "a body",
        "a body in chunks",
        "the head alone",
        "no content",
        "an answer that takes time",
        "a part of a file",
        "the head of a file",
        "a feed",
        "a feed for an old client",
        "the head of a feed",
        "an old client that stays",
        "a field that would begin another",
        "a method that nobody knows",
        "escapes",
        "a body that is not looked at",
        "another protocol",
        "nothing",
    ],
)
def test_each_kind_of_answer(served: Served, sent: bytes, answer: bytes) -> None:
    assert served.exchange(sent, is_all=b"feed" not in sent) == answer


@pytest.mark.parametrize(
    "sent, status, said",
    [
        (b"220 ready\r\n\r\n", 400, b"this is no HTTP"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, b"the request names no host"),
        (b"GET / HTTP/3.7\r\nHost: h\r\n\r\n", 505, b"none that is spoken here"),
        (b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400, b"this is no HTTP"),
        (b"GET / HTTP/1.1\r\nHost: h\r\nA B: c\r\n\r\n", 400, b"this is no HTTP"),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, b"this is no HTTP"),
        (
            b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            b"this is no HTTP",
        ),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400, b"this is no HTTP"),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413, b"more than 100 bytes"),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1%s\r\n\r\n" % (b"0" * 17), 413, b"more than 100 bytes"),
        (
            b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n",
            413,
            b"more than 100 bytes",
        ),
        (b"GET /?" + b"x" * (300 << 10) + b" HTTP/1.1\r\nHost: h\r\n\r\n", 431, b"more than 262144 bytes"),
        (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"a: b\r\n" * 501 + b"\r\n", 431, b"more than 500 header fields"),
        (
            b"GET / HTTP/1.1\r\nHost: h\r\n" + b"a: %s\r\n" % (b"b" * 999) * 300 + b"\r\n",
            431,
            b"more than 262144 bytes",
        ),
        (b"GET /later HTTP/1.1\r\nHost: h\r\n\r\n" * 200, 429, b"more than 64 requests"),
    ],
    ids=[
        "another protocol",
        "no host",
        "another version",
        "a blank in the path",
        "a bad field",
        "two lengths",
        "a length and chunks",
        "a negative length",
        "too long a body",
        "a length of 18 digits",
        "too long a body in chunks",
        "too long a target",
        "too many fields",
        "too long fields",
        "too many at once",
    ],
)
def test_what_cannot_be_taken_is_told_why(served: Served, sent: bytes, status: int, said: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(sent)
        answer = read_all(connection)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer)[-1] == b"%d" % status
    assert said in answer.rpartition(b"\r\n\r\n")[2]


def test_answers_come_in_the_order_of_the_requests(served: Served) -> None:
    sent = b"".join(
        b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path for path in (b"/later", b"/1", b"/part", b"/feed", b"/2")
    )
    answer = served.exchange(sent + b"GET / HTTP/1.0\r\n\r\n", is_all=False)
    found = re.findall(rb"later|GET /[12]|\x05\x06\x07|1\r\n2\r\n", answer)
    assert found == [b"later", b"GET /1", b"\x05\x06\x07", b"1\r\n2\r\n", b"GET /2"]


def test_a_client_that_asks_whether_to_go_on_is_told_to(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"x")
        assert b"PUT / b'x'" in connection.recv(1000)


def test_a_file_comes_whole_and_its_connection_stays(served: Served) -> None:
    answer = served.exchange(b"GET /file HTTP/1.1\r\nHost: h\r\n\r\nGET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
    _, _, rest = answer.partition(b"\r\n\r\n")
    content = served.echo.file.read_bytes()
    assert rest[: len(content)] == content
    assert rest[len(content) :].startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_file_that_became_shorter_ends_the_connection(served: Served) -> None:
    head, _, body = served.exchange(b"GET /shorter HTTP/1.1\r\nHost: h\r\n\r\n").partition(b"\r\n\r\n")
    assert b"content-length: 10240001" in head
    assert len(body) < 10240001


def test_a_feed_is_closed_when_its_client_goes_away(tmp_path: Path) -> None:
    with listening(tmp_path) as served:
        with served.connect() as connection:
            connection.sendall(b"GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
            assert connection.recv(1000)
        while served.listener.connections or not served.echo.ended:
            served.call(asyncio.sleep(0))
        assert served.echo.ended == ["feed"]


@pytest.mark.parametrize(
    "sent, answer",
    [
        (b"", b""),
        (b"GET / HT", b"HTTP/1.1 408 Request Timeout"),
        (b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc", b"HTTP/1.1 408 Request Timeout"),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 200 OK"),
    ],
    ids=["says nothing", "half a head", "half a body", "then says nothing"],
)
def test_a_client_that_takes_its_time_is_not_waited_for(tmp_path: Path, sent: bytes, answer: bytes) -> None:
    with listening(tmp_path, QUICK) as served, served.connect() as connection:
        connection.sendall(sent)
        assert read_all(connection).partition(b"\r\n")[0] == answer
        while served.listener.connections:
            served.call(asyncio.sleep(0))


@pytest.mark.parametrize("path", [b"/endless", b"/file"])
def test_a_client_that_does_not_read_is_dropped(tmp_path: Path, path: bytes) -> None:
    with listening(tmp_path, QUICK) as served:
        with served.echo.file.open("wb") as file:
            file.truncate(1 << 30)
        with closing(socket.socket()) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", served.port))
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n")
            assert connection.recv(10)
            while served.listener.connections:
                served.call(asyncio.sleep(0))


def test_one_connection_too_many_is_closed_and_the_others_are_served(tmp_path: Path) -> None:
    with listening(tmp_path, QUICK._replace(head_seconds=60)) as served:
        open_ones = [served.connect() for _ in range(50)]
        for connection in open_ones:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert connection.recv(8) == b"HTTP/1.1"
        with served.connect() as refused:
            assert refused.recv(1) == b""
        for connection in open_ones:
            connection.close()


def test_a_request_under_way_is_answered_before_it_stops(tmp_path: Path) -> None:
    with listening(tmp_path) as served, served.connect() as busy, served.connect() as idle:
        busy.sendall(b"GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
        idle.sendall(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert idle.recv(8) == b"HTTP/1.1"
        while not any(request.path == "/held" for request in served.echo.asked):
            served.call(asyncio.sleep(0))
        stopping = asyncio.run_coroutine_threadsafe(served.listener.stop(30), served.loop)
        read_all(idle)  # it is closed at once
        served.loop.call_soon_threadsafe(served.echo.held.set)
        answer = read_all(busy)
        assert answer.endswith(b"held")
        assert b"connection: close" in answer
        stopping.result(30)


@settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=300)
    | st.from_regex(rb"(GET|PUT) /[a-z]{0,9} HTTP/1.[01]\r\n([A-Za-z-]{1,9}: ?.{0,9}\r\n){0,4}\r\n")
)
def test_no_bytes_hurt_it(served: Served, sent: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)
    assert not answer or answer.startswith(b"HTTP/1.1 ")
    assert served.exchange(b"GET /1 HTTP/1.0\r\n\r\n").endswith(b"GET /1 b''")
