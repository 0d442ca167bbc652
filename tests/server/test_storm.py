"""The load maker: what it reads out of scripts, what it makes of times, and a small storm over the wire."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from stoker.cli.main import main
from stoker.cli.sites import compile_config
from stoker.http import Request
from stoker.server import Site
from stoker.server.behind import open_files
from stoker.server.storm import Figures, Storm, StormError, run_storm, write_site
from stoker.server.storm.scripts import Loaded, read_boot, read_chain, simulate_machine

MACHINE = simulate_machine(7)


def test_a_machine_is_the_same_in_every_run() -> None:
    assert MACHINE.mac == "52:00:00:00:00:07"
    assert MACHINE.uuid == "efb83d73-af75-5e94-bfc7-f16e48984e53"
    assert len({simulate_machine(number) for number in range(1000)}) == 1000


@pytest.mark.parametrize(
    "script, address",
    [
        ("#!ipxe\nchain ipxe?mac=${mac:hexhyp}&no=${asset}\n", "ipxe?mac=52-00-00-00-00-07&no="),
        ("#!ipxe\nchain --autofree --timeout 5000 http://192.0.2.1/x\n", "http://192.0.2.1/x"),
        ("#!ipxe\nchain\n", ""),
        ("#!ipxe\necho chain nowhere\n", ""),
    ],
    ids=["Matchbox's", "with options", "without an address", "none"],
)
def test_what_a_first_script_hands_over_to(script: str, address: str) -> None:
    assert read_chain(script, MACHINE) == address


@pytest.mark.parametrize(
    "script, loaded",
    [
        (
            "#!ipxe\nkernel /a ignition.config.url=http://h/i?mac=${mac:hexhyp} quiet\ninitrd /b\ninitrd /c\nboot\n",
            Loaded("/a", ("/b", "/c"), "http://h/i?mac=52-00-00-00-00-07"),
        ),
        (
            "#!ipxe\nkernel --name k /a coreos.inst.ignition_url=/i\ninitrd -n b /b\nboot\n",
            Loaded("/a", ("/b",), "/i"),
        ),
        ("#!ipxe\nkernel /a\nboot\n", Loaded("/a", (), "")),
        ("#!ipxe\necho stoker has nothing to boot here:\nexit\n", None),
    ],
    ids=["a config", "names", "no config", "a refusal"],
)
def test_what_a_script_loads(script: str, loaded: Loaded | None) -> None:
    assert read_boot(script, MACHINE) == loaded


def test_a_row_says_what_most_requests_took() -> None:
    figures = Figures()
    figures.taken["ipxe"] = [number / 100 for number in range(100, 0, -1)]
    (row,) = figures.rows()
    assert (row.name, row.requests, row.p50, row.p90, row.p99, row.longest) == ("ipxe", 100, 0.5, 0.9, 0.99, 1.0)


def test_no_two_configs_of_a_site_are_alike(tmp_path: Path) -> None:
    write_site(tmp_path, 50, "192.0.2.1:8080")
    machines = [simulate_machine(number) for number in range(50)]
    with open_files(tmp_path, None) as behind:
        site = Site(behind, tmp_path / "assets", compile_config, lambda _line: None)
        site.wait_until_read(30)
        answers = [site.answer(Request("GET", "/ignition", f"mac={each.mac}&uuid={each.uuid}")) for each in machines]
        site.close(30)
    assert [answer.status for answer in answers] == [200] * 50
    assert len({answer.body for answer in answers if isinstance(answer.body, bytes)}) == 50


class Strange(BaseHTTPRequestHandler):
    """A server that answers in the ways that others do: in chunks, closing, refusing, breaking off, with no HTTP."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        how = getattr(self, self.path.strip("/").split("?")[0].replace(".", "_"), self.chunked)
        how()

    def boot_ipxe(self) -> None:
        self.send_response(200)
        self.end_headers()  # no length: the end of the connection is the end of the body
        self.wfile.write(b"#!ipxe\nchain ipxe?serial=${serial}\n")
        self.close_connection = True

    def ipxe(self) -> None:
        number = int(self.path.rpartition("STORM")[2])
        kernels = ["kernel /k", "kernel /missing", "kernel /broken", "kernel /nonsense", "kernel ftp://h/k", "exit"]
        self.chunked(f"#!ipxe\n{kernels[number % len(kernels)]}\nboot\n".encode())

    def missing(self) -> None:
        self.send_error(404)

    def broken(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def nonsense(self) -> None:
        self.wfile.write(b"220 ready\r\n\r\n")
        self.close_connection = True

    def chunked(self, body: bytes = b"body") -> None:
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for byte in body:
            self.wfile.write(b"1\r\n%c\r\n" % byte)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def strange_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def test_each_machine_that_does_not_get_through_is_counted_with_its_reason() -> None:
    told: list[tuple[int, int]] = []
    with strange_server() as url:
        figures = run_storm(Storm(url, 12, with_events=False), lambda done, failed: told.append((done, failed)))
    assert figures.finished == 2
    assert max(told) == (12, 10)
    assert sorted((reason[:30], count) for reason, count in figures.errors.items()) == [
        ("ipxe: the script boots nothing", 2),
        ("kernel: `ftp://h/k` is no addr", 2),
        ("kernel: no HTTP: Expected HTTP", 2),
        ("kernel: status 404", 2),
        ("kernel: the server closed the ", 2),
    ]


def test_a_server_that_is_not_there_is_an_error_of_every_machine() -> None:
    figures = run_storm(Storm("http://127.0.0.1:1", 3), lambda _done, _failed: None)
    assert list(figures.errors.values()) == [3]
    assert "no connection" in next(iter(figures.errors))


def test_more_connections_than_this_process_may_have_are_refused_before_any() -> None:
    with pytest.raises(StormError, match="raise `ulimit -n`"):
        run_storm(Storm("http://127.0.0.1:1", 10**9), lambda _done, _failed: None)


def test_a_storm_over_a_server_of_its_own_counts_what_was_asked(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["stoker", "bench", "boot", "--machines", "50", "-o", "json"]) == 0
    told = msgspec.json.decode(capfdbinary.readouterr().out)
    assert (told["machines"], told["finished"], told["errors"]) == (50, 50, {})
    assert {row["name"]: row["requests"] for row in told["steps"]} == dict.fromkeys(
        ("boot.ipxe", "ipxe", "kernel", "initrd", "ignition", "events", "whole chain"), 50
    )
    assert told["server"]["peak_bytes"] < 512 << 20


@pytest.mark.parametrize(
    "words, said",
    [
        (["--machines", "0"], "`0` is no number of machines"),
        (["--ramp", "fast"], "`fast` is no duration"),
    ],
    ids=["none", "no time"],
)
def test_what_makes_no_sense_is_refused(words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stoker", "bench", "boot", *words]) == 64
    assert said in capfd.readouterr().err


def test_the_table_is_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    with strange_server() as url:
        assert main(["stoker", "bench", "boot", "--machines", "1", "--no-events", "--server", url]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["step", "requests", "p50", "p90", "p99", "longest"]
    assert [line.split()[0] for line in lines[1:5]] == ["boot.ipxe", "ipxe", "kernel", "whole"]
    assert all(len(line) <= 80 for line in lines)
