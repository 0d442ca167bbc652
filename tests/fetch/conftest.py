"""Servers on loopback for the tests of fetching, a clock that stands still, and fetchers whose words are kept."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from socket import AF_INET, AF_INET6
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest

from stoker.fetch import Fetcher, Settings

NOON = 1_700_000_000.0


class Clock:
    """A clock that goes forward only when somebody sleeps, and remembers for how long."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.time

    def date(self) -> float:
        return NOON + self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        self.on_sleep()


class Asked(list[tuple[str, str, dict[str, str]]]):
    """The requests that a server got: method, target, headers by their names in lower case."""

    @property
    def targets(self) -> list[str]:
        return [target for _, target, _ in self]


# An answer is a status, headers and a body; a body that is a list is sent in chunks; None hangs up without an answer.
# It may be a function of the handler, which returns an answer, or None when it has sent one itself.
Answer = tuple[int, Mapping[str, str | None], bytes | list[bytes]] | None


class Site:
    """An HTTP server: a table of target to answers, of which the last one stays."""

    def __init__(
        self, answers: Mapping[str, Any], context: SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.asked = Asked()
        self.posted: list[bytes] = []
        self._answers = {target: [*rows] if isinstance(rows, list) else [rows] for target, rows in answers.items()}
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.answer(self)

            do_PUT = do_GET  # noqa: N815 -- the name that http.server looks for

            def do_POST(self) -> None:
                site.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
                site.answer(self)

            def log_message(self, *words: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            address_family = AF_INET6 if ":" in host else AF_INET

        self._server = Server((host, port), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked.append((handler.command, handler.path, headers))
        rows = self._answers.get(handler.path) or self._answers.get("*", [(404, {}, b"nothing")])
        row = rows.pop(0) if len(rows) > 1 else rows[0]
        handler.close_connection = True
        if row is None:
            return
        if callable(row):
            row = row(handler)
            if row is None:
                return
        status, fields, body = row
        handler.send_response(status)
        for name, value in fields.items():
            if value is not None:
                handler.send_header(name, value)
        if isinstance(body, list):
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for piece in body:
                handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            return
        if "Content-Length" not in fields:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


Serve = Callable[..., Site]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers, each with its table of answers; they stop with the test."""
    sites: list[Site] = []

    def start(answers: Mapping[str, Any], context: SSLContext | None = None, **place: Any) -> Site:
        sites.append(Site(answers, context, **place))
        return sites[-1]

    yield start
    for site in sites:
        site.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Bench:
    """Makes fetchers by the test's clock, and keeps the lines they say."""

    def __init__(self, clock: Clock, links: Path) -> None:
        self.clock = clock
        self.said: list[str] = []
        self._links = links

    def fetcher(self, settings: Settings | None = None, **options: Any) -> Fetcher:
        options.setdefault("environment", {})
        options.setdefault("links", str(self._links))
        return Fetcher(settings, say=self.said.append, clock=self.clock, **options)


@pytest.fixture
def bench(clock: Clock, tmp_path: Path) -> Bench:
    return Bench(clock, tmp_path / "no-links")


class Authority:
    """A certificate authority, made by openssl, and a server context of `127.0.0.1` that it vouches for."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._run("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-authority -keyout ca.key -out ca.pem")
        (directory / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:site.test")
        self._run("req -newkey rsa:2048 -nodes -subj /CN=site -keyout site.key -out site.csr")
        self._run("x509 -req -in site.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out site.pem")
        self.bundle = (directory / "ca.pem").read_bytes()
        self.context = SSLContext(PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(directory / "site.pem", directory / "site.key")

    def _run(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self._directory, check=True, capture_output=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if which("openssl") is None:
        pytest.skip("openssl is not installed: no authority can be made for https")
    return Authority(tmp_path_factory.mktemp("authority"))
