"""The stores: how many commits, looks and events a second each takes, beside what the disk does with a bare sync.

Wall time counts, since whoever waits for a commit waits for the disk; the best of several rounds. The database and etcd
are below `.bench/`, on the disk that the tree is on. What a batch brings is the point: an event alone is a sync alone.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import RawIOBase
from pathlib import Path

from bench.figures import Figure
from stoker.store import Append, Put, Store, StoreError
from stoker.store.etcdclient import Access
from stoker.store.etcdstore import EtcdStore
from stoker.store.filestore import FileStore
from stoker.store.spool import Spool

ROUNDS = 3
COUNT = 200
RECORD = (
    b'{"at": 1700000000.0, "kind": "fetched", "pointer": "/storage/files/0", "text": "of the size of an event"}' * 2
)


def run() -> Iterator[Figure]:
    """Rates of each store, and of the spool."""
    Path(".bench").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=".bench") as directory:
        place = Path(directory).absolute()
        (place / "data").mkdir()
        with (place / "bare").open("wb", buffering=0) as file:
            yield Figure("the disk: writes of one record, each synced", _rate(lambda _: write(file)))
        with closing(FileStore(place / "data", ("files",), place / "store.db")) as store:
            yield from rates("files and SQLite", store)
            yield Figure("files and SQLite: commits of a file", _rate(lambda n: put(store, f"files/{n}")))
        if shutil.which("etcd") is None:
            yield Figure("etcd is not installed", "not measured")
        else:
            with etcd(place / "etcd") as access, closing(EtcdStore(access)) as store:
                yield from rates("one etcd", store)
        with closing(Spool(place / "spool")) as spool:
            yield Figure("spool: records", _rate(lambda _: spool.append(RECORD)))
            yield Figure("spool: records, synced by the hundred", _rate(lambda _: append(spool), each=100))


def rates(name: str, store: Store) -> Iterator[Figure]:
    """What all stores do."""
    yield Figure(f"{name}: commits of one item", _rate(lambda number: put(store, f"items/{number}")))
    yield Figure(f"{name}: items, a hundred a commit", _rate(lambda number: put_many(store, number), each=100))
    yield Figure(f"{name}: looks at one item", _rate(lambda number: store.get(f"items/{number}")))
    yield Figure(f"{name}: events, fifty machines a commit", _rate(lambda _: record(store), each=50))
    yield Figure(f"{name}: events, 99 of one machine a commit", _rate(lambda _: record_one(store), each=99))
    told = [0]
    watch = store.watch(["told"], lambda update: told.__setitem__(0, told[0] + len(update.items)))
    yield Figure(f"{name}: from commit to the watch", _latency(store, told))
    watch.close()


def write(file: RawIOBase) -> None:
    """What no store can do faster, one at a time."""
    file.write(RECORD)
    os.fdatasync(file.fileno())


def put(store: Store, key: str) -> None:
    """One item."""
    store.commit([Put(key, RECORD)])


def put_many(store: Store, number: int) -> None:
    """As many as a commit takes."""
    store.commit([Put(f"items/{number}-{each}", RECORD) for each in range(100)])


def record(store: Store) -> None:
    """An event each of fifty machines, whose rings are soon full."""
    store.commit([Append(f"events/{each}", (RECORD,), 20) for each in range(50)])


def record_one(store: Store) -> None:
    """Many events of one machine."""
    store.commit([Append("events/one", (RECORD,) * 99, 200)])


def append(spool: Spool) -> None:
    """A hundred records that a power failure does not take."""
    for _ in range(100):
        spool.append(RECORD)
    spool.sync()


def _rate(work: Callable[[int], object], each: int = 1) -> str:
    best = float("inf")
    count = COUNT if each == 1 else COUNT // 4
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for number in range(count):
            work(number)
        best = min(best, time.perf_counter() - start)
    return f"{count * each / best:,.0f} /s"


def _latency(store: Store, told: list[int]) -> str:
    """The median time from a commit that has returned to what the watch tells; the watch began with nothing."""
    taken = []
    for number in range(50):
        start = time.perf_counter()
        put(store, f"told/{number}")
        while told[0] <= number and time.perf_counter() < start + 5:
            time.sleep(0.0001)
        taken.append(time.perf_counter() - start)
    return f"{sorted(taken)[len(taken) // 2] * 1000:.1f} ms, the commit included"


@contextmanager
def etcd(data: Path) -> Iterator[Access]:
    """One node on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as client, socket.create_server(("127.0.0.1", 0)) as peer:
        urls = [f"http://127.0.0.1:{each.getsockname()[1]}" for each in (client, peer)]
    words = ["etcd", f"--data-dir={data}", f"--listen-client-urls={urls[0]}", f"--advertise-client-urls={urls[0]}"]
    words += [f"--listen-peer-urls={urls[1]}", f"--initial-advertise-peer-urls={urls[1]}"]
    words += [f"--initial-cluster=default={urls[1]}", "--log-level=error"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        access = Access((urls[0],))
        try:
            _wait_for(access)
            yield access
        finally:
            process.kill()


def _wait_for(access: Access) -> None:
    with closing(EtcdStore(access)) as store:
        for _ in range(100):
            try:
                store.get("items/none")
            except StoreError:
                time.sleep(0.1)
            else:
                return
        store.get("items/none")
