"""What is special about etcd: nodes that die, hang and forget, users and certificates, what others see."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stoker.store import Append, Condition, ConflictError, Put, StoreError, StoreUnavailableError, Update
from stoker.store import etcdwire as wire
from stoker.store.errors import RefusedError, UnreachableError, UnsureError
from stoker.store.etcdclient import MAX_ANSWER, Access, Client
from stoker.store.etcdstore import EtcdStore
from stoker.store.limits import MAX_BYTES
from tests.store.etcds import Cluster, Node, cluster, free_ports, needs_etcd, until
from tests.store.places import Seen, texts

pytestmark = needs_etcd


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path, 3) as started:
        yield started


def leader(nodes: Cluster) -> Node:
    for node in nodes.nodes:
        client = Client(Access((node.endpoint,)))
        status = client.call("/v3/maintenance/status", {}, dict, repeat=True)
        client.close()
        if status["leader"] == status["header"]["member_id"]:
            return node
    raise AssertionError("no node leads")


def test_a_node_that_dies_under_load_costs_nobody_a_write(three: Cluster) -> None:
    """Each node in turn, the one that leads among them: what was acknowledged is there, once."""
    store, seen = EtcdStore(Access(three.endpoints)), Seen()
    watch = store.watch(["t", "r"], seen)
    seen.wait_for({})
    written: list[str] = []
    is_over = threading.Event()

    def write() -> None:
        writer = EtcdStore(Access(three.endpoints))
        revision = ""
        while not is_over.is_set():
            data = str(len(written)).encode()
            done = writer.commit([Put("t/a", data), Append("r", (data,), 10_000)], [Condition("t/a", revision)])
            revision = done["t/a"]
            written.append(data.decode())
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    for node in (leader(three), *three.nodes):
        begun = len(written)
        until(lambda begun=begun: len(written) > begun + 20, "nothing is written")  # type: ignore[misc]
        node.kill()
        begun = len(written)
        until(lambda begun=begun: len(written) > begun + 20, "nothing is written without a node")  # type: ignore[misc]
        three.start(node)
    is_over.set()
    thread.join()
    assert list(texts(store.scan("r").items.values()).values()) == written
    seen.wait(lambda: len(seen.items) == len(written) + 1)
    assert sum(update.is_whole for update in seen.updates) == 1
    until(lambda: not watch.trouble, "the watch stays in trouble")
    store.close()


def test_an_outage_is_a_fault_at_once_and_the_watch_tells_what_it_missed(tmp_path: Path) -> None:
    with cluster(tmp_path, 1) as one:
        store, seen = EtcdStore(Access(one.endpoints), seconds=2.0), Seen()
        watch = store.watch(["t"], seen)
        store.commit([Put("t/a", b"1"), Put("t/b", b"1")])
        seen.wait_for({"t/a": "1", "t/b": "1"})
        one.nodes[0].kill()
        with pytest.raises(StoreUnavailableError):
            store.commit([Put("t/a", b"2")])  # may have been on its way when the connection was cut
        for ask in (
            lambda: store.commit([Put("t/a", b"2")]),
            lambda: store.get("t/a"),
            store.lease("x", "y", 9).acquire,
        ):
            with pytest.raises(UnreachableError, match="is not reached: Connection refused"):
                ask()
        until(lambda: "Connection refused" in watch.trouble, "the watch does not say why it is behind")
        one.start()
        store.commit([Put("t/a", b"3")])
        seen.wait_for({"t/a": "3", "t/b": "1"})
        until(lambda: not watch.trouble, "the watch stays in trouble")
        assert sum(update.is_whole for update in seen.updates) == 1
        store.close()


def test_a_store_may_be_there_before_its_etcd(tmp_path: Path) -> None:
    with cluster(tmp_path, 1) as one:
        one.stop()
        store, seen = EtcdStore(Access(one.endpoints)), Seen()
        watch = store.watch(["t"], seen)
        until(lambda: "Connection refused" in watch.trouble, "the watch does not say why it is behind")
        one.start()
        seen.wait_for({})
        store.close()


def test_a_node_that_hangs_is_left_for_another(three: Cluster) -> None:
    hung = next(node for node in three.nodes if node is not leader(three))
    others = [node.endpoint for node in three.nodes if node is not hung]
    store, writer, seen = EtcdStore(Access((hung.endpoint, *others))), EtcdStore(Access(tuple(others))), Seen()
    store.watch(["t"], seen)
    seen.wait_for({})
    assert hung.process is not None
    os.kill(hung.process.pid, signal.SIGSTOP)
    store.commit([Put("t/a", b"1")])
    writer.commit([Put("t/b", b"1")])
    seen.wait_for({"t/a": "1", "t/b": "1"})
    os.kill(hung.process.pid, signal.SIGCONT)
    store.close()
    writer.close()


def test_without_a_majority_nothing_is_written(three: Cluster) -> None:
    store = EtcdStore(Access(three.endpoints), seconds=1.5)
    store.commit([Put("t/a", b"1")])
    for node in three.nodes[:2]:
        node.kill()
    with pytest.raises(StoreUnavailableError):
        store.commit([Put("t/a", b"2")])
    store.close()


class Cutter:
    """Stands before an etcd, and can swallow the answer to one transaction that changes something."""

    def __init__(self, node: Node) -> None:
        self.swallow = 0
        self.meanwhile: Callable[[], object] = lambda: None
        self._node = node
        self._server = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._node.client)) as server:
            while True:
                request = _message(client)
                if not request:
                    return
                server.sendall(request)
                answer = _message(server)
                if self.swallow and b"request_put" in request:
                    self.swallow -= 1
                    self.meanwhile()
                    return
                client.sendall(answer)


def _message(source: socket.socket) -> bytes:
    """One message of HTTP with a Content-Length, or nothing when the other side is done."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = source.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += source.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def cutter(one_etcd: Cluster) -> Iterator[Cutter]:
    made = Cutter(one_etcd.nodes[0])
    yield made
    made.close()


def test_a_commit_whose_answer_is_lost_is_made_once(cutter: Cutter) -> None:
    with closing(EtcdStore(Access((cutter.endpoint,)), "/lost/")) as store:
        before = store.commit([Put("t/a", b"0"), Put("t/gone", b"0")])["t/a"]
        cutter.swallow = 1
        changes = [Put("t/a", b"1"), Append("r", (b"x", b"y"), 10)]
        done = store.commit(changes, [Condition("t/a", before)])
        assert {key: store.get(key).revision for key in done} == dict(done)  # type: ignore[union-attr]
        cutter.swallow = 2
        store.commit([Append("r", (b"z",), 10)])
        assert list(texts(store.scan("r").items.values()).values()) == ["x", "y", "z"]
        cutter.swallow = 1
        with pytest.raises(ConflictError):
            store.commit([Put("t/a", b"2")], [Condition("t/a", before)])
        cutter.swallow = 1
        lease = store.lease("boss", "me", 60)
        assert lease.acquire()
        held = store.get("leases/boss")
        assert held is not None
        assert held.revision == lease.revision


def test_a_commit_whose_answer_is_lost_does_not_undo_what_another_made_of_it(cutter: Cutter, one_etcd: Cluster) -> None:
    """The other changes what the first one made, while the first one does not know that it made it."""
    with (
        closing(EtcdStore(Access((cutter.endpoint,)), "/other/")) as first,
        closing(EtcdStore(Access(one_etcd.endpoints), "/other/")) as other,
    ):
        first.commit([Put("t/a", b"0")])
        cutter.meanwhile = lambda: other.commit([Put("t/a", b"2"), Append("r", (b"2",), 1)])
        cutter.swallow = 1
        first.commit([Put("t/a", b"1"), Append("r", (b"1",), 1)])
        assert texts(first.scan("t").items.values()) == {"t/a": "2"}
        assert list(texts(first.scan("r").items.values()).values()) == ["2"]


def test_a_commit_that_is_cut_off_and_then_nobody_answers_may_have_been_made(tmp_path: Path) -> None:
    with cluster(tmp_path, 1) as one:
        made = Cutter(one.nodes[0])
        with closing(EtcdStore(Access((made.endpoint,)), seconds=0.5)) as store:
            made.swallow, made.meanwhile = 1, made.close
            with pytest.raises(UnsureError, match="the changes may have been made or not, read again"):
                store.commit([Put("t/a", b"1")])


def test_a_commit_that_is_never_answered_says_that_it_may_have_been_made(cutter: Cutter) -> None:
    with closing(EtcdStore(Access((cutter.endpoint,)), "/never/", seconds=0.5)) as store:
        cutter.swallow = 1_000_000
        with pytest.raises(UnsureError, match="the changes may have been made or not, read again"):
            store.commit([Put("t/b", b"1")])
        cutter.swallow = 0
        assert store.get("t/b") is not None
        store.commit([Put("t/b", b"2")])
        assert texts(store.scan("t").items.values()) == {"t/b": "2"}


def test_who_reads_the_cluster_sees_plain_keys(one_etcd: Cluster) -> None:
    if shutil.which("etcdctl") is None:
        pytest.skip("etcdctl is not installed (Debian: etcd-client)")
    store = EtcdStore(Access(one_etcd.endpoints), "/plain/")
    store.commit([Put("groups/a.json", b"{}"), Append("log", (b"x",), 3)])
    words = ["etcdctl", f"--endpoints={one_etcd.endpoints[0]}", "get", "--prefix", "/plain/"]
    run = subprocess.run(words, env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[2:] == ["/plain/groups/a.json", "{}", "/plain/log/0000000000000001", "x"]
    assert run.stdout.startswith("/plain/.writers/")
    store.close()
    run = subprocess.run(words, env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True, text=True, check=True)
    assert ".writers" not in run.stdout


def test_the_client_can_do_a_semaphore_of_its_own(one_etcd: Cluster) -> None:
    """The transactions of a lock that other programs keep: made if its version is 0, then if it is the one seen."""
    client = Client(Access(one_etcd.endpoints))
    key = b"com.example.lock/groups/default/v1/semaphore"

    def attempt(version: int, text: bytes) -> bool:
        compare = {"key": key, "target": "VERSION", "result": "EQUAL", "version": version}
        request = wire.transaction([compare], [wire.put(key, text)], [])
        return client.call("/v3/kv/txn", request, wire.Transaction, repeat=False).succeeded

    assert [attempt(0, b"1"), attempt(0, b"2"), attempt(1, b"3"), attempt(1, b"4")] == [True, False, True, False]
    client.close()


def test_a_user_and_a_password(tmp_path: Path) -> None:
    with cluster(tmp_path, 1, ("--auth-token-ttl=1",)) as one:
        root = Client(Access(one.endpoints))
        for path, request in {
            "/v3/auth/user/add": {"name": "root", "password": "secret-of-root"},
            "/v3/auth/user/grant": {"user": "root", "role": "root"},
            "/v3/auth/enable": {},
        }.items():
            root.call(path, request, wire.Nothing, repeat=False)
        root.close()
        nobody, wrong = Access(one.endpoints), Access(one.endpoints, "root", "not-the-secret")
        with closing(EtcdStore(nobody)) as store, pytest.raises(RefusedError, match="user name is empty; name a user"):
            store.get("t/a")
        with closing(EtcdStore(wrong)) as store, pytest.raises(RefusedError) as caught:
            store.commit([Put("t/a", b"1")])
        assert "secret" not in f"{caught.value} {wrong!r}"
        store, seen = EtcdStore(Access(one.endpoints, "root", "secret-of-root")), Seen()
        store.watch(["t"], seen)
        store.commit([Put("t/a", b"1")])
        one.nodes[0].kill()  # which forgets its tokens
        one.start()
        store.commit([Put("t/a", b"2")])
        seen.wait_for({"t/a": "2"})
        store.close()


def test_certificates_of_both_sides(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    make_certificates(tmp_path)
    (port,) = free_ports(1)
    options = [f"--cert-file={tmp_path}/server.pem", f"--key-file={tmp_path}/server.key"]
    options += [f"--trusted-ca-file={tmp_path}/ca.pem", "--client-cert-auth"]
    node = Node("tls", tmp_path / "data", port, free_ports(1)[0], tuple(options))
    node.scheme = "https"
    try:
        node.start(f"tls={node.peer_url}")
        pair = {"certificate": f"{tmp_path}/client.pem", "key": f"{tmp_path}/client.key"}
        store = EtcdStore(Access((node.endpoint,), authorities=f"{tmp_path}/ca.pem", **pair))
        seen = Seen()
        until(lambda: answers(store), "etcd does not answer by TLS")
        store.watch(["t"], seen)
        store.commit([Put("t/a", b"1")])
        seen.wait_for({"t/a": "1"})
        store.close()
        for access in (Access((node.endpoint,), **pair), Access((node.endpoint,), authorities=f"{tmp_path}/ca.pem")):
            with closing(EtcdStore(access, seconds=1.0)) as refused, pytest.raises(StoreUnavailableError):
                refused.get("t/a")
        with pytest.raises(StoreUnavailableError, match="cannot use the certificates for etcd, `/none/ca"):
            EtcdStore(Access((node.endpoint,), authorities="/none/ca.pem"))
    finally:
        node.kill()


def answers(store: EtcdStore) -> bool:
    try:
        store.get("t/a")
    except StoreError:
        return False
    return True


def make_certificates(directory: Path) -> None:
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=directory, capture_output=True, check=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2")
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/O=test")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed)


def test_what_is_no_etcd_is_said_to_be_none() -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.recv(65536)
                client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n")

    threading.Thread(target=serve, daemon=True).start()
    store = EtcdStore(Access((f"http://127.0.0.1:{server.getsockname()[1]}",)))
    with pytest.raises(RefusedError, match="HTTP status 404; etcd must run with --enable-grpc-gateway"):
        store.get("t/a")
    store.close()
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.mark.soak  # it takes half a GiB
def test_many_large_items_are_read_in_small_pages(tmp_path: Path) -> None:
    """More in one answer, and in one of the watch, than is read at once."""
    count = MAX_ANSWER // (4 * MAX_BYTES // 3) + 4
    with cluster(tmp_path, 1) as one, closing(EtcdStore(Access(one.endpoints))) as store:
        is_let_go, seen = threading.Event(), Seen()

        def tell(update: Update) -> None:
            seen(update)
            is_let_go.wait()

        store.watch(["t"], tell)
        seen.wait(lambda: seen.updates)
        for number in range(count):
            store.commit([Put(f"t/{number}", bytes(MAX_BYTES))])
        is_let_go.set()
        assert len(store.scan("t").items) == count
        seen.wait(lambda: len(seen.items) == count)


def test_an_etcd_that_is_full_refuses(tmp_path: Path) -> None:
    with (
        cluster(tmp_path, 1, ("--quota-backend-bytes=4000000",)) as one,
        closing(EtcdStore(Access(one.endpoints))) as store,
    ):
        store.commit([Put("t/a", b"1")])
        with pytest.raises(RefusedError, match="database space exceeded; compact and defragment etcd"):
            fill(store)
        assert texts(store.scan("t").items.values()) == {"t/a": "1"}


def fill(store: EtcdStore) -> None:
    for number in range(20):
        store.commit([Put(f"full/{number}", bytes(1 << 20))])


@pytest.mark.parametrize("endpoints", [(), ("127.0.0.1:2379",), ("http://127.0.0.1:2379", "ftp://host")])
def test_what_is_no_endpoint_is_refused(endpoints: tuple[str, ...]) -> None:
    with pytest.raises(StoreUnavailableError, match="is no endpoint of etcd; write `http://HOST:2379`"):
        EtcdStore(Access(endpoints))
