"""A Site on real files, asked in process; and the compiler that tests use in place of the languages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copytree, which
from typing import Any

import pytest

from stoker.http import Request, Response, unescape_path
from stoker.machines import FOLDERS
from stoker.report import Message, Place, Report, Severity
from stoker.server import Site
from stoker.server.behind import Behind, open_files
from stoker.server.native import Native
from stoker.server.replies import Face
from stoker.server.roles import Role, TokenFile, add_token
from stoker.store import Directory
from tests.server.operators import Served, make_certificates

MAC = "52:54:00:a1:9c:ae"
FILES = {
    "groups/node.json": f'{{"profile": "p", "selector": {{"mac": "{MAC}"}}, "metadata": {{"name": "node"}}}}',
    "groups/raw.json": '{"profile": "raw", "selector": {"case": "raw"}}',
    "groups/bad.json": '{"profile": "bad", "selector": {"case": "bad"}}',
    "profiles/p.json": '{"id": "p", "ignition_id": "node.bu", "boot": {"kernel": "k", "args": ["a"]}}',
    "profiles/raw.json": '{"id": "raw", "ignition_id": "raw.ign"}',
    "profiles/bad.json": '{"id": "bad", "ignition_id": "bad.bu"}',
    "ignition/node.bu": "variant: x\nname: {{.name}}\n",
    "ignition/raw.ign": '{"ignition": {"version": "3.4.0"}}',
    "ignition/bad.bu": "variant: x\n{{/* two\nlines */}}\nREFUSE\n",
}


def compile_config(text: bytes, file: str) -> tuple[bytes | None, Report]:
    """Stands for a compiler: the text as a JSON string, or a finding at the line that asks for it."""
    report = Report()
    for number, line in enumerate(text.split(b"\n"), 1):
        if line == b"REFUSE":
            report.add(Severity.ERROR, Message("refused", "this line is refused"), ("a",), Place(file, number, 1))
    return (None if report.has_errors else json.dumps({"text": text.decode()}).encode()), report


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Client:
    """Asks a Site as a transport would, as an operator unless said otherwise, and keeps what it logs."""

    def __init__(self, root: Path, behind: Behind, token: str = "", face: Face | None = None) -> None:
        self.root = root
        self.log: list[str] = []
        self.token = token
        face = face or Native(TokenFile(root / "tokens"))
        self.site = Site(behind, root / "assets", compile_config, self.log.append, face=face)
        self.site.wait_until_read(30)

    def refresh(self) -> None:
        """Wait until the files are served as they are now."""
        until_served(self.site, self.root / "data")

    def ask(self, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Response:
        path, _, query = target.partition("?")
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if self.token and "authorization" not in headers:
            named["authorization"] = f"Bearer {self.token}"
        return self.site.answer(
            Request(method, unescape_path(path.encode()), query, named, body, "192.0.2.1:999", "r1")
        )

    def json(self, target: str) -> Any:
        response = self.ask(target)
        assert isinstance(response.body, bytes)
        return json.loads(response.body)


def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread does, in steps that cost nothing; the bound is only there to end a failure."""
    pause = threading.Event()
    for _ in range(6000):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen")


def until_served(site: Site, data: Path) -> None:
    """Wait until a site serves the files in its directory as they are now."""
    directory = Directory(data, FOLDERS)
    directory.refresh()
    until(lambda: site.keeper.catalogue.revision == directory.snapshot.revision)


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Callable[[], Behind]]:
    """Opens what is behind a site, in `data` and in memory alone."""
    (tmp_path / "data").mkdir(exist_ok=True)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(open_files(tmp_path / "data", None))


@pytest.fixture
def client(tmp_path: Path, behind: Callable[[], Behind]) -> Iterator[Client]:
    write(tmp_path / "data", FILES)
    write(tmp_path / "assets", {"kernel": "0123456789", "sub/notes.txt": "notes"})
    made = Client(tmp_path, behind(), add_token(tmp_path / "tokens", Role.OPERATOR, "alice"))
    yield made
    made.site.close(30)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if which("openssl") is None:
        pytest.skip("openssl is not installed: no certificates can be made for gRPC")
    directory = tmp_path_factory.mktemp("certificates")
    make_certificates(directory)
    return directory


@pytest.fixture
def operated(tmp_path: Path, certificates: Path) -> Iterator[Served]:
    """A server with nothing in its data directory, and with certificates of its own to change."""
    (tmp_path / "data").mkdir()
    own = tmp_path / "certificates"
    copytree(certificates, own)
    served = Served(tmp_path / "data", own, tmp_path / "log")
    try:
        yield served
        assert served.stop() == 0, served.log.read_text()
    finally:
        served.process.kill()
        served.process.communicate()
