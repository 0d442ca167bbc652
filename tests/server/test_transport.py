"""The real transport on loopback, in a process of its own: connections, bodies, files, signals."""

from __future__ import annotations

import http.client
import itertools
import json
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copy

import pytest

from stoker.server.roles import Role, add_token
from stoker.server.watching import parse_events
from tests.server.conftest import FILES, MAC, until, write

PROGRAM = """
import sys
from pathlib import Path
from stoker.server import ServerError, Tls, serve
from stoker.server.native import Native
from stoker.server.roles import TokenFile
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
        face=Native(TokenFile(root / "tokens")),
        state_dir=root / "state",
        tls=Tls(root / "web.crt", root / "web.key") if (root / "web.crt").exists() else None,
    )
except ServerError as error:
    sys.exit(str(error))
print("stopped", flush=True)
"""


Served = tuple[subprocess.Popen[str], int, str]


def start(root: Path, port: int = 0, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(root), str(port)]
    (root / "tokens").touch()
    env = {"PYTHONPATH": ":".join(path for path in sys.path if path)} | environment
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    write(tmp_path / "data", FILES)
    write(tmp_path / "assets", {"kernel": "0123456789" * 1000})
    token = add_token(tmp_path / "tokens", Role.OPERATOR, "alice")
    with start(tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line, process.stderr.read() if process.stderr else ""
            yield process, int(line), token
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


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_machine_is_booted_over_the_wire(served: Served) -> None:
    process, port, token = served
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
    answer = json.loads(ask(port, "/api/v1/machines/52:54:00:a1:9c:ae/events", headers=bearer(token))[2])
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


def test_a_body_without_a_length_is_bounded(served: Served) -> None:
    _, port, _ = served
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        head = "POST /api/v1/machines/525400a19cae/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"10001\r\n" + b"x" * 0x10001 + b"\r\n0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_interrupt_stops_it_too(served: Served) -> None:
    process, _, _ = served
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
    assert error.startswith(f"cannot listen on `127.0.0.1:{port}`: address already in use; name another")


@contextmanager
def follow(port: int, token: str) -> Iterator[http.client.HTTPResponse]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/api/v1/events", headers=bearer(token))
        with connection.getresponse() as response:
            yield response


def see(port: int, count: int = 1) -> None:
    """Let a machine be heard of so many times, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(count):
        connection.request("GET", "/ipxe?mac=52-54-00-a1-9c-ae")
        connection.getresponse().read()
    connection.close()


def measure(port: int, name: str) -> float:
    lines = ask(port, "/metrics")[2].decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_what_happens_is_told_to_who_watches_until_the_server_ends(served: Served) -> None:
    process, port, token = served
    with follow(port, token) as watcher:
        assert (watcher.status, watcher.getheader("content-type")) == (200, "text/event-stream")
        assert watcher.readline() == b":\n"
        until(lambda: measure(port, "stoker_watchers") == 1)
        see(port)
        events = list(itertools.islice(parse_events(iter(watcher.readline, b"")), 3))
        assert [json.loads(event.data)["stage"] for event in events] == ["identity", "ipxe", "state"]
        process.send_signal(signal.SIGTERM)
        assert watcher.read() == b""
    out, log = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "stopped\n"), log


def test_who_goes_away_is_not_watching_any_more(served: Served) -> None:
    _, port, token = served
    with follow(port, token):
        until(lambda: measure(port, "stoker_watchers") == 1)
    until(lambda: measure(port, "stoker_watchers") == 0)


def test_who_does_not_read_costs_no_more_than_the_ring(served: Served) -> None:
    """The kernel's buffers of a connection take some events; the server gives no more than that."""
    _, port, token = served
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        connection.sendall(head.encode())
        until(lambda: measure(port, "stoker_watchers") == 1)
        event = {"stage": "x", "text": "y" * 2000}
        body = json.dumps([event] * 30).encode()
        for _ in range(200):
            assert ask(port, f"/api/v1/machines/{MAC}/events", "POST", body)[0] == 204
        until(lambda: measure(port, "stoker_notes_waiting") == 0)
        assert measure(port, "stoker_stream_sent_total") < 200 * 30


def test_what_is_under_way_is_answered_when_the_server_is_told_to_stop(served: Served) -> None:
    process, port, _ = served
    body = json.dumps({"stage": "up", "text": "done"}).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        head = f"POST /api/v1/machines/{MAC}/events HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:5])
        see(port)
        process.send_signal(signal.SIGTERM)
        until(lambda: not accepts(port))
        connection.sendall(body[5:])
        assert connection.recv(100).startswith(b"HTTP/1.1 204 ")
    out, log = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "stopped\n"), log


def accepts(port: int) -> bool:
    """Whether somebody answers there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection.recv(100) != b""
    except OSError:
        return False


def test_what_is_known_of_machines_outlives_the_server(served: Served, tmp_path: Path) -> None:
    process, port, token = served
    see(port)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    with start(tmp_path) as again:
        assert again.stdout is not None
        port = int(again.stdout.readline())
        status, _, body = ask(port, f"/api/v1/machines/{MAC}", headers=bearer(token))
        timeline = json.loads(ask(port, f"/api/v1/machines/{MAC}/events", headers=bearer(token))[2])
        again.kill()
    assert (status, json.loads(body)["state"]) == (200, "provisioning")
    assert [event["stage"] for event in timeline["events"]] == ["identity", "ipxe", "state"]


def test_a_supervisor_is_told_and_its_socket_taken(tmp_path: Path) -> None:
    write(tmp_path / "data", FILES)
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name)
        heard.settimeout(30)
        with start(tmp_path, NOTIFY_SOCKET=name) as process:
            assert heard.recv(100) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert heard.recv(100) == b"STOPPING=1"
            process.communicate(timeout=30)
    assert process.returncode == 0


def put_certificate(certificates: Path, name: str, root: Path) -> None:
    for ending in ("key", "crt"):
        copy(certificates / f"{name}.{ending}", root / f"web.{ending}.new")
        (root / f"web.{ending}.new").replace(root / f"web.{ending}")


def shown(port: int, authority: Path) -> str:
    """The name in the certificate that the server shows, and that it answers with it."""
    context = ssl.create_default_context(cafile=authority)
    with closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)) as connection:
        connection.request("GET", "/healthz")
        assert isinstance(connection.sock, ssl.SSLSocket)
        certificate = connection.sock.getpeercert()
        assert connection.getresponse().read() == b"ok\n"
    assert certificate is not None
    return str(dict(pair for part in certificate["subject"] for pair in part)["commonName"])  # type: ignore[misc]


def test_a_new_certificate_is_taken_and_nobody_is_turned_away(tmp_path: Path, certificates: Path) -> None:
    write(tmp_path / "data", FILES)
    put_certificate(certificates, "server", tmp_path)
    with start(tmp_path) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        authority = certificates / "servers.crt"
        assert shown(port, authority) == "server"
        (tmp_path / "web.crt").write_text("half")  # of a renewal: what was read before stays
        assert shown(port, authority) == "server"
        put_certificate(certificates, "renewed", tmp_path)
        until(lambda: shown(port, authority) == "renewed")
        assert {shown(port, authority) for _ in range(5)} <= {"server", "renewed"}
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0, log
