"""The other end of the stream of events: the URL of a server and a token go in, its events come out, for ever.

A connection that ends, or says nothing for so long that it must be dead, is made again after a pause that grows; the
server is told which event was the last, and resumes there. The reading is that of WHATWG HTML, section 9.2.6, as far
as this server writes it.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from stoker.http import Problem
from stoker.server.errors import AddressError, WatchRefusedError

PATH: Final = "/api/v1/events"
SILENCE_SECONDS: Final = 45.0
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
LONGEST_LINE: Final = 1 << 20
LONGEST_PROBLEM: Final = 1 << 16


class Told(NamedTuple):
    """An event of the stream: its id, of which kind it is, and its JSON."""

    id: str
    kind: str
    data: bytes


def watch(
    url: str, token: str, say: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> Iterator[Told]:
    """The events of a server from now on; `say` takes a line when it is lost. Raises WatchRefusedError, AddressError.

    `token` may be empty. The first connection has to be made; later ones are tried until they are.
    """
    last, pause = "", 0.0
    while True:
        try:
            for told in _connected(url, token, last):
                last, pause = told.id or last, 0.0
                yield told
            reason = "it ended the stream"
        except (OSError, http.client.HTTPException) as error:
            if not last and not pause:
                raise AddressError(f"`{url}` does not answer: {_reason(error)}; is the server there?") from error
            reason = _reason(error)
        pause = min(max(FIRST_PAUSE, pause * 2), LONGEST_PAUSE)
        say(f"`{url}` is lost: {reason}; asking again in {pause:g} s")
        sleep(pause)


def parse_events(lines: Iterable[bytes]) -> Iterator[Told]:
    """The events in the lines of a stream; one that is cut off is not one."""
    identifier, kind, data = "", "message", b""
    for line in lines:
        name, _, value = line.rstrip(b"\r\n").partition(b": ")
        if name == b"id":
            identifier = value.decode("utf-8", "replace")
        elif name == b"event":
            kind = value.decode("utf-8", "replace")
        elif name == b"data":
            data = value
        elif not line.rstrip(b"\r\n"):
            if data:
                yield Told(identifier, kind, data)
            kind, data = "message", b""


def _connected(url: str, token: str, last: str) -> Iterator[Told]:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise AddressError(f"`{url}` is no URL of a server, such as `http://127.0.0.1:8080`")
    connection = (
        http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=SILENCE_SECONDS, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.hostname, parts.port, timeout=SILENCE_SECONDS)
    )
    headers = {"Accept": "text/event-stream"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if last:
        headers["Last-Event-ID"] = last
    with closing(connection):
        connection.request("GET", parts.path.rstrip("/") + PATH, headers=headers)
        response = connection.getresponse()
        if response.status >= 500:
            raise http.client.HTTPException(f"it answered {response.status}")
        if response.status != 200:
            raise WatchRefusedError(f"`{url}` refused: {_detail(response)}")
        yield from parse_events(iter(lambda: response.readline(LONGEST_LINE), b""))


def _detail(response: http.client.HTTPResponse) -> str:
    try:
        return msgspec.json.decode(response.read(LONGEST_PROBLEM), type=Problem).detail
    except msgspec.MsgspecError:
        return f"{response.status} {response.reason}"


def _reason(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case TimeoutError():
            return f"it said nothing for {SILENCE_SECONDS:g} s"
        case OSError():
            return (error.strerror or str(error)).lower()
    return str(error) or type(error).__name__
