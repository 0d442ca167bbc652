"""A way to a server: in go a host, a proxy if there is one, and whom to trust; out comes a Wire that keeps to its time.

Every read and write on a Wire is bounded, so a server that goes quiet, or sends one byte a second, holds nobody up.
Sources: RFC 9112, RFC 9110 section 9.3.6 (CONNECT); the bounds are Ignition's: 30 s to connect, 10 s for TLS.
"""

from __future__ import annotations

import io
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from errno import EADDRINUSE
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from stoker.fetch import messages
from stoker.fetch.errors import BadSource
from stoker.fetch.patience import FOR_EVER, Clock
from stoker.fetch.redaction import redacted
from stoker.fetch.sealed import Sealed
from stoker.fetch.urls import Url, split_url

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONNECT_SECONDS: Final = 30.0
LEAST_SECONDS: Final = 2.0  # for one of several addresses
HANDSHAKE_SECONDS: Final = 10.0
QUIET_SECONDS: Final = 120.0  # between two pieces of a body
LONGEST_SECONDS: Final = 86400.0  # of one operation where nothing else bounds it
CHUNK: Final = 256 << 10
LOW_PORTS: Final = range(1023, 511, -1)


class TunnelFault(OSError):
    """The proxy does not let us through; the text says what it answered."""


class Wire:
    """A connected socket. No operation waits longer than `quiet` seconds, nor beyond the time `until`."""

    def __init__(self, connected: socket.socket, clock: Clock) -> None:
        self._socket: socket.socket | Sealed = connected
        self._clock = clock
        self.quiet = QUIET_SECONDS
        self.until = FOR_EVER

    def allow(self, seconds: float) -> None:
        """Bound all that follows by a time from now; infinity lifts the bound."""
        self.until = self._clock.now() + seconds

    def receive(self, buffer: WriteableBuffer) -> int:
        """Wait for bytes; how many came, 0 at the end."""
        self._arm()
        return self._socket.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        """Send all of some bytes."""
        self._arm()
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `http.client` reads an answer from."""
        return io.BufferedReader(_Reading(self), CHUNK)

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Put TLS on the wire, to the host of that name or address; once more for a server behind a secured proxy."""
        self._socket.settimeout(min(HANDSHAKE_SECONDS, self._left()))
        name = host.partition("%")[0]
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket = Sealed(context, self._socket, name)
        elif isinstance(self._socket, socket.socket):
            self._socket = context.wrap_socket(self._socket, server_hostname=name, suppress_ragged_eofs=False)

    def close(self) -> None:
        """Let go of the socket."""
        with suppress(OSError):
            self._socket.close()

    def _arm(self) -> None:
        self._socket.settimeout(min(self.quiet, self._left(), LONGEST_SECONDS))

    def _left(self) -> float:
        left = self.until - self._clock.now()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _Reading(io.RawIOBase):
    """The reading end of a wire, as a file. Closing it leaves the wire open."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """See `io.RawIOBase`."""
        return self._wire.receive(buffer)


def open_wire(
    url: Url, proxy: str, context: ssl.SSLContext | None, clock: Clock, seconds: float, *, low_port: bool = False
) -> Wire:
    """Connect to where a URL leads, through the proxy if one is named; what is https gets TLS by `context`.

    `seconds` bound all of it. Raises OSError when it cannot be done, `BadSource` for a proxy that cannot be used.
    """
    through = None if not proxy else _proxy_url(proxy, url)
    place = url if through is None else through
    wire = Wire(_connect(place.host, place.port, min(CONNECT_SECONDS, seconds), clock, low_port), clock)
    try:
        wire.allow(seconds)
        if context is not None and place.scheme == "https":
            wire.secure(context, place.host)
        if context is not None and through is not None and url.scheme == "https":
            _ask_for_tunnel(wire, url, through)
            wire.secure(context, url.host)
    except BaseException:
        wire.close()
        raise
    return wire


def basic(user: str) -> str:
    """The value of an `Authorization` header (RFC 7617) for the `NAME:PASSWORD` of a URL."""
    name, _, password = user.partition(":")
    return f"Basic {b64encode(f'{unquote(name)}:{unquote(password)}'.encode()).decode()}"


def _proxy_url(proxy: str, url: Url) -> Url:
    found = split_url(proxy)
    if found.scheme not in {"http", "https"}:
        asked = redacted(f"{url.scheme}://{url.authority}{url.target}")
        reason = f"`{found.scheme}` proxies are not supported"
        raise BadSource(messages.BAD_PROXY, proxy=redacted(proxy), url=asked, reason=reason)
    return found


def _connect(host: str, port: int, seconds: float, clock: Clock, low_port: bool) -> socket.socket:
    """Connect to the first address of a host that answers; each gets its share of the time."""
    until = clock.now() + seconds
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    fault: OSError = OSError(f"no address of `{host}`")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        share = (until - clock.now()) / (len(addresses) - index)
        connected = socket.socket(family, kind, protocol)
        try:
            connected.settimeout(max(share, min(LEAST_SECONDS, seconds)))
            if low_port:
                _take_low_port(connected)
            connected.connect(address)
        except OSError as error:
            connected.close()
            fault = error
        else:
            return connected
    raise fault


def _take_low_port(connected: socket.socket) -> None:
    """Bind to a free port that only the privileged may take."""
    any_address = "::" if connected.family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 -- it does not listen
    for port in LOW_PORTS:
        try:
            connected.bind((any_address, port))
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise
        else:
            return
    raise OSError(EADDRINUSE, "no port below 1024 is free")


def _ask_for_tunnel(wire: Wire, url: Url, proxy: Url) -> None:
    name = f"[{url.host}]" if ":" in url.host else url.host.encode("idna").decode()
    lines = [f"CONNECT {name}:{url.port} HTTP/1.1", f"Host: {name}:{url.port}"]
    if proxy.user:
        lines.append(f"Proxy-Authorization: {basic(proxy.user)}")
    wire.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii"))
    answer = HTTPResponse(wire, method="CONNECT")  # type: ignore[arg-type]
    try:
        answer.begin()
    except HTTPException as error:
        raise TunnelFault("the proxy does not speak HTTP") from error
    if answer.status != 200:
        raise TunnelFault(f"the proxy answered {answer.status} {answer.reason}")
