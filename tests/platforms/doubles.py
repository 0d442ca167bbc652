"""Machines for the tests: a real tree with real tools of the test's own, drives that are directories, a host in memory.

`Metadata` is a real HTTP server on loopback that answers from a table; `reader` asks it in place of the address in a
URL, so that a row of the platforms' table is tried as it stands.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from stoker.platforms import Machine, Read, Request, Unreachable
from stoker.platforms.messages import UNREACHABLE
from stoker.system import CommandFault, FileFault, RealSystem
from stoker.system.drives import Files
from stoker.system.guest import Pairs


class Asked(NamedTuple):
    """A request as the server saw it: without the headers that every client sends."""

    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


Reply = tuple[int, bytes]


class Metadata:
    """A metadata service: (method, path) to replies, given in turn, the last of them again and again."""

    def __init__(self, port: int, replies: dict[tuple[str, str], list[Reply]], asked: list[Asked]) -> None:
        self.port = port
        self.replies = replies
        self.asked = asked


@contextmanager
def metadata() -> Iterator[Metadata]:
    replies: dict[tuple[str, str], list[Reply]] = {}
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            plain = {"host", "accept-encoding", "content-length", "x-meant-for"}
            headers = {name: value for name, value in self.headers.items() if name.lower() not in plain}
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked.append(Asked(self.command, self.headers["X-Meant-For"], self.path, headers, body))
            queue = replies.get((self.command, self.path), [(404, b"")])
            status, body = queue.pop(0) if len(queue) > 1 else queue[0]
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = answer  # noqa: N815 -- the names are the base class's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base class's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Metadata(server.server_port, replies, asked)
        finally:
            server.shutdown()
            thread.join()


def reader(port: int, seen: list[Request] | None = None) -> Read:
    """A `Read` that asks the server on loopback whatever host the URL names."""

    def read(request: Request) -> tuple[int, bytes]:
        if seen is not None:
            seen.append(request)
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            headers = {**request.headers, "X-Meant-For": f"{parts.scheme}://{parts.netloc}"}
            connection.request(request.method, target, request.body or None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    return read


def nobody(request: Request) -> tuple[int, bytes]:
    """A `Read` without a network behind it."""
    raise Unreachable(UNREACHABLE, where=request.url, reason="no route to host")


class ToolSystem(RealSystem):
    """A real machine whose commands are the scripts of one directory, and no others."""

    def __init__(self, root: Path, tools: Path) -> None:
        super().__init__(root)
        self._tools = tools
        self.ran: list[list[str]] = []

    def run(self, arguments: Sequence[str], stdin: bytes = b"", seconds: float = 60.0) -> bytes:
        self.ran.append(list(arguments))
        return super().run([str(self._tools / arguments[0]), *arguments[1:]], stdin, seconds)


class TreeDrives:
    """Drives that are directories: label to tree, kind of disc to trees, path to bytes of a device."""

    def __init__(self) -> None:
        self.labels: dict[str, Path] = {}
        self.kinds: dict[str, list[Path]] = {}
        self.devices: dict[str, bytes] = {}

    def labelled(self, label: str) -> str | None:
        return str(self.labels[label]) if label in self.labels else None

    def discs(self, filesystem: str) -> list[str]:
        return [str(path) for path in self.kinds.get(filesystem, [])]

    @contextmanager
    def opened(self, device: str, filesystem: str = "auto") -> Iterator[Files]:
        if not Path(device).is_dir():
            raise CommandFault(["mount", device], "exit status 32")
        system = RealSystem(Path(device))
        try:
            yield system
        finally:
            system.close()

    def read(self, path: str, limit: int) -> bytes | None:
        content = self.devices.get(path)
        if content is not None and len(content) > limit:
            raise FileFault("read", path, f"larger than {limit} bytes")
        return content


class Host:
    """What a hypervisor holds for its guest."""

    def __init__(self) -> None:
        self.properties: dict[str, bytes] = {}
        self.pools: dict[int, Pairs] = {}
        self.connect: Callable[[int], socket.socket] = self._refuse

    def property(self, name: str) -> bytes | None:
        return self.properties.get(name)

    def remove_property(self, name: str) -> None:
        self.properties.pop(name, None)

    def pairs(self) -> dict[int, Pairs]:
        return self.pools

    def connected(self, port: int) -> socket.socket:
        return self.connect(port)

    @staticmethod
    def _refuse(port: int) -> socket.socket:
        raise FileFault("connect to", f"vsock:2:{port}", "no such device")


class World:
    """A machine and everything around it that a test may set."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "root"
        self.tools = directory / "tools"
        self.elsewhere = directory / "drives"
        for path in (self.root, self.tools, self.elsewhere):
            path.mkdir()
        self.system = ToolSystem(self.root, self.tools)
        self.drives = TreeDrives()
        self.host = Host()
        self.environment: dict[str, str] = {}
        self.architecture = "x86_64"
        self.waited: list[float] = []
        self.on_wait: Callable[[int], None] = lambda count: None
        self.said: list[str] = []

    @property
    def machine(self) -> Machine:
        return Machine(
            self.system, self.drives, self.host, self._wait, self.architecture, self.environment, directory="/run"
        )

    def say(self, text: str) -> None:
        self.said.append(text)

    def write(self, path: str, content: bytes) -> None:
        write(self.root, {path: content})

    def tool(self, name: str, script: str) -> None:
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{script}")
        path.chmod(0o755)

    def drive(self, label: str, files: Mapping[str, bytes]) -> None:
        self.drives.labels[label] = write(self.elsewhere / label, files)

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.on_wait(len(self.waited))


def write(root: Path, files: Mapping[str, bytes]) -> Path:
    root.mkdir(exist_ok=True)
    for path, content in files.items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return root
