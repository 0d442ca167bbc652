"""Reading a stream of events, over a server of the test's own that breaks off as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stoker.server.errors import AddressError, WatchRefusedError
from stoker.server.watching import Told, parse_events, watch

STREAM = """\
:

id: e-1
event: machine
data: {"a": 1}

id: e-2
data: 2

id: e-3
event: machine

:

id: e-4
data: cut off
"""


def test_events_in_a_stream() -> None:
    lines = STREAM.encode().splitlines(keepends=True)
    assert list(parse_events(lines)) == [Told("e-1", "machine", b'{"a": 1}'), Told("e-2", "message", b"2")]


HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


@contextmanager
def answering(*answers: str) -> Iterator[tuple[str, list[str]]]:
    """A server that gives each connection the next answer and closes it; and the requests that it got."""
    requests: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    requests.append(connection.recv(65536).decode())
                    connection.sendall(answer.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", requests
        thread.join(30)


def test_a_stream_that_breaks_off_is_resumed_after_what_was_seen() -> None:
    first = f"{HEAD}id: e-1\nevent: machine\ndata: 1\n\nid: e-2\nevent: machine\ndata: cut"
    refused = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
    second = f"{HEAD}id: e-2\nevent: machine\ndata: 2\n\n"
    said: list[str] = []
    pauses: list[float] = []
    with answering(first, refused, refused, second) as (url, requests):
        events = watch(url, "secret", said.append, pauses.append)
        assert [next(events), next(events)] == [Told("e-1", "machine", b"1"), Told("e-2", "machine", b"2")]
    assert pauses == [0.5, 1.0, 2.0]
    assert said[0] == f"`{url}` is lost: it ended the stream; asking again in 0.5 s"
    assert said[1] == f"`{url}` is lost: it answered 503; asking again in 1 s"
    assert ["Last-Event-ID: e-1" in request for request in requests] == [False, True, True, True]
    assert all("Authorization: Bearer secret\r\n" in request for request in requests)
    assert "secret" not in "".join(said)


def test_who_is_not_let_in_is_told_why() -> None:
    body = '{"title": "Unauthorized", "status": 401, "detail": "this takes a token"}'
    answer = f"HTTP/1.1 401 Unauthorized\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    with answering(answer) as (url, _), pytest.raises(WatchRefusedError, match="refused: this takes a token"):
        next(watch(url, "", print))


def test_nobody_there_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(AddressError, match="does not answer: connection refused"):
        next(watch(f"http://127.0.0.1:{port}", "", print))


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://x", "http://"])
def test_what_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(AddressError, match="is no URL of a server"):
        next(watch(url, "", print))
