"""An install of two steps over the wire, with `stoker serve` as people start it and secrets that a command gives."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stoker.server.roles import Role, add_token
from tests.server.conftest import write
from tests.server.test_lives import FILES, MAC, OTHER
from tests.server.town import CANARY, IPXE

# The secret named `slow` is given once somebody has opened the gate.
WAIT = '[ "$1" = slow ] && cat "$(dirname "$0")/gate" > /dev/null'
COMMAND = f'#!/bin/sh\n{WAIT}\nprintf \'%s-for-%s\\n\' "$1" "$2"\n'
SLOW = {
    "groups/slow.json": '{"profile": "slow", "selector": {"kind": "slow"}}',
    "profiles/slow.json": '{"id": "slow", "ignition_id": "slow.bu", "boot": {"kernel": "k"}}',
    "ignition/slow.bu": FILES["ignition/bare.bu"].replace("{{.request.query.hostname}}", "secret://command/slow"),
}


class Served:
    """`stoker serve` in a process of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        words = [str(Path(sys.executable).parent / "stoker"), "serve", str(root / "data"), "--address", "127.0.0.1:0"]
        words += ["--state-dir", str(root / "state"), "--token-file", str(root / "tokens")]
        words += ["--secret-dir", str(root / "secrets"), "--secret-command", str(root / "command")]
        environment = os.environ | {"STOKER_SECRET_CORE": CANARY}
        with (root / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().strip().rpartition(":")[2])

    def ask(self, target: str, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, json.dumps(body) if body is not None else None, named)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(60) == 0


@contextmanager
def serving(root: Path) -> Iterator[Served]:
    served = Served(root)
    try:
        yield served
        served.stop()
    finally:
        served.process.kill()
        served.process.communicate()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "data", FILES | SLOW)
    write(tmp_path / "secrets", {"core": CANARY})
    write(tmp_path, {"command": COMMAND, "tokens": ""})
    (tmp_path / "command").chmod(0o755)
    return tmp_path


def test_an_install_of_two_steps(root: Path) -> None:
    operator = add_token(root / "tokens", Role.OPERATOR, "ada")
    path = f"/api/v1/machines/{MAC}"
    with serving(root) as served:
        assert "nobody has armed the machine" in served.ask(f"/ipxe?mac={MAC}", user_agent=IPXE)[1]
        order = {"action": "reprovision"}
        assert served.ask(f"{path}/actions", "POST", order, authorization=f"Bearer {operator}")[0] == 200
        status, script = served.ask(f"/ipxe?mac={MAC}", user_agent=IPXE)
        token = re.findall(r"^set token (\S+)$", script, re.MULTILINE)[0]
        asked = "application/vnd.coreos.ignition+json;version=3.5.0, */*;q=0.1"
        status, first = served.ask(f"/ignition?mac={MAC}&token={token}", accept=asked)
        source = json.loads(first)["storage"]["files"][0]["contents"]["source"]
        assert (status, json.loads(first)["ignition"]["version"]) == (200, "3.5.0")
        own = {"authorization": f"Bearer {token}"}
        assert served.ask(f"{path}/events", "POST", {"stage": "fetch", "text": "fetched"}, **own)[0] == 204
        assert served.ask(f"/ignition?mac={MAC}&token={token}", accept=asked)[0] == 410
        second = served.ask(source.removeprefix("http://stoker.example.com"))
        assert (second[0], json.loads(second[1])["passwd"]["users"][0]["passwordHash"]) == (200, CANARY)
    with serving(root) as served:
        assert served.ask(f"/ignition?mac={MAC}&token={token}")[0] == 410, "the key and the token are kept"
        assert "boots from its disk" in served.ask(f"/ipxe?mac={MAC}", user_agent=IPXE)[1]
    kept = {path: path.read_bytes() for path in [root / "log", *(root / "state").rglob("*")] if path.is_file()}
    assert not [path for path, data in kept.items() for secret in (CANARY, token) if secret.encode() in data]
    assert b"token=secret://request/token" in kept[root / "log"]


def test_a_secret_that_takes_its_time_keeps_nobody_else_waiting(root: Path) -> None:
    os.mkfifo(root / "gate")
    answers: list[tuple[int, str]] = []
    with serving(root) as served:
        waiting = threading.Thread(target=lambda: answers.append(served.ask(f"/ignition?mac={MAC}&kind=slow")))
        waiting.start()
        with (root / "gate").open("w"):  # the command has begun to read
            assert served.ask(f"/ipxe?mac={OTHER}&kind=slow")[0] == 200
            assert not answers
        waiting.join(60)
        assert (answers[0][0], f"slow-for-{MAC}".replace(":", "%3A") in answers[0][1]) == (200, True)
