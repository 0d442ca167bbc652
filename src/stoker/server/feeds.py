"""Feeds over a connection: pieces go in as they come, and no faster than the client takes them.

The transport buffers whatever it is given, without a bound. So each piece waits until the kernel says that there is
room in the connection's socket, which is found by its address among the descriptors of this process; a client that
takes nothing for STUCK_SECONDS is dropped.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Final

from stoker.http import Feed, Response

if TYPE_CHECKING:
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol

STUCK_SECONDS: Final = 60.0
DESCRIPTORS: Final = "/proc/self/fd"


async def send_feed(protocol: HTTPProtocol, response: Response, feed: Feed, client: str) -> None:
    """Send a feed until it ends or the client goes away; `client` is the address of the other end, `HOST:PORT`."""
    transport = protocol.response_stream(response.status, list(response.headers))
    connection = find_connection(client)
    gone = asyncio.ensure_future(protocol.client_disconnect())
    try:
        async with aclosing(feed.pieces) as pieces:
            while (piece := await _next(pieces, gone)) is not None:
                if connection is not None and not await _has_room(connection, gone):
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)
                    return
                await transport.send_bytes(piece)
    finally:
        gone.cancel()
        if connection is not None:
            connection.close()


def find_connection(client: str) -> socket.socket | None:
    """Another descriptor of the socket whose other end has this address; None if there is none any more."""
    host, _, port = client.rpartition(":")
    wanted = host.strip("[]"), port
    for name in os.listdir(DESCRIPTORS):
        try:
            if not os.readlink(f"{DESCRIPTORS}/{name}").startswith("socket:"):
                continue
            found = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        try:
            peer = found.getpeername()
        except OSError:
            peer = ()
        if found.family in {socket.AF_INET, socket.AF_INET6} and peer and (peer[0], str(peer[1])) == wanted:
            return found
        found.close()
    return None


async def _next(pieces: AsyncGenerator[bytes, None], gone: asyncio.Future[None]) -> bytes | None:
    """The next piece; None at the end, or when the client goes away first."""
    piece = asyncio.ensure_future(anext(pieces, None))
    try:
        either: set[asyncio.Future[Any]] = {piece, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return piece.result() if piece.done() else None
    finally:
        if not piece.done():
            piece.cancel()
            await asyncio.wait({piece})


async def _has_room(connection: socket.socket, gone: asyncio.Future[None]) -> bool:
    """Wait until the client has taken enough of what was sent; False if it does not, or goes away."""
    loop = asyncio.get_running_loop()
    room: asyncio.Future[None] = loop.create_future()

    def found() -> None:
        if not room.done():
            room.set_result(None)

    loop.add_writer(connection.fileno(), found)
    try:
        await asyncio.wait({room, gone}, timeout=STUCK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return room.done()
    finally:
        loop.remove_writer(connection.fileno())
        room.cancel()
