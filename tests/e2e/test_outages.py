"""What a server does while what it writes to is away: an etcd that is stopped or hangs, a disk that is full."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stoker.server.roles import Role, add_token
from tests.e2e.replicas import Answer, Replica, Single, Site, started, write_catalogue
from tests.store.disks import small_disk
from tests.store.etcds import needs_etcd, until

MACS = [f"52:54:00:ab:00:{number:02x}" for number in range(8)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with started(tmp_path) as made:
        yield made


def event(mac: str, stage: str) -> bytes:
    return json.dumps({"stage": stage, "text": f"{stage} of {mac}", "at": float(len(stage))}).encode()


def tell(ask: Callable[..., Answer], mac: str, stage: str) -> Answer:
    return ask(f"/api/v1/machines/{mac}/events", "POST", event(mac, stage))


def kill_nodes(site: Site) -> None:
    for node in site.etcd.nodes:
        node.kill()


def stop_nodes(site: Site) -> None:
    for node in site.etcd.nodes:
        assert node.process is not None
        node.process.send_signal(signal.SIGSTOP)


def continue_nodes(site: Site) -> None:
    for node in site.etcd.nodes:
        assert node.process is not None
        node.process.send_signal(signal.SIGCONT)


OUTAGES = {
    "every node is killed": (kill_nodes, lambda site: site.etcd.start()),
    "every node hangs": (stop_nodes, continue_nodes),
}


@needs_etcd
@pytest.mark.parametrize("begin, end", OUTAGES.values(), ids=OUTAGES)
def test_an_etcd_that_is_away(site: Site, begin: Callable[[Site], None], end: Callable[[Site], None]) -> None:
    """Machines are served and heard, changes refused; what was told is stored afterwards, also by who was killed."""
    for mac in MACS:
        assert site.replicas[0].ask(f"/ipxe?mac={mac}").status == 200
        assert tell(site.replicas[0].ask, mac, "before").status == 204
    until(lambda: all(is_told(site, each, "before") for each in site.replicas), "the machines are not known")
    begin(site)
    operator = {"Authorization": f"Bearer {site.token}"}
    put = site.replicas[0].ask("/api/v1/groups/new", "PUT", b'{"id": "new"}', **operator)
    armed = site.replicas[0].ask(
        f"/api/v1/machines/{MACS[0]}/actions", "POST", b'{"action": "reprovision"}', **operator
    )
    assert [(each.status, each.headers.get("retry-after")) for each in (put, armed)] == [(503, "5")] * 2
    assert site.replicas[0].measure("stoker_store_up") == 0
    for number, replica in enumerate(site.replicas):
        served = [replica.ask(f"{path}?mac={MACS[0]}").status for path in ("/ipxe", "/ignition", "/metadata")]
        read = [replica.ask(path, **operator).status for path in ("/api/v1/machines", "/api/v1/groups/all", "/readyz")]
        assert (served, read) == ([200] * 3, [200] * 3)
        for mac in MACS:
            assert tell(replica.ask, mac, f"during {number}").status == 204
        assert replica.measure("stoker_notes_waiting") >= len(MACS)
    site.replicas[1].kill()
    site.replicas[1].start()
    unread = site.replicas[1].ask(f"/ipxe?mac={MACS[0]}")  # it has read nothing yet, and does not know that
    assert (unread.status, unread.headers.get("retry-after")) == (503, "5")
    end(site)
    until(site.replicas[1].is_ready, "it does not get ready")
    stages = ("before", "during 0", "during 1", "during 2")
    for replica in site.replicas:
        until(lambda: all(is_told(site, replica, stage) for stage in stages), "what was told does not arrive")  # noqa: B023
        for mac in MACS:
            told = [text for text in site.timeline(replica, mac) if text.endswith(f" of {mac}")]
            assert sorted(told) == sorted(f"{stage} of {mac}" for stage in stages)
        machine = json.loads(replica.ask(f"/api/v1/machines/{MACS[0]}", **operator).body)
        if b"may have been made" not in put.body + armed.body:
            assert "is_armed" not in machine
            assert "new" not in site.files("groups", replica)
    for replica in site.replicas:
        assert "Traceback" not in replica.log.read_text()
        until(lambda: replica.measure("stoker_notes_waiting") == 0, "what was told is not stored")  # noqa: B023
    assert site.operate(0, "/api/v1/groups/new", "PUT", b'{"id": "new"}', If_None_Match="*").status in {200, 201}


def is_told(site: Site, replica: Replica, stage: str) -> bool:
    return all(f"{stage} of {mac}" in site.timeline(replica, mac) for mac in MACS)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """The disk has not a byte left, meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    yield
    os.truncate(ballast, 0)


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """Machines are served, nothing is promised that is not kept; when there is room again all goes on."""
    token = add_token(tmp_path / "tokens", Role.OPERATOR, "alice")
    operator = {"Authorization": f"Bearer {token}"}
    with small_disk(tmp_path / "disk", "4m") as disk:
        write_catalogue(disk / "data")
        server = Single(disk, tmp_path / "tokens")
        try:
            server.start()
            assert tell(server.ask, MACS[0], "before").status == 204
            until(lambda: server.measure("stoker_notes_waiting") == 0, "the first event is not stored")
            with full(disk):
                for mac in MACS:
                    assert [server.ask(f"{path}?mac={mac}").status for path in ("/ipxe", "/ignition")] == [200, 200]
                put = server.ask("/api/v1/groups/new", "PUT", b'{"id": "new"}' + b" " * 9000, **operator)
                assert (put.status, put.headers.get("retry-after")) == (503, "5")
                answers = []
                while not answers or answers[-1].status == 204:  # what still fits is kept, and counts
                    answers.append(tell(server.ask, MACS[0], f"during {len(answers)}"))
                    assert len(answers) < 50
                assert (answers[-1].status, answers[-1].headers.get("retry-after")) == (503, "5")
                assert server.measure("stoker_notes_unspooled_total") > 0
            assert tell(server.ask, MACS[0], "during 0").status == 204  # told again, which counts once
            assert server.ask("/api/v1/groups/new", "PUT", b'{"id": "new"}' + b" " * 9000, **operator).status == 201
            until(lambda: server.measure("stoker_notes_waiting") == 0, "what was told is not stored")
            server.kill()
            server.start()
            timeline = json.loads(server.ask(f"/api/v1/machines/{MACS[0]}/events", **operator).body)["events"]
            told = [each["text"] for each in timeline if each["text"].endswith(f" of {MACS[0]}")]
            promised = range(max(len(answers) - 1, 1))
            kept = [f"before of {MACS[0]}", *(f"during {number} of {MACS[0]}" for number in promised)]
            assert told[: len(kept)] == kept  # what was refused may have been kept as well
            assert len(told) == len(set(told))
        finally:
            server.kill()
