"""http and https: in goes a Source, out comes the answer of a server, after redirects and as many tries as it takes.

The rules are Ignition's: a fault of the transport or a status of 500 and above is tried again, any other status is an
answer; headers of the config go to the first server only. Sources: RFC 9110, RFC 9112; Ignition 2.27.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from errno import EHOSTUNREACH, ENETDOWN, ENETUNREACH
from http.client import HTTPException, HTTPResponse, IncompleteRead, responses
from typing import Final
from urllib.parse import urljoin

from stoker.fetch import messages
from stoker.fetch.errors import BadSource, NotFound, Refused, Unavailable, WrongBytes
from stoker.fetch.patience import FOR_EVER, Clock, Patience
from stoker.fetch.proxies import proxy_for
from stoker.fetch.redaction import redacted
from stoker.fetch.source import Question, Say, Settings, Source
from stoker.fetch.urls import Url, split_url
from stoker.fetch.wires import CHUNK, QUIET_SECONDS, Wire, basic, open_wire

REDIRECTS: Final = 10
HEADERS: Final = (
    # Servers choose the version of the config by these two.
    ("User-Agent", "Ignition/2.27.0"),
    ("Accept", "application/vnd.coreos.ignition+json;version=3.6.0, */*;q=0.1"),
    ("Accept-Encoding", "identity"),
)
# What belongs to the connection, not to who asks: Go leaves these out of the headers of a request, too.
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "trailer", "connection"})
_SCHEMES: Final = frozenset({"http", "https"})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Faults that say that the network is missing, not the one who should answer; so does a name that cannot be resolved.
_ABSENT: Final = frozenset({ENETDOWN, ENETUNREACH, EHOSTUNREACH})

Headers = tuple[tuple[str, str], ...]
Trust = Callable[[], ssl.SSLContext]


class Answer:
    """What a server answered: its status and headers, and the body, which is read once."""

    def __init__(self, url: str, response: HTTPResponse, wire: Wire, patience: Patience) -> None:
        self.url = url
        self.status = response.status
        self._response = response
        self._wire = wire
        self._patience = patience

    def header(self, name: str) -> str:
        """The value of a header, empty when there is none."""
        return self._response.getheader(name) or ""

    @property
    def brief(self) -> str:
        """The status for a log: `503 Service Unavailable`."""
        return f"{self.status} {responses.get(self.status, '')}".strip()

    def pieces(self) -> Iterator[bytes]:
        """The body, piece by piece. Raises `WrongBytes` when it ends before it should, `GaveUp` out of time."""
        size, length = 0, self._response.length
        try:
            while True:
                self._wire.allow(self._patience.left())
                piece = self._response.read(CHUNK)
                if not piece:
                    break
                size += len(piece)
                yield piece
        except TimeoutError as error:
            self._patience.left()
            reason = f"nothing came for {self._wire.quiet:.0f} s after {size} bytes"
            raise WrongBytes(messages.CUT, url=redacted(self.url), reason=reason) from error
        except (OSError, HTTPException) as error:
            reason = f"{_reason(error)} after {size} bytes"
            raise WrongBytes(messages.CUT, url=redacted(self.url), reason=reason) from error
        if length is not None and size < length:
            reason = f"unexpected EOF after {size} of {length} bytes"
            raise WrongBytes(messages.CUT, url=redacted(self.url), reason=reason)

    def excerpt(self, limit: int = 4096) -> bytes:
        """The beginning of the body, as much of it as came."""
        try:
            return self._response.read(limit)
        except (OSError, HTTPException):
            return b""

    def close(self) -> None:
        """Let go of the server."""
        self._response.close()
        self._wire.close()


class Web:
    """A client of http and https."""

    def __init__(self, settings: Settings, trust: Trust, clock: Clock, say: Say) -> None:
        self._settings = settings
        self._trust = trust
        self._say = say
        self._clock = clock

    def pieces(self, source: Source, patience: Patience) -> Iterator[bytes]:
        """The bytes of a source. Raises `NotFound` or `Refused` when the server answers without them."""
        with closing(self.ask(Question(source.url, source.headers), patience)) as answer:
            if answer.status == 404:
                raise NotFound(messages.NOT_FOUND, status=404, url=redacted(answer.url), reason=answer.brief)
            if answer.status not in {200, 204}:
                raise Refused(messages.REFUSED, status=answer.status, url=redacted(answer.url), reason=answer.brief)
            yield from answer.pieces()

    def ask(self, question: Question, patience: Patience) -> Answer:
        """The answer to a question, whatever its status is, unless that is one to try again. Close it.

        Raises `GaveUp` when time ends.
        """
        return patience.persist(question.method, lambda: self._try(question, patience))

    def _try(self, question: Question, patience: Patience) -> Answer:
        url, headers = question.url, question.headers
        for _ in range(REDIRECTS + 1):
            answer = self._exchange(question, url, headers, patience)
            location = answer.header("Location")
            if question.follow and answer.status in _MOVED and location:
                answer.close()
                url, headers = _moved(url, location), ()
                continue
            self._say(f"{question.method} result: {responses.get(answer.status, '')}")
            if answer.status >= 500 or answer.status in question.retried:
                answer.close()
                raise Unavailable(messages.TRY_LATER, url=redacted(url), brief=answer.brief)
            return answer
        raise Refused(messages.REDIRECTED, url=redacted(question.url), count=REDIRECTS)

    def _exchange(self, question: Question, text: str, headers: Headers, patience: Patience) -> Answer:
        """Send one request and read the head of its answer."""
        url = split_url(text)
        if url.scheme not in _SCHEMES:
            raise BadSource(messages.BAD_URL, url=redacted(text), reason="it is neither http nor https")
        proxy = proxy_for(url, self._settings.proxies)
        head = _head(question, text, url, proxy, headers)
        is_secured = url.scheme == "https" or proxy[:6].lower() == "https:"
        context = self._trust() if is_secured else None
        try:
            wire = open_wire(url, proxy, context, self._clock, patience.left(), low_port=question.low_port)
        except OSError as error:
            raise _no_answer(text, error, proxy) from error
        try:
            wire.sendall(head + question.body)
            wire.quiet = self._settings.response_headers or FOR_EVER
            wire.allow(min(wire.quiet, patience.left()))
            response = HTTPResponse(wire, method=question.method)  # type: ignore[arg-type]
            response.begin()
        except (OSError, HTTPException) as error:
            wire.close()
            raise _no_answer(text, error, proxy) from error
        except BaseException:
            wire.close()
            raise
        wire.quiet = QUIET_SECONDS
        return Answer(text, response, wire, patience)


def _moved(url: str, location: str) -> str:
    """The URL that a redirect leads to; the user of the old one goes along only with a relative location."""
    try:
        joined = urljoin(url, location.encode("latin-1", "replace").decode("utf-8", "replace"))
    except ValueError:  # an address that is none
        joined = location
    if joined.partition(":")[0].lower() not in _SCHEMES:
        reason = f"it redirects to `{redacted(joined)}`"
        raise BadSource(messages.BAD_URL, url=redacted(url), reason=reason)
    return joined


def _head(question: Question, text: str, url: Url, proxy: str, headers: Headers) -> bytes:
    """The head of a request. A header that is given replaces the one of that name; the last one wins."""
    fields = {name.lower(): (name, value) for name, value in HEADERS}
    if url.user:
        fields["authorization"] = ("Authorization", basic(url.user))
    target = url.target
    if proxy and url.scheme == "http":
        target = f"http://{url.authority}{target}"
        user = split_url(proxy if "://" in proxy else f"http://{proxy}").user
        if user:
            fields["proxy-authorization"] = ("Proxy-Authorization", basic(user))
    for name, value in headers:
        if not _NAME.fullmatch(name):
            raise BadSource(messages.BAD_HEADER, name=name, url=redacted(text), reason="it is not the name of one")
        if _BAD_VALUE.search(value):
            raise BadSource(messages.BAD_HEADER, name=name, url=redacted(text), reason="its value is not one line")
        if name.lower() not in _OURS:
            fields[name.lower()] = (name, value)
    lines = [f"{question.method} {target} HTTP/1.1", f"Host: {url.authority}", "Connection: close"]
    if question.method != "GET":
        lines.append(f"Content-Length: {len(question.body)}")
    lines += [f"{name}: {value.strip()}" for name, value in fields.values()]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("utf-8", "replace")


def _no_answer(url: str, error: Exception, proxy: str = "") -> Unavailable:
    is_network = isinstance(error, socket.gaierror) or getattr(error, "errno", None) in _ABSENT
    brief = _reason(error) + (f", through the proxy `{redacted(proxy)}`" if proxy else "")
    return Unavailable(messages.NO_ANSWER, brief=brief, is_network=is_network, url=redacted(url))


def _reason(error: Exception) -> str:
    """Why something failed, as a person would say it."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError(reason=str(reason)):
            return f"TLS failed: {reason.lower().replace('_', ' ')}"
        case TimeoutError():
            return "no answer in time"
        case IncompleteRead():
            return "unexpected EOF"
        case HTTPException():
            return f"this is not HTTP ({type(error).__name__})"
        case OSError():
            return (error.strerror or str(error)).lower()
    return str(error)
