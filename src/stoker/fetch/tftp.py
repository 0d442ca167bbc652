"""tftp: in goes a URL, out comes the file that the server sends, block by block.

Only reading, in octet mode. Sources: RFC 1350; options by RFC 2347, block size by RFC 2348, transfer size by RFC 2349.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from stoker.fetch import messages
from stoker.fetch.errors import BadSource, FetchFault, NotFound, Refused, Unavailable, WrongBytes
from stoker.fetch.patience import Clock, Patience
from stoker.fetch.redaction import redacted
from stoker.fetch.source import Source
from stoker.fetch.urls import split_url

PLAIN_BLOCK: Final = 512
WANTED_BLOCK: Final = 1428  # what an Ethernet frame has room for, with IPv6 and UDP before it
SENDS: Final = 5  # of one packet before the server is given up
FIRST_WAIT: Final = 1.0  # seconds for an answer, doubled with each time it is sent
LARGEST_PACKET: Final = 65536
SHOWN: Final = 120  # characters of what a server says

READ, DATA, ACK, ERROR, OPTIONS = 1, 3, 4, 5, 6
NO_SUCH_FILE, BAD_OPTIONS = 1, 8


class Tftp:
    """A client. `wait` is how long the first answer to a packet may take before the packet is sent again."""

    def __init__(self, clock: Clock, wait: float = FIRST_WAIT) -> None:
        self._clock = clock
        self._wait = wait

    def pieces(self, source: Source, patience: Patience) -> Iterator[bytes]:
        """The blocks of a file. Raises `NotFound`, `Refused`; `WrongBytes` when it breaks off; `GaveUp`."""
        with closing(patience.persist("TFTP", lambda: self._begun(source.url))) as transfer:
            for block in transfer.blocks():
                patience.left()
                yield block

    def _begun(self, url: str) -> _Transfer:
        """A transfer whose first answer has come, from the first address of the host that gives one."""
        parts = split_url(url)
        name = unquote_to_bytes(parts.path)
        if b"\0" in name:
            raise BadSource(messages.BAD_URL, url=redacted(url), reason="there is a NUL in its path")
        fault: Unavailable | None = None
        try:
            addresses = socket.getaddrinfo(parts.host, parts.port, type=socket.SOCK_DGRAM)
            for family, kind, protocol, _, address in addresses:
                transfer = _Transfer(url, socket.socket(family, kind, protocol), address, self._clock, self._wait)
                try:
                    transfer.begin(name)
                except Unavailable as error:
                    transfer.close()
                    fault = error
                except BaseException:
                    transfer.close()
                    raise
                else:
                    return transfer
        except OSError as error:
            raise _unavailable(url, (error.strerror or str(error)).lower(), is_network=True) from error
        raise fault or _unavailable(url, "its name has no address", is_network=True)


class _Transfer:
    """One transfer: a socket, and what has been agreed on."""

    def __init__(self, url: str, endpoint: socket.socket, address: Any, clock: Clock, wait: float) -> None:
        self._url = redacted(url)
        self._socket = endpoint
        self._address = address
        self._peer: Any = None  # the address that the server goes on from, which its first packet tells
        self._clock = clock
        self._wait = wait
        self._block_size = PLAIN_BLOCK
        self._size: int | None = None
        self._first = b""
        self._is_done = False

    def close(self) -> None:
        """Let go of the socket. A server that is not done is told so, or else it would send for a while."""
        if not self._is_done and self._peer is not None:
            with suppress(Unavailable):
                self._send(struct.pack("!HH", ERROR, 0) + b"stopped\0")
        self._socket.close()

    def begin(self, name: bytes) -> None:
        """Ask for a file, with options first and then, if the server will have none, without."""
        request = struct.pack("!H", READ) + name + b"\0octet\0"
        options = b"blksize\0%d\0tsize\x000\0" % WANTED_BLOCK
        packet = self._exchange(request + options, _is_first)
        if _opcode(packet) == ERROR and _number(packet) == BAD_OPTIONS:
            self._peer = None  # that was the end of one transfer, and this is another
            packet = self._exchange(request, _is_first)
        self._check_error(packet)
        self._socket.connect(self._peer)  # so that it is known at once when the server goes away
        if _opcode(packet) == OPTIONS:
            self._agree(packet[2:])
            packet = self._exchange(_ack(0), lambda packet: _is_block(packet, 1))
            self._check_error(packet)
        self._first = packet

    def blocks(self) -> Iterator[bytes]:
        """The blocks, in order; the one that is not full is the last. Block numbers begin anew after 65535."""
        packet, number, size = self._first, 1, 0
        while True:
            block = packet[4:]
            size += len(block)
            if len(block) > self._block_size:
                raise WrongBytes(messages.CUT, url=self._url, reason="a block is larger than was agreed on")
            is_last = len(block) < self._block_size
            if is_last:
                self._is_done = True
                with suppress(Unavailable):  # the server may be gone already
                    self._send(_ack(number))
                break
            yield block
            following = (number + 1) & 0xFFFF
            packet = self._continued(_ack(number), following, size)
            number = following
        if self._size is not None and size != self._size:
            raise WrongBytes(messages.CUT, url=self._url, reason=f"unexpected EOF after {size} of {self._size} bytes")
        yield block

    def _continued(self, ack: bytes, number: int, size: int) -> bytes:
        try:
            packet = self._exchange(ack, lambda packet: _is_block(packet, number))
            self._check_error(packet)
        except FetchFault as fault:
            reason = f"{getattr(fault, 'brief', fault)} after {size} bytes"
            raise WrongBytes(messages.CUT, url=self._url, reason=reason) from fault
        return packet

    def _exchange(self, packet: bytes, is_awaited: Callable[[bytes], bool]) -> bytes:
        """Send a packet, and again when nothing comes; the first awaited packet, or an error. Others are dropped.

        A block that came twice is not answered twice, or every block from then on would be (RFC 1123, 4.2.3.1).
        """
        wait = self._wait
        for _ in range(SENDS):
            self._send(packet)
            until = self._clock.now() + wait
            while (left := until - self._clock.now()) > 0:
                answer = self._receive(left)
                if answer is None:
                    break
                if is_awaited(answer) or _opcode(answer) == ERROR:
                    return answer
            wait *= 2
        raise _unavailable(self._url, "no answer in time", is_network=True)

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.sendto(packet, self._peer or self._address)
        except OSError as error:
            raise _unavailable(self._url, (error.strerror or str(error)).lower(), is_network=True) from error

    def _receive(self, seconds: float) -> bytes | None:
        """The next packet of the server, empty when it is a stranger's; None when none comes."""
        self._socket.settimeout(seconds)
        try:
            packet, sender = self._socket.recvfrom(LARGEST_PACKET)
        except TimeoutError:
            return None
        except OSError as error:
            raise _unavailable(self._url, (error.strerror or str(error)).lower()) from error
        if self._peer is None and sender[0] == self._address[0]:
            self._peer = sender
        return packet if sender == self._peer else b""

    def _agree(self, text: bytes) -> None:
        """Take the server's word on the options. Source: RFC 2347, its names in any case."""
        words = text.split(b"\0")
        for name, value in zip(words[::2], words[1::2], strict=False):
            number = int(value) if value.isdigit() and len(value) < 16 else -1
            if name.lower() == b"tsize" and number >= 0:
                self._size = number
            elif name.lower() == b"blksize":
                if not 8 <= number <= WANTED_BLOCK:
                    raise Refused(
                        messages.REFUSED, url=self._url, reason="it wants blocks larger than it was asked for"
                    )
                self._block_size = number

    def _check_error(self, packet: bytes) -> None:
        if _opcode(packet) != ERROR:
            return
        text = packet[4:].partition(b"\0")[0].decode("utf-8", "replace")[:SHOWN]
        said = "".join(character if character.isprintable() else " " for character in text)
        reason = f"the server says: {said} ({_number(packet)})"
        if _number(packet) == NO_SUCH_FILE:
            raise NotFound(messages.NOT_FOUND, url=self._url, reason=reason)
        raise Refused(messages.REFUSED, url=self._url, reason=reason)


def _opcode(packet: bytes) -> int:
    return int.from_bytes(packet[:2])


def _number(packet: bytes) -> int:
    """The block of data and acknowledgements, the code of an error."""
    return int.from_bytes(packet[2:4])


def _ack(number: int) -> bytes:
    return struct.pack("!HH", ACK, number)


def _is_block(packet: bytes, number: int) -> bool:
    return len(packet) >= 4 and _opcode(packet) == DATA and _number(packet) == number


def _is_first(packet: bytes) -> bool:
    return _opcode(packet) == OPTIONS or _is_block(packet, 1)


def _unavailable(url: str, brief: str, *, is_network: bool = False) -> Unavailable:
    return Unavailable(messages.NO_ANSWER, brief=brief, is_network=is_network, url=redacted(url))
