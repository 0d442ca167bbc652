"""Two servers over one etcd: what one is told the other knows; while etcd is away machines are still answered."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stoker.server.roles import Role, add_token
from tests.server.conftest import until
from tests.store.etcds import Cluster, cluster, needs_etcd

MAC = "52:54:00:a1:9c:ae"
MACHINE = f"/api/v1/machines/{MAC}"


class Replica:
    """A running `stoker serve --etcd`."""

    def __init__(self, root: Path, name: str, endpoint: str, token: str) -> None:
        self.token = token
        (root / name).mkdir()
        words: list[object] = [Path(sys.executable).parent / "stoker", "serve", root / name, "--address", "127.0.0.1:0"]
        words += ["--etcd", endpoint, "--state-dir", root / name / "state", "--token-file", root / "tokens", "--quiet"]
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(":")[2])

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            data = None if body is None else json.dumps(body)
            named = {"Authorization": f"Bearer {self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
            connection.request(method, target, data, named)
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[tuple[Cluster, Replica, Replica]]:
    token = add_token(tmp_path / "tokens", Role.OPERATOR, "alice")
    (tmp_path / "etcd").mkdir()
    with cluster(tmp_path / "etcd", 1) as etcd:
        made = [Replica(tmp_path, name, etcd.endpoints[0], token) for name in ("one", "two")]
        try:
            for replica in made:
                until(lambda replica=replica: replica.ask("GET", "/readyz")[0] == 200)  # type: ignore[misc]
            yield etcd, made[0], made[1]
            assert [replica.stop() for replica in made] == [0, 0]
        finally:
            for replica in made:
                replica.process.kill()
                replica.process.communicate()


@needs_etcd
def test_what_one_is_told_the_other_knows_and_an_outage_leaves_machines_answered(
    replicas: tuple[Cluster, Replica, Replica],
) -> None:
    etcd, one, two = replicas
    profile = {"id": "p", "boot": {"kernel": "k"}}
    assert one.ask("PUT", "/api/v1/profiles/p", profile)[0] == 201
    assert two.ask("PUT", "/api/v1/groups/g", {"profile": "p", "selector": {}})[0] == 201
    script = b"#!ipxe\nkernel k\nboot\n"
    for each in (one, two):
        until(lambda each=each: each.ask("GET", f"/ipxe?mac={MAC}")[2] == script)  # type: ignore[misc]
    until(lambda: one.ask("GET", MACHINE)[0] == two.ask("GET", MACHINE)[0] == 200)
    for each in (one, two):
        until(lambda each=each: b"\nstoker_notes_waiting 0\n" in each.ask("GET", "/metrics")[2])  # type: ignore[misc]

    etcd.nodes[0].kill()
    assert one.ask("GET", "/ipxe")[2] == script
    assert two.ask("GET", "/readyz")[0] == 200
    status, headers, body = one.ask("PUT", "/api/v1/profiles/q", profile | {"id": "q"})
    assert (status, headers["retry-after"]) == (503, "5"), body
    assert one.ask("POST", f"{MACHINE}/actions", {"action": "retire"})[0] == 503
    assert json.loads(one.ask("GET", MACHINE)[2])["state"] == "provisioning"
    assert two.ask("POST", f"{MACHINE}/events", {"stage": "up", "text": "well"})[0] == 204

    etcd.start(etcd.nodes[0])
    for each in (one, two):
        until(lambda each=each: json.loads(each.ask("GET", MACHINE)[2])["state"] == "up")  # type: ignore[misc]
    status, _, body = one.ask("POST", f"{MACHINE}/actions", {"action": "retire"})
    assert (status, json.loads(body)["state"]) == (200, "retired")
    until(lambda: json.loads(two.ask("GET", MACHINE)[2])["state"] == "retired")
    assert two.ask("GET", "/api/v1/profiles/q")[0] == 404
