"""Calls to etcd by its JSON gateway: a path and a request go in, the typed answer of the first endpoint that has one.

The gateway is part of every etcd from 3.4 on, takes what gRPC takes, and asks for nothing beside the standard library;
it costs what gRPC costs, nearly all of it in etcd. What it lacks is users named by client certificates: they need a
password. Every call ends in time, and an answer that did not come says whether the request may have been carried out.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from stoker.store.errors import LimitError, RefusedError, StoreUnavailableError, UnreachableError, UnsureError

SECONDS: Final = 5.0  # for a call, so that the election of a new leader ends within it
TRY_SECONDS: Final = 1.5  # for one endpoint of several
PAUSE: Final = 0.1
MAX_ANSWER: Final = 64 << 20
MAX_IDLE: Final = 4

UNAUTHENTICATED: Final = 16
UNSURE: Final = frozenset({1, 2, 4, 13, 14})  # codes of gRPC after which the request may have been carried out
NOT_FOUND: Final = 5
# Interceptors that refuse before anything is proposed: the next endpoint may do better.
NEVER_PROPOSED: Final = ("etcdserver: no leader", "etcdserver: not capable", "etcdserver: server stopped")

HINTS: Final = {
    "user name is empty": "name a user and a password",
    "authentication failed": "check user and password",
    "permission denied": "give the user the permission readwrite on the prefix",
    "database space exceeded": "compact and defragment etcd, then disarm its alarm",
    "HTTP status 404": "etcd must run with --enable-grpc-gateway, which is its default",
}

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Access:
    """Where etcd is (`http://host:2379`, several of one cluster) and how to be let in; files are PEM."""

    endpoints: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    authorities: str = ""
    certificate: str = ""
    key: str = ""


class Fault(msgspec.Struct):
    """What the gateway says of a call that failed."""

    code: int = 0
    message: str = ""
    error: str = ""


class Token(msgspec.Struct):
    """The answer to a user and a password."""

    token: str


class Client:
    """Calls etcd. Many threads may; each call has a connection for itself."""

    def __init__(self, access: Access, seconds: float = SECONDS) -> None:
        """`seconds` is what a call may take. Raises StoreUnavailableError for what cannot be used of `access`."""
        _check(access.endpoints)
        self.endpoints = access.endpoints
        self.seconds = seconds
        self._access = access
        self._tls = _context(access) if any(each.startswith("https:") for each in access.endpoints) else None
        self._idle: dict[str, list[http.client.HTTPConnection]] = {each: [] for each in access.endpoints}
        self._preferred = 0
        self._token = ""
        self._lock = threading.Lock()

    def call(
        self, path: str, request: Mapping[str, Any], kind: type[Answer], *, repeat: bool, deadline: float | None = None
    ) -> Answer:
        """The answer to a request, from the endpoint that answered last or the next.

        `deadline` is on the monotonic clock; without one the call takes as long as the client lets it. A request that
        may be carried out twice (`repeat`) is sent again where no answer came. Raises UnsureError for others,
        RefusedError, LimitError for an answer that is too large, UnreachableError when no endpoint was reached in time.
        """
        body = msgspec.json.encode(request)
        deadline = deadline or time.monotonic() + self.seconds
        while True:
            faults: list[StoreUnavailableError] = []
            is_down = True
            for endpoint in self._in_order():
                try:
                    return self._ask(endpoint, path, body, kind, deadline)
                except UnsureError as error:
                    if not repeat:
                        raise
                    is_down = False
                    faults.append(error)
                except UnreachableError as error:
                    is_down = is_down and isinstance(error.__cause__, OSError)
                    faults.append(error)
                if time.monotonic() >= deadline:
                    break
            # Where nobody listens at all, waiting helps nobody; an election is over soon.
            if is_down or time.monotonic() + PAUSE >= deadline:
                raise UnreachableError("; ".join(map(str, faults))) from faults[-1]
            time.sleep(PAUSE)

    def stream(self, path: str, request: Mapping[str, Any], silence: float) -> Stream:
        """The answers to a request that has many, until the endpoint has been silent for so many seconds."""
        faults = []
        for endpoint in self._in_order():
            self._turn_from(endpoint)  # the next stream begins with another: this one may be cut off from the rest
            try:
                headers = self._headers(endpoint, min(self.seconds, silence))
                connection = self._connect(endpoint, min(self.seconds, silence))
            except (UnreachableError, UnsureError) as error:
                faults.append(str(error))
            else:
                return Stream(connection, path, msgspec.json.encode(request), headers, silence)
        raise UnreachableError("; ".join(faults))

    def close(self) -> None:
        with self._lock:
            for connections in self._idle.values():
                while connections:
                    connections.pop().close()

    def _in_order(self) -> Iterator[str]:
        first = self._preferred
        return iter((*self.endpoints[first:], *self.endpoints[:first]))

    def _turn_from(self, endpoint: str) -> None:
        self._preferred = (self.endpoints.index(endpoint) + 1) % len(self.endpoints)

    def _ask(self, endpoint: str, path: str, body: bytes, kind: type[Answer], deadline: float) -> Answer:
        """One try at one endpoint; a token that has run out is replaced once."""
        try:
            left = max(0.05, deadline - time.monotonic())
            seconds = min(left, TRY_SECONDS) if len(self.endpoints) > 1 else left
            try:
                return self._answer(endpoint, path, body, kind, seconds)
            except RefusedError as error:
                if error.code != UNAUTHENTICATED or not self._access.user:
                    raise
                self._token = ""
                return self._answer(endpoint, path, body, kind, seconds)
        except (UnsureError, UnreachableError):
            if self._preferred == self.endpoints.index(endpoint):
                self._turn_from(endpoint)
            raise

    def _answer(self, endpoint: str, path: str, body: bytes, kind: type[Answer], seconds: float) -> Answer:
        headers = self._headers(endpoint, seconds)
        status, data = self._exchange(endpoint, path, body, headers, seconds)
        if status != http.client.OK:
            raise _refusal(endpoint, path, status, data)
        return _decode(endpoint, data, kind)

    def _exchange(
        self, endpoint: str, path: str, body: bytes, headers: dict[str, str], seconds: float
    ) -> tuple[int, bytes]:
        connection = self._take(endpoint) or self._connect(endpoint, seconds)
        try:
            connection.sock.settimeout(seconds)
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            data = response.read(MAX_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise UnsureError(f"`{endpoint}` did not answer: {_words(error)}") from error
        if len(data) == MAX_ANSWER:
            connection.close()
            raise LimitError(f"`{endpoint}` answered with more than {MAX_ANSWER} bytes; ask for less")
        self._give_back(endpoint, connection)
        return response.status, data

    def _connect(self, endpoint: str, seconds: float) -> http.client.HTTPConnection:
        url = urlsplit(endpoint)
        if url.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                url.hostname or "", url.port or 2379, timeout=seconds, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(url.hostname or "", url.port or 2379, timeout=seconds)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise UnreachableError(f"`{endpoint}` is not reached: {_words(error)}") from error
        _keep_alive(connection.sock)
        return connection

    def _take(self, endpoint: str) -> http.client.HTTPConnection | None:
        """An idle connection that the other side has not closed."""
        with self._lock:
            while self._idle[endpoint]:
                connection = self._idle[endpoint].pop()
                if not _is_readable(connection.sock):  # which it is when the other side has closed it
                    return connection
                connection.close()
        return None

    def _give_back(self, endpoint: str, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if connection.sock is not None and len(self._idle[endpoint]) < MAX_IDLE:
                self._idle[endpoint].append(connection)
                return
        connection.close()

    def _headers(self, endpoint: str, seconds: float) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Grpc-Metadata-hasleader": "true"}
        if self._access.user:
            headers["Authorization"] = self._token or self._authenticate(endpoint, seconds)
        return headers

    def _authenticate(self, endpoint: str, seconds: float) -> str:
        request = msgspec.json.encode({"name": self._access.user, "password": self._access.password})
        headers = {"Content-Type": "application/json"}
        path = "/v3/auth/authenticate"
        status, data = self._exchange(endpoint, path, request, headers, seconds)
        if status != http.client.OK:
            raise _refusal(endpoint, path, status, data)
        self._token = _decode(endpoint, data, Token).token
        return self._token


class Stream:
    """Lines of answers from one endpoint; another thread may end it."""

    def __init__(
        self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str], silence: float
    ) -> None:
        self._connection = connection
        self._path = path
        self._request = body, headers
        self._silence = silence
        self._response: http.client.HTTPResponse | None = None

    def lines(self) -> Iterator[bytes]:
        """Each answer as JSON; no more of them after the silence. Raises StoreUnavailableError when it is cut."""
        try:
            self._connection.sock.settimeout(self._silence)
            self._connection.request("POST", self._path, *self._request)
            response = self._response = self._connection.getresponse()
            if response.status != http.client.OK:
                raise _refusal("", self._path, response.status, response.read(MAX_ANSWER))
            while line := response.readline(MAX_ANSWER):
                yield line
        except TimeoutError:
            return
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnsureError(f"the watch was cut off: {_words(error)}") from error

    def close(self) -> None:
        """Give the connection back."""
        if self._response is not None:
            self._response.close()
        self._connection.close()

    def end(self) -> None:
        """End it from another thread."""
        try:
            if self._connection.sock is not None:
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _check(endpoints: tuple[str, ...]) -> None:
    for endpoint in endpoints or ("",):
        url = urlsplit(endpoint)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise StoreUnavailableError(f"`{endpoint}` is no endpoint of etcd; write `http://HOST:2379`")


def _context(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=access.authorities or None)
        if access.certificate:
            context.load_cert_chain(access.certificate, access.key or None)
    except OSError as error:
        names = ", ".join(f"`{each}`" for each in (access.authorities, access.certificate, access.key) if each)
        raise StoreUnavailableError(f"cannot use the certificates for etcd, {names}: {_words(error)}") from error
    return context


def _keep_alive(connection: socket.socket) -> None:
    """Notice within some ten seconds that the machine at the other end is gone, also when nothing is sent."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _decode(endpoint: str, data: bytes, kind: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(data, type=kind, strict=False)
    except msgspec.DecodeError as error:
        raise UnsureError(f"`{endpoint}` answers what no etcd would: {data[:80]!r}") from error


def _is_readable(connection: socket.socket) -> bool:
    poll = select.poll()  # `select` takes no descriptor above 1023
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _refusal(endpoint: str, path: str, status: int, data: bytes) -> StoreUnavailableError:
    try:
        fault = msgspec.json.decode(data, type=Fault)
    except msgspec.DecodeError:
        fault = Fault()
    words = fault.message or fault.error or f"HTTP status {status}"
    if words.startswith(NEVER_PROPOSED):
        return UnreachableError(f"`{endpoint}`: {words}")
    if fault.code in UNSURE:
        return UnsureError(f"`{endpoint}`: {words}")
    hint = next((hint for part, hint in HINTS.items() if part in words), "")
    return RefusedError(path, fault.code or status, words, hint)


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
