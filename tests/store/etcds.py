"""Real etcd on loopback, of one node or more, each with its own data directory and free ports."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

PROGRAM = shutil.which("etcd")
needs_etcd = pytest.mark.skipif(PROGRAM is None, reason="etcd is not installed (Debian: etcd-server)")

PATIENCE = 30.0


class Node:
    """One etcd, that can be killed and started again at the same place."""

    def __init__(self, name: str, data: Path, client: int, peer: int, options: tuple[str, ...] = ()) -> None:
        self.name = name
        self.data = data
        self.client = client
        self.peer_url = f"http://127.0.0.1:{peer}"
        self.scheme = "http"
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.client}"

    def start(self, cluster: str) -> None:
        assert PROGRAM is not None
        words = [PROGRAM, f"--name={self.name}", f"--data-dir={self.data}", "--initial-cluster-state=new"]
        words += [f"--listen-client-urls={self.endpoint}", f"--advertise-client-urls={self.endpoint}"]
        words += [f"--listen-peer-urls={self.peer_url}", f"--initial-advertise-peer-urls={self.peer_url}"]
        words += [f"--initial-cluster={cluster}", "--log-level=error", *self.options]
        with (self.data.parent / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.client, timeout=2)
        try:
            connection.request("GET", "/health")
            return b'"true"' in connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Cluster:
    """Some nodes that know each other."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.members = ",".join(f"{node.name}={node.peer_url}" for node in nodes)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(node.endpoint for node in self.nodes)

    def start(self, *nodes: Node) -> None:
        for node in nodes or self.nodes:
            node.start(self.members)
        until(lambda: all(node.is_healthy() for node in nodes or self.nodes), "etcd does not get well")

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()


@contextmanager
def cluster(directory: Path, size: int, options: tuple[str, ...] = ()) -> Iterator[Cluster]:
    """Started, and killed in the end."""
    ports = free_ports(2 * size)
    nodes = [Node(f"n{each}", directory / f"n{each}", ports.pop(), ports.pop(), options) for each in range(size)]
    started = Cluster(nodes)
    try:
        started.start()
        yield started
    finally:
        started.stop()


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def until(condition: object, complaint: str) -> None:
    """Wait for another process."""
    assert callable(condition)
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, complaint
        time.sleep(0.02)
