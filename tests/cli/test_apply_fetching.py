"""`stoker apply` with contents that are somewhere else."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import loops
from tests.cli.conftest import Run

TEXT = b"served\n"


class Handler(BaseHTTPRequestHandler):
    """Serves one file, to those who have the token."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers.get("X-Token") == "1" else 403)
        self.send_header("Content-Length", str(len(TEXT)))
        self.end_headers()
        self.wfile.write(TEXT)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a server."""
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def config(site: str, **contents: Any) -> str:
    file = {"path": "/etc/served", "contents": {"source": f"{site}/f?sig=secret", **contents}}
    return json.dumps({"ignition": {"version": "3.4.0"}, "storage": {"files": [file]}})


TOKEN = [{"name": "X-Token", "value": "1"}]


def test_contents_are_fetched(run: Run, site: str, tmp_path: Path) -> None:
    verification = {"hash": "sha256-" + hashlib.sha256(TEXT).hexdigest()}
    done = run("apply", "-", "--root", "tree", text=config(site, httpHeaders=TOKEN, verification=verification))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tree/etc/served").read_bytes() == TEXT
    assert f"GET {site}/f?sig=xxxxx: attempt #1\nGET result: OK\n" in done.stderr


def test_contents_that_cannot_be_had_stop_the_run(run: Run, site: str, tmp_path: Path) -> None:
    done = run("apply", "-", "--root", "tree", text=config(site))
    assert done.returncode == 1
    assert f"failed to fetch resource: `{site}/f?sig=xxxxx`: 403 Forbidden" in done.stdout
    assert "secret" not in done.stdout + done.stderr
    assert not (tmp_path / "tree/etc/served").exists()


@pytest.mark.skipif(bool(loops.why_not()), reason=loops.why_not() or "-")
def test_contents_are_fetched_onto_disks(run: Run, site: str, tmp_path: Path) -> None:
    with loops.loops(tmp_path) as new_loop:
        loop = new_loop(64 << 20)
        said = json.loads(config(site, httpHeaders=TOKEN))
        said["storage"]["filesystems"] = [{"device": loop, "format": "ext4", "path": "/etc"}]
        done = run("apply", "-", "--devices", "--root", "tree", "-o", "json", text=json.dumps(said))
        assert done.returncode == 0, done.stderr
        written = {node["path"]: node for node in json.loads(done.stdout)["nodes"]}
        assert written["/etc/served"]["size"] == len(TEXT)
        assert not (tmp_path / "tree/etc/served").exists()  # it is on the disk, which is unmounted
