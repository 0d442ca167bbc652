"""TLS within TLS: in goes a secured socket to a proxy, out comes what is secured again to the server behind it.

The standard library secures only plain sockets by itself; here its engine is fed by hand. The four verbs are those of
a socket.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK: Final = 64 << 10

Done = TypeVar("Done")


class Sealed:
    """A connection secured to the server, inside of one secured to the proxy."""

    def __init__(self, context: ssl.SSLContext, outer: ssl.SSLSocket, name: str) -> None:
        """Shake hands with the server of that name. Raises OSError."""
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._inner = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._until_done(self._inner.do_handshake)

    def recv_into(self, buffer: WriteableBuffer) -> int:
        """See `socket.socket`."""
        view = memoryview(buffer)
        data = self._until_done(lambda: self._inner.read(len(view)))
        view[: len(data)] = data
        return len(data)

    def sendall(self, data: bytes) -> None:
        """See `socket.socket`."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._until_done(partial(self._inner.write, rest)) :]

    def settimeout(self, seconds: float) -> None:
        """See `socket.socket`."""
        self._outer.settimeout(seconds)

    def close(self) -> None:
        """See `socket.socket`."""
        self._outer.close()

    def _until_done(self, step: Callable[[], Done]) -> Done:
        """Do a step of the engine, as often as it wants bytes of the other side first."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._outer.recv(CHUNK)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._outer.sendall(data)
