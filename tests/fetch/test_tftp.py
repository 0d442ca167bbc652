"""tftp against a server written for the test by RFC 1350, 2347, 2348 and 2349, which can also misbehave."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from stoker.fetch import FetchFault, GaveUp, NotFound, Refused, Settings, Source, WrongBytes
from stoker.fetch.patience import Patience
from stoker.fetch.tftp import Tftp

WAIT = 0.05  # seconds until a packet is sent again


class Server:
    """A TFTP server of some files. `faults` are what it does wrong:

    plain: it knows no options; refuses: it refuses them; lost: each block is lost once; twice: each comes twice;
    stranger: another port speaks up in between; gone: it falls silent after the first block; short: it promises more;
    huge: it wants larger blocks; small: it wants blocks of 8 bytes; long: its blocks are larger than agreed.
    """

    def __init__(self, files: dict[bytes, bytes], *faults: str) -> None:
        self.asked: list[bytes] = []
        self._files = files
        self._faults = set(faults)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            packet, client = self._socket.recvfrom(2048)
            if packet[:2] == b"\0\1":
                self.asked.append(packet)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint, suppress(TimeoutError):
                    endpoint.bind(("127.0.0.1", 0))
                    endpoint.settimeout(20 * WAIT)
                    self._answer(endpoint, packet[2:].split(b"\0"), client)

    def _answer(self, endpoint: socket.socket, words: list[bytes], client: Any) -> None:
        name, mode, *options = words[:-1]
        assert mode == b"octet"
        if name not in self._files:
            endpoint.sendto(b"\0\5\0\1no such\nfile\0", client)
            return
        wanted = dict(zip(options[::2], options[1::2], strict=True))
        if wanted and "refuses" in self._faults:
            endpoint.sendto(b"\0\5\0\x08no options\0", client)
            return
        size = 512
        content = self._files[name]
        if wanted and "plain" not in self._faults:
            size = 8 if "small" in self._faults else 99999 if "huge" in self._faults else int(wanted[b"blksize"])
            promised = len(content) + ("short" in self._faults)
            self._send(endpoint, b"\0\6BlkSize\0%d\0tsize\0%d\0" % (size, promised), client, 0)
        for start in range(0, len(content) + 1, size):
            number = start // size + 1
            if "gone" in self._faults and number > 1:
                return
            block = content[start : start + size] + b"!" * 2000 * ("long" in self._faults)
            if not self._send(endpoint, struct.pack("!HH", 3, number & 0xFFFF) + block, client, number & 0xFFFF):
                return

    def _send(self, endpoint: socket.socket, packet: bytes, client: Any, number: int) -> bool:
        """Send a packet until it is acknowledged; False when the client ends it."""
        is_lost = "lost" in self._faults and number > 0
        while True:
            if not is_lost:
                for _ in range(2 if "twice" in self._faults else 1):
                    endpoint.sendto(packet, client)
                if "stranger" in self._faults:
                    self._socket.sendto(struct.pack("!HH", 3, number + 1) + b"from a stranger", client)
            is_lost = False
            try:
                answer = endpoint.recv(2048)
            except TimeoutError:
                return False
            if answer == struct.pack("!HH", 4, number):
                return True
            if answer[:2] == b"\0\5":
                return False


@pytest.fixture
def tftp() -> Iterator[Any]:
    """Start servers, which stop with the test."""
    servers: list[Server] = []

    def start(files: dict[bytes, bytes], *faults: str) -> Server:
        servers.append(Server(files, *faults))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def read(bench: Any, server: Server, path: str = "/f", settings: Settings | None = None) -> bytes:
    url = f"tftp://127.0.0.1:{server.port}{path}"
    patience = Patience(url, settings or Settings(total=1.0), bench.clock, bench.said.append, "/none")
    return b"".join(Tftp(bench.clock, WAIT).pieces(Source(url), patience))


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1427, 1428, 1429, 5000])
@pytest.mark.parametrize("fault", ["", "plain", "refuses"])
def test_a_file_arrives(bench: Any, tftp: Any, size: int, fault: str) -> None:
    content = bytes(number % 251 for number in range(size))
    assert read(bench, tftp({b"/f": content}, fault)) == content


def test_what_is_asked_for(bench: Any, tftp: Any) -> None:
    server = tftp({b"/a b/\xc3\xbc": b"x"})
    assert read(bench, server, "/a%20b/ü") == b"x"
    assert server.asked[0] == b"\0\1/a b/\xc3\xbc\0octet\0blksize\x001428\0tsize\x000\0"
    assert bench.said == [f"TFTP tftp://127.0.0.1:{server.port}/a%20b/ü: attempt #1"]


@pytest.mark.parametrize("fault", ["twice", "stranger", "lost"])
def test_a_file_arrives_over_a_bad_network(bench: Any, tftp: Any, fault: str) -> None:
    content = bytes(5000)
    assert read(bench, tftp({b"/f": content}, fault)) == content


def test_block_numbers_begin_anew(bench: Any, tftp: Any) -> None:
    content = bytes(8 * 65540)
    assert read(bench, tftp({b"/f": content}, "small")) == content


@pytest.mark.parametrize(
    ("path", "fault", "kind", "text"),
    [
        ("/g", "", NotFound, "resource not found: `URL/g`: the server says: no such file (1)"),
        ("/f", "gone", WrongBytes, "`URL/f` ended too early: connection refused after 1428 bytes"),
        ("/f", "short", WrongBytes, "`URL/f` ended too early: unexpected EOF after 5000 of 5001 bytes"),
        ("/f", "huge", Refused, "failed to fetch resource: `URL/f`: it wants blocks larger than it was asked for"),
        ("/f", "long", WrongBytes, "`URL/f` ended too early: a block is larger than was agreed on"),
        ("/%00", "", FetchFault, "`URL/%00` cannot be fetched: there is a NUL in its path"),
    ],
)
def test_what_goes_wrong(bench: Any, tftp: Any, path: str, fault: str, kind: type[FetchFault], text: str) -> None:
    server = tftp({b"/f": bytes(5000)}, fault)
    with pytest.raises(kind) as caught:
        read(bench, server, path)
    assert str(caught.value).replace(f"tftp://127.0.0.1:{server.port}", "URL") == text
    assert bench.clock.slept == []


def test_a_server_that_is_not_there_is_waited_for(bench: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"tftp://127.0.0.1:{silent.getsockname()[1]}/f"
        patience = Patience(url, Settings(total=0.5), bench.clock, bench.said.append, "/none")
        with pytest.raises(GaveUp, match="no answer in time"):
            list(Tftp(bench.clock, 0.01).pieces(Source(url), patience))
    assert bench.clock.slept == [0.2]
    assert bench.said[1] == "TFTP error: no answer in time"


def test_a_fetcher_reads_from_it(bench: Any, tftp: Any) -> None:
    server = tftp({b"/f": gzip.compress(b"text")})
    assert bench.fetcher().read(Source(f"tftp://127.0.0.1:{server.port}/f", compression="gzip")) == b"text"
