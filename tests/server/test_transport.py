"""The real transport on loopback, in a process of its own: connections, bodies, files, signals."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import FILES, write

PROGRAM = """
import sys
from pathlib import Path
from stoker.server import ServerError, serve
from tests.server.conftest import compile_config

root = Path(sys.argv[1])
try:
    serve(
        root / "data",
        root / "assets",
        ("127.0.0.1", int(sys.argv[2])),
        compile_config=compile_config,
        on_ready=lambda address: print(address[1], flush=True),
        log=lambda line: print(line, file=sys.stderr, flush=True),
    )
except ServerError as error:
    sys.exit(str(error))
print("stopped", flush=True)
"""


def start(root: Path, port: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(root), str(port)]
    paths = [path for path in sys.path if path]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": ":".join(paths)}
    )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    write(tmp_path / "data", FILES)
    write(tmp_path / "assets", {"kernel": "0123456789" * 1000})
    with start(tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line, process.stderr.read() if process.stderr else ""
            yield process, int(line)
        finally:
            process.kill()


def ask(
    port: int, target: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, target, body, headers or {})
    response = connection.getresponse()
    answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return answer


def test_a_machine_is_booted_over_the_wire(served: tuple[subprocess.Popen[str], int]) -> None:
    process, port = served
    ipxe = {"User-Agent": "iPXE/1.21.1"}
    ignition = {
        "User-Agent": "Ignition/2.21.0",
        "Accept": "application/vnd.coreos.ignition+json;version=3.6.0, */*;q=0.1",
        "Accept-Encoding": "identity",
    }
    labels = "uuid=&mac=52-54-00-a1-9c-ae&domain=&hostname=&serial=&arch=x86_64"
    status, headers, body = ask(port, "/boot.ipxe", headers=ipxe)
    assert (status, headers["content-length"]) == (200, str(len(body)))
    assert ask(port, f"/ipxe?{labels}", headers=ipxe)[2] == b"#!ipxe\nkernel k a\nboot\n"
    status, headers, body = ask(port, f"/ignition?{labels}", headers=ignition)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {"text": "variant: x\nname: node\n"}
    event = json.dumps({"stage": "up", "text": "done"}).encode()
    assert ask(port, "/api/v1/machines/52-54-00-a1-9c-ae/events", "POST", event)[0] == 204
    answer = json.loads(ask(port, "/api/v1/machines/52:54:00:a1:9c:ae/events")[2])
    assert [each["stage"] for each in answer["events"]] == ["identity", "ipxe", "state", "ignition", "up", "state"]

    status, headers, body = ask(port, "/assets/kernel")
    assert (status, len(body), headers["accept-ranges"]) == (200, 10_000, "bytes")
    status, headers, body = ask(port, "/assets/kernel", headers={"Range": "bytes=9995-"})
    assert (status, body, headers["content-range"]) == (206, b"56789", "bytes 9995-9999/10000")
    status, headers, body = ask(port, "/assets/kernel", "HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", "10000")
    status, headers, body = ask(port, "/ipxe?mac=52-54-00-a1-9c-ae", "HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", "23")

    assert ask(port, "/api/v1/machines/52-54-00-a1-9c-ae/events", "POST", b"x" * 65_537)[0] == 413
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "stopped\n")
    assert f'"GET /ipxe?{labels}" 200 23 ' in log


def test_a_body_without_a_length_is_bounded(served: tuple[subprocess.Popen[str], int]) -> None:
    _, port = served
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        head = "POST /api/v1/machines/525400a19cae/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"10001\r\n" + b"x" * 0x10001 + b"\r\n0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_interrupt_stops_it_too(served: tuple[subprocess.Popen[str], int]) -> None:
    process, _ = served
    process.send_signal(signal.SIGINT)
    out, log = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "stopped\n"), log


def test_an_address_that_is_taken_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "data", {"groups/none": ""})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(tmp_path, port) as process:
            _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert error.startswith(f"cannot listen on `127.0.0.1:{port}`: ")
