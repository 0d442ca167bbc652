"""Three replicas on three nodes of etcd: what is killed under load costs a client a retry, and nobody what was told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from stoker.server.backups import read_archive
from stoker.store.errors import StoreError
from stoker.store.etcdclient import Access, Client
from tests.e2e.replicas import STOKER, Boots, Clients, Puts, Replica, Site, shuffled, started, write_catalogue
from tests.store.etcds import Node, cluster, needs_etcd, until

pytestmark = needs_etcd

STEPS = 40  # that clients make before and after each kill


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with started(tmp_path) as made:
        yield made


def leader(site: Site) -> Node | None:
    """The node that leads, None while they elect one."""
    for node in site.etcd.nodes:
        client = Client(Access((node.endpoint,)), 1)
        try:
            status = client.call("/v3/maintenance/status", {}, dict, repeat=True)
        except StoreError:
            continue
        finally:
            client.close()
        if status.get("leader", "0") == status["header"]["member_id"]:
            return node
    return None


class Round(NamedTuple):
    """What was killed, when, and since when the rest could go on."""

    what: str
    begin: float
    end: float


def kill_and_restart(site: Site, kind: str, number: int, clients: Clients) -> Round:
    clients.wait_for(STEPS)
    begin = time.time()
    if kind == "server":
        site.replicas[number].kill()
        clients.wait_for(STEPS)
        site.replicas[number].start()
        until(site.replicas[number].is_ready, "it does not get ready")
        return Round(f"server {number}", begin, begin)
    node = leader(site) if kind == "leader" else site.etcd.nodes[number]
    assert node is not None
    node.kill()
    until(lambda: leader(site) is not None, "no node leads")
    elected = time.time()
    clients.wait_for(STEPS)
    site.etcd.start(node)
    return Round(f"{node.name}, a {kind}", begin, elected)


def run(site: Site, seed: int, rounds: int) -> tuple[Boots, Puts, list[Round]]:
    """Kill so often, under load; what the clients did, and what was killed."""
    boots, puts, clients = Boots(site), Puts(site), Clients(site)
    for _ in range(4):
        clients.add(boots)
    for _ in range(2):
        clients.add(puts.by_rest)
    clients.add(puts.by_grpc)
    killed = []
    for kind, number in shuffled(seed, rounds):
        killed.append(kill_and_restart(site, kind, number, clients))
        assert not site.faults, (seed, killed[-1], site.faults)
    clients.wait_for(STEPS)
    clients.stop()
    assert not site.faults, (seed, site.faults)
    return boots, puts, killed


def check_whole(site: Site, boots: Boots) -> None:
    """Each replica has each event that was acknowledged, once, and the same of everything."""
    until(lambda: all(each.measure("stoker_notes_waiting") == 0 for each in site.replicas), "notes are not stored")
    for replica in site.replicas:
        for name, told in boots.told.items():
            until(lambda: {text for text, _ in told} <= set(site.timeline(replica, name)), f"{name}: {told}")  # noqa: B023
            timeline = site.timeline(replica, name)
            doubled = [text for text, _ in told if timeline.count(text) != 1]
            assert not doubled, (replica.name, name, told, timeline)
    until(lambda: len({json.dumps(site.files("groups", each)) for each in site.replicas}) == 1, "groups differ")
    states = [json.loads(each.ask("/api/v1/machines?limit=1000").body) for each in site.replicas]
    assert states[0] == states[1] == states[2]


def show(puts: Puts, boots: Boots, site: Site, killed: list[Round]) -> str:
    """Figures of a run, for a person."""
    calm, rough = [], []
    for at, seconds in puts.seconds:
        before = [each for each in killed if each.begin <= at + seconds]
        is_rough = any(at <= each.end and each.begin <= at + seconds for each in before if each.end > each.begin)
        after = f"{at - before[-1].begin:.1f} s after {before[-1].what} was killed" if before else "before any"
        (rough if is_rough else calm).append((seconds, after))
    lines = [f"{len(boots.told)} boots, {len(puts.seconds)} puts followed, {site.retries} retries"]
    for what, figures in (("outside elections", sorted(calm)), ("in elections", sorted(rough))):
        if figures:
            p50, p99 = (figures[int(part * (len(figures) - 1))][0] for part in (0.5, 0.99))
            longest, after = figures[-1]
            lines.append(
                f"{what}: {len(figures)} writes, on all replicas after p50 {p50:.3f} s, p99 {p99:.3f} s, "
                f"longest {longest:.3f} s ({after})"
            )
    return "\n".join(lines)


def test_what_dies_costs_a_retry_and_nothing_that_was_told(site: Site) -> None:
    boots, _, _ = run(site, seed=1, rounds=8)
    check_whole(site, boots)


def test_a_site_of_files_is_moved_into_an_etcd(tmp_path: Path) -> None:
    """By a backup of the one that is restored into the other, whose own backup is then the same."""

    def stoker(*words: str | Path) -> str:
        return subprocess.run([STOKER, *words], check=True, capture_output=True, text=True).stderr

    write_catalogue(tmp_path / "data")
    (tmp_path / "state").mkdir()
    (tmp_path / "etcd").mkdir()
    (tmp_path / "tokens").touch()
    places = ("--data-dir", tmp_path / "data", "--state-dir", tmp_path / "state")
    stoker("backup", tmp_path / "files.tar.gz", *places)
    with cluster(tmp_path / "etcd", 1) as etcd:
        store = ("--store", etcd.endpoints[0].replace("http://", "etcd://") + "/site")
        stoker("restore", tmp_path / "files.tar.gz", *store)
        assert " has 3 items\n" in stoker("backup", tmp_path / "etcd.tar.gz", *store)
        assert read_archive(tmp_path / "etcd.tar.gz") == read_archive(tmp_path / "files.tar.gz")
        again = subprocess.run([STOKER, "restore", tmp_path / "files.tar.gz", *store], capture_output=True, check=False)
        assert (again.returncode, b"has 3 items already" in again.stderr) == (3, True)
        replica = Replica(tmp_path, "one", store[1], tmp_path / "tokens", None)
        try:
            replica.start()
            until(replica.is_ready, "it does not get ready")
            assert replica.ask("/ipxe?mac=52:54:00:00:00:01").status == 200
        finally:
            replica.kill()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_the_same_for_long(site: Site, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    boots, puts, killed = run(site, seed, rounds=24)
    check_whole(site, boots)
    with capsys.disabled():
        sys.stdout.write(f"\nseed {seed}: {show(puts, boots, site, killed)}\n")
