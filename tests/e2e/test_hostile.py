"""Clients that mean ill, all at once: they are refused, the others are served meanwhile, and nothing of them stays."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from stoker.server.roles import Role, add_token
from tests.e2e.replicas import Single, write_catalogue
from tests.server.operators import REQUESTS, Served, make_certificates, outcome
from tests.store.etcds import until

CANARY = b"opensesame, which nobody may read"
ASSET = 64 << 20
STRANGER = {"id": "strangers", "profile": "node", "selector": {"rack": "known"}}


class Server(Single):
    """A server that is looked at from outside."""

    token = ""

    def read(self, name: str) -> str:
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/{name}").read_text()

    def count(self, what: str) -> int:
        """How many of `fd` or `task` the process has."""
        assert self.process is not None
        return len(os.listdir(f"/proc/{self.process.pid}/{what}"))

    def memory(self, what: str = "VmRSS") -> int:
        """Bytes of memory that it has now; `VmHWM` is the most that it had."""
        line = next(line for line in self.read("status").splitlines() if line.startswith(f"{what}:"))
        return int(line.split()[1]) << 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    write_catalogue(tmp_path / "data")
    (tmp_path / "assets" / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(CANARY)
    (tmp_path / "assets" / "leads-out").symlink_to(tmp_path / "secret")
    (tmp_path / "assets" / "sub" / "notes").write_text("notes")
    with (tmp_path / "assets" / "image").open("wb") as file:
        file.truncate(ASSET)
    token = add_token(tmp_path / "tokens", Role.OPERATOR, "alice")
    made = Server(tmp_path, tmp_path / "tokens")
    made.token = token
    made.start()
    yield made
    assert made.process is not None
    assert made.process.poll() is None, made.log.read_text()[-3000:]
    made.kill()
    assert "Traceback" not in made.log.read_text()


@contextmanager
def good_clients(server: Server) -> Iterator[list[int]]:
    """Clients that ask for scripts and configs meanwhile; each answer's status."""
    statuses: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            statuses.append(server.ask("/ipxe?mac=52:54:00:ff:00:01").status)
            statuses.append(server.ask("/ignition?mac=52:54:00:ff:00:01").status)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        until(lambda: len(statuses) >= 10, "good clients are not served")
        yield statuses
        begun = len(statuses)
        until(lambda: len(statuses) >= begun + 10, "good clients are not served any more")
    finally:
        is_over.set()
        thread.join()
    assert set(statuses) == {200}


@contextmanager
def nothing_stays(server: Server) -> Iterator[None]:
    """As many descriptors and threads as before, in the end."""
    server.ask("/ipxe?mac=52:54:00:ff:00:01")
    before = server.count("fd"), server.count("task")
    yield
    until(lambda: server.count("fd") <= before[0], "descriptors stay")
    until(lambda: server.count("task") <= before[1] + 2, "threads stay")


def connect(port: int, buffer: int = 0) -> socket.socket:
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.connect(("127.0.0.1", port))
    return connection


POST = b"POST /api/v1/machines/525400ff0001/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
SLOW = {
    "headers by drips": b"GET /ipxe HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "bodies by drips": POST,
    "big answers that nobody reads": b"GET /assets/image HTTP/1.1\r\nHost: x\r\n\r\n",
    "nothing at all": b"",
}


def test_two_hundred_slow_clients_at_once(server: Server) -> None:
    with nothing_stays(server):
        before = server.memory()
        with good_clients(server), ExitStack() as stack:
            slow = [(stack.enter_context(connect(server.port, 4096)), said) for said in [*SLOW.values()] * 50]
            for connection, said in slow:
                connection.sendall(said)
            for _ in range(10):
                for connection, said in slow:
                    if said and b"image" not in said:
                        connection.sendall(b"x")
                assert server.ask("/healthz").status == 200
        assert server.memory("VmHWM") < before + (100 << 20)


@pytest.mark.soak
def test_slow_clients_are_sent_away_in_time(server: Server) -> None:
    """All but those who take a big answer slowly: that is their right."""
    with nothing_stays(server), ExitStack() as stack:
        waiting = [stack.enter_context(connect(server.port)) for _ in range(50)]
        for connection, said in zip(waiting, [*SLOW.values()] * 50, strict=False):
            connection.sendall(said)
        until(lambda: server.count("fd") > 50, "nobody is connected")
        end = time.monotonic() + 120
        for connection, said in zip(waiting, [*SLOW.values()] * 50, strict=False):
            if b"image" not in said:
                connection.settimeout(max(1, end - time.monotonic()))
                while connection.recv(65536):
                    pass


HUGE = 10 << 20
LARGE = {
    "a target": lambda: b"GET /ipxe?mac=52:54:00:ff:00:02&x=" + b"y" * HUGE + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header": lambda: b"GET /ipxe HTTP/1.1\r\nHost: x\r\nX-Large: " + b"y" * HUGE + b"\r\n\r\n",
    "many headers": lambda: b"GET /ipxe HTTP/1.1\r\nHost: x\r\n" + b"X-Y: z\r\n" * (HUGE // 8) + b"\r\n",
    "a body": lambda: (
        b"POST /api/v1/machines/525400ff0001/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % HUGE
        + b"y" * HUGE
    ),
    "a body in chunks": lambda: (
        b"POST /api/v1/machines/525400ff0001/events HTTP/1.1\r\nHost: x\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n%s\r\n" % (b"y" * 0x10000) * (HUGE >> 16)
    ),
    "a length that is none": lambda: POST.replace(b"1000", b"9" * 5000),
    "no HTTP": lambda: random.Random(1).randbytes(HUGE),
}
REFUSED = (b"HTTP/1.1 400 ", b"HTTP/1.1 413 ", b"HTTP/1.1 414 ", b"HTTP/1.1 431 ", b"")


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_what_is_too_large_is_refused(server: Server, make: Callable[[], bytes]) -> None:
    data = make()
    with nothing_stays(server), good_clients(server):
        before = server.memory()
        for _ in range(20):
            with connect(server.port) as connection:
                connection.settimeout(30)
                with suppress(OSError):  # it need not listen to the end
                    connection.sendall(data)
                answer = b""
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
                    answer = connection.recv(13)
                assert answer.startswith(REFUSED[:4]) or answer == b""
        assert server.memory() < before + (60 << 20)


def pass_by(server: Server, count: int, seed: int) -> None:
    """So many machines that no rule takes, each once, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for number in range(count):
        connection.request(
            "GET", f"/ipxe?mac=02:{seed:02x}:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
        )
        response = connection.getresponse()
        response.read()
        assert response.status == 404
    connection.close()


def crowd(server: Server, count: int) -> None:
    """More distinct machines than there is room for, twice: the second time costs nothing more."""
    operator = {"Authorization": f"Bearer {server.token}"}
    put = server.ask("/api/v1/groups/all", "PUT", json.dumps(STRANGER).encode(), If_Match="*", **operator)
    assert put.status == 200, put
    known = [f"52:54:00:0a:00:{number:02x}" for number in range(100)]
    for mac in known:
        assert server.ask(f"/ipxe?mac={mac}&rack=known").status == 200
    memory = []
    for seed in range(2):
        pass_by(server, count, seed)
        until(lambda: server.measure("stoker_notes_waiting") == 0, "notes are not stored")
        memory.append(server.memory())
    answer = json.loads(server.ask("/api/v1/machines?limit=1000").body)
    assert answer["total"] <= 6000
    for mac in known:
        assert server.ask(f"/api/v1/machines/{mac}", **operator).status == 200
    latest = f"02:01:00:{count - 1 >> 16:02x}:{count - 1 >> 8 & 255:02x}:{count - 1 & 255:02x}"
    assert server.ask(f"/api/v1/machines/{latest}", **operator).status == 200
    assert server.ask("/api/v1/machines/02:00:00:00:00:00", **operator).status == 404
    assert memory[1] < memory[0] * 1.15
    server.kill()
    server.start()
    assert json.loads(server.ask("/api/v1/machines").body)["total"] == answer["total"]


def test_more_machines_than_there_is_room_for(server: Server) -> None:
    crowd(server, 8000)


@pytest.mark.soak
def test_a_hundred_thousand_machines(server: Server) -> None:
    crowd(server, 100_000)


UPS = ("..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..%00", "..;", "%c0%ae%c0%ae", "\uff0e\uff0e")
SLASHES = ("/", "//", "%2f", "%5c", "\\", "/./", "%252f")
PLACES = ("/assets/", "/assets/sub/", "/", "/api/v1/templates/ignition/")
TRICKS = [
    *(f"{place}{slash.join([up] * 2)}{slash}secret" for place in PLACES for up in UPS for slash in SLASHES),
    *("/assets/leads-out", "/assets//etc/passwd", "/assets/%2fetc/passwd", "/assets/sub/../../secret%00.txt"),
    *("/assets/../state/stoker.db", "/assets/file:///etc/passwd", "/assets/..", "/assets/sub", "//assets/../secret"),
]


def test_path_tricks(server: Server) -> None:
    """Whatever is tried, nobody reads what is not below the directory of assets."""
    assert len(TRICKS) > 100
    assert server.ask("/assets/sub/notes").body == b"notes"
    with nothing_stays(server):
        for target in TRICKS:
            with connect(server.port) as connection:
                connection.settimeout(30)
                head = f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n"
                connection.sendall(head.encode())
                connection.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
            assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 301 ", b"HTTP/1.1 308 ")) or not answer, (
                target,
                answer,
            )
            assert CANARY not in answer, target
            assert b"root:" not in answer, target
            assert b"SQLite format" not in answer, target


LIST = json.dumps(["x" * 1000] * 500)
BOMBS = {
    "itself without an end": '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}',
    "loops in loops": "{{range .list}}{{range $.list}}{{range $.list}}{{end}}{{end}}{{end}}",
    "what doubles": '{{define "a"}}{{template "b" .}}{{template "b" .}}{{end}}'
    + "".join(f'{{{{define "{chr(c)}"}}}}{{{{template "{chr(c + 1)}" .}}}}' * 2 + "{{end}}" for c in range(98, 118))
    + '{{define "v"}}x{{end}}{{template "a" .}}',
    "a width": '{{printf "%999999999d" 1}}',
    "many widths": '{{range .list}}{{printf "%999999d" 1}}{{end}}',
    "long texts": "variant: fcos\nversion: 1.5.0\na: {{range .list}}{{printf `%q %q %q` $.list $.list .}}{{end}}",
    "nested lists": "variant: fcos\nversion: 1.5.0\na: " + "[" * 100_000,
    "laughs": "variant: fcos\nversion: 1.5.0\na0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    + "storage: {files: [*a11]}\n",
    "many files": "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n{{range .list}}{{range $.list}}"
    "{{printf `    - path: /%d\\n` 1}}{{end}}{{end}}",
}


@pytest.mark.parametrize("template", BOMBS.values(), ids=BOMBS)
def test_template_bombs(server: Server, template: str) -> None:
    """A template that blows up is a reason for its own machines alone; the rest waits a moment at most."""
    operator = {"Authorization": f"Bearer {server.token}"}
    group = f'{{"id": "bomb", "profile": "bomb", "selector": {{"b": "1"}}, "metadata": {{"list": {LIST}}}}}'
    files = {
        "templates/ignition/bomb.bu": template.encode(),
        "profiles/bomb": b'{"id": "bomb", "ignition_id": "bomb.bu"}',
        "groups/bomb": group.encode(),
    }
    statuses = [server.ask(f"/api/v1/{name}", "PUT", data, **operator).status for name, data in files.items()]
    assert statuses[0] in {201, 422}
    assert statuses[1:] == [201, 201]
    with nothing_stays(server), good_clients(server):
        memory = []
        for _ in range(3):
            answer = server.ask("/ignition?mac=52:54:00:ff:00:03&b=1")
            assert answer.status == 500, (answer.status, answer.body[:300])
            assert json.loads(answer.body)["detail"]
            memory.append(server.memory())
        assert memory[-1] < memory[0] + (100 << 20), memory


def test_a_flood_of_events(server: Server) -> None:
    """A machine that tells a lot is heard; what is kept of it is bounded by bytes, too."""
    body = json.dumps([{"stage": "x", "text": "y" * 600, "pointer": ["z" * 200] * 2}] * 60).encode()
    memory = []
    for _ in range(2):
        for number in range(300):
            answer = server.ask(
                f"/api/v1/machines/52:54:00:0b:{number >> 8:02x}:{number & 255:02x}/events", "POST", body
            )
            assert answer.status == 204
        until(lambda: server.measure("stoker_notes_waiting") == 0, "notes are not stored")
        memory.append(server.memory())
    assert memory[1] < memory[0] * 1.15 + (10 << 20), memory


@contextmanager
def secure_server(root: Path) -> Iterator[tuple[Server, ssl.SSLContext]]:
    """A server that speaks TLS, and what its good clients trust."""
    make_certificates(root)
    write_catalogue(root / "data")
    (root / "tokens").touch()
    certificate = ("--web-cert-file", root / "server.crt", "--web-key-file", root / "server.key")
    made = Server(root, root / "tokens", *certificate)
    made.start()
    try:
        yield made, ssl.create_default_context(cafile=root / "ca.crt")
    finally:
        made.kill()


def is_served(server: Server, context: ssl.SSLContext) -> bool:
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=30)
    try:
        connection.request("GET", "/ipxe?mac=52:54:00:ff:00:01")
        return connection.getresponse().status == 200
    finally:
        connection.close()


HELLO = bytes.fromhex("160301") + b"\x02\x00" + b"\x01\x00\x01\xfc\x03\x03" + b"\0" * 506
BAD_TLS = {
    "nothing": b"",
    "plain HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "noise": random.Random(2).randbytes(4096),
    "a hello of nothing": HELLO,
    "half a hello": HELLO[:100],
    "SSL 2": bytes.fromhex("802e010002001500000010010080020080030080040080050080060040070 0c0".replace(" ", "")),
    "records without an end": b"\x16\x03\x01\x40\x00" * 5000,
    "an alert": bytes.fromhex("15030100020228"),
}


def test_bad_tls(tmp_path: Path) -> None:
    with secure_server(tmp_path) as (server, context):
        assert is_served(server, context)
        before = server.count("fd"), server.count("task")
        memory = []
        for _ in range(8):
            with ExitStack() as stack:
                for said in [*BAD_TLS.values()] * 25:
                    connection = stack.enter_context(connect(server.port))
                    with suppress(OSError):
                        connection.sendall(said)
                old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
                old.set_ciphers("ALL:@SECLEVEL=0")
                old.maximum_version = ssl.TLSVersion.TLSv1_2
                old.minimum_version = ssl.TLSVersion.TLSv1_2
                with suppress(OSError), old.wrap_socket(connect(server.port)) as spoken:
                    spoken.sendall(b"\r\n" * 100)
                assert is_served(server, context)
            until(lambda: server.count("fd") <= before[0], "descriptors stay")
            until(lambda: server.count("task") <= before[1] + 2, "threads stay")
            memory.append(server.memory())
        assert memory[7] < memory[2] + (25 << 20), memory
        assert "Traceback" not in server.log.read_text()


def test_malformed_protobuf(tmp_path: Path) -> None:
    """Whatever bytes a client with a good certificate sends, it gets a code, and the next one is served."""
    make_certificates(tmp_path)
    write_catalogue(tmp_path / "data")
    served = Served(tmp_path / "data", tmp_path, tmp_path / "log")
    chance = random.Random(3)
    group = b"\n\x0c\n\x01g\x12\x01n\x1a\x04node"
    outcomes = set()
    try:
        with served.channel() as channel:
            before = served.count("fd"), served.count("task")
            for _ in range(40):
                for path, _method in REQUESTS.values():
                    broken = bytearray(group * chance.randint(1, 50))
                    for _ in range(chance.randint(1, 5)):
                        broken[chance.randrange(len(broken))] = chance.randrange(256)
                    outcomes.add(outcome(channel, path, bytes(broken[: chance.randint(0, len(broken))]))[0])
            assert outcomes <= {"OK", "INTERNAL", "INVALID_ARGUMENT", "UNKNOWN", "NOT_FOUND"}, outcomes
            assert outcome(channel, "/rpcpb.Groups/GroupPut", group)[0] == "OK"
            assert served.count("fd") <= before[0] + 2
            assert served.count("task") <= before[1] + 2
    finally:
        assert served.stop() == 0
    assert "Traceback" not in (tmp_path / "log").read_text()
