"""Three replicas of `stoker serve` on three nodes of etcd, all on loopback, and clients of them.

A client asks the replica it likes best and, where that does not answer or is at fault, once more another. Whatever goes
wrong with the second is kept in the `faults` of the site, which is what tests look at.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from stoker.server.roles import Role, add_token
from tests.server.operators import call, make_certificates
from tests.store.etcds import Cluster, cluster, free_ports, until

STOKER = Path(sys.executable).parent / "stoker"
PATIENCE = 20.0  # seconds for an answer: more than the store takes to say that it cannot
POLL = 0.005
MOST_BOOTS = 5000  # machines, so that there is room for all of them

GROUP = {"id": "all", "profile": "node"}
PROFILE = {"id": "node", "ignition_id": "node.bu", "boot": {"kernel": "k", "args": ["a"]}}
TEMPLATE = (
    "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, contents: {inline: '{{.request.query.mac}}'}}]}\n"
)
CATALOGUE = {
    "profiles/node": json.dumps(PROFILE).encode(),
    "templates/ignition/node.bu": TEMPLATE.encode(),
    "groups/all": json.dumps(GROUP).encode(),
}


def write_catalogue(data: Path) -> None:
    """Write the files of the catalogue."""
    for name, text in CATALOGUE.items():
        path = data / (f"{name}.json" if "/ignition/" not in name else name.removeprefix("templates/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


class Answer(NamedTuple):
    """What a replica answered, or 0 where it did not."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    tries: int = 1

    @property
    def is_fault(self) -> bool:
        return self.status == 0 or self.status >= 500


class Replica:
    """One server, that can be killed and started again at the same place."""

    def __init__(self, root: Path, name: str, store: str, token_file: Path, certificates: Path | None) -> None:
        """Without certificates it has no gRPC API."""
        self.name = name
        self.port, self.rpc_port = free_ports(2)
        self.state = root / name
        self.log = root / f"{name}.log"
        self.process: subprocess.Popen[str] | None = None
        self.words = [STOKER, "serve", "--store", store, "--state-dir", self.state, "--token-file", token_file]
        self.words += ["--address", f"127.0.0.1:{self.port}", "--quiet"]
        self.lines = 1  # on which it says where it listens
        if certificates is not None:
            self.lines = 2
            self.words += ["--rpc-address", f"127.0.0.1:{self.rpc_port}", "--ca-file", certificates / "ca.crt"]
            self.words += ["--cert-file", certificates / "server.crt", "--key-file", certificates / "server.key"]

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline() for _ in range(self.lines)]
        assert all(lines), self.log.read_text()[-3000:]

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def ask(self, target: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, target, body, named)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, {}, f"{type(error).__name__}: {error}".encode())
        finally:
            connection.close()

    def is_ready(self) -> bool:
        return self.ask("/readyz").status == 200

    def measure(self, name: str) -> float:
        lines = self.ask("/metrics").body.decode().splitlines()
        return float(next((line for line in lines if line.startswith(f"{name} ")), f"{name} nan").split()[1])


class Single(Replica):
    """A server of files: `data`, `assets` and `state` below a directory."""

    def __init__(self, root: Path, token_file: Path, *further: str | Path) -> None:
        self.name = "single"
        self.port = 0
        self.log = token_file.with_name("log")
        self.process: subprocess.Popen[str] | None = None
        self.words = [STOKER, "serve", root / "data", "--state-dir", root / "state", "--token-file", token_file]
        self.words += ["--address", "127.0.0.1:0", "--quiet", *further]
        if (root / "assets").is_dir():
            self.words += ["--assets", root / "assets"]

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()[-3000:]
        self.port = int(line.rpartition(":")[2])


@dataclass
class Site:
    """Everything: servers, nodes, who may operate, and what went wrong for clients."""

    replicas: Sequence[Replica]
    etcd: Cluster
    token: str
    certificates: Path
    faults: list[str] = field(default_factory=list)
    retries: int = 0

    def ask(self, first: int, target: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask a replica and, if that is at fault, the next one."""
        answer = self.replicas[first % 3].ask(target, method, body, **headers)
        if not answer.is_fault:
            return answer
        self.retries += 1
        again = self.replicas[(first + 1) % 3].ask(target, method, body, **headers)
        if again.is_fault:
            self.faults.append(f"{method} {target}: {answer.body!r}; then {again.status} {again.body!r}")
        return again._replace(tries=2)

    def operate(
        self, first: int, target: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        return self.ask(first, target, method, body, Authorization=f"Bearer {self.token}", **headers)

    def call(self, first: int, name: str, /, **request: Any) -> None:
        """Call a method of the gRPC API."""
        for each in (first, first + 1):
            try:
                with self._channel(self.replicas[each % 3].rpc_port) as channel:
                    call(channel, name, **request)
                    return
            except grpc.RpcError as error:
                if each == first:
                    self.retries += 1
                else:
                    self.faults.append(f"{name}: {error.code().name} {error.details()}")

    def files(self, folder: str, replica: Replica) -> dict[str, str]:
        """Names and revisions of all files of a kind, as a replica has them."""
        answer = replica.ask(f"/api/v1/{folder}", Authorization=f"Bearer {self.token}")
        return {each["name"]: each["revision"] for each in json.loads(answer.body)["files"]} if answer.status else {}

    def timeline(self, replica: Replica, name: str) -> list[str]:
        """The texts of what happened to a machine, as a replica has them."""
        answer = replica.ask(f"/api/v1/machines/{name}/events", Authorization=f"Bearer {self.token}")
        return [each["text"] for each in json.loads(answer.body)["events"]] if answer.status == 200 else []

    @contextmanager
    def _channel(self, port: int) -> Iterator[grpc.Channel]:
        ca, key, chain = ((self.certificates / name).read_bytes() for name in ("ca.crt", "client.key", "client.crt"))
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
        credentials = grpc.ssl_channel_credentials(ca, key, chain)
        with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
            yield channel


@contextmanager
def started(root: Path) -> Iterator[Site]:
    """All of it, with a catalogue that serves every machine; killed in the end."""
    certificates = root / "certificates"
    certificates.mkdir()
    make_certificates(certificates)
    (root / "etcd").mkdir()
    token = add_token(root / "tokens", Role.OPERATOR, "alice")
    with ExitStack() as stack:
        etcd = stack.enter_context(cluster(root / "etcd", 3))
        hosts = ",".join(endpoint.removeprefix("http://") for endpoint in etcd.endpoints)
        replicas = [Replica(root, f"s{each}", f"etcd://{hosts}", root / "tokens", certificates) for each in range(3)]
        for replica in replicas:
            stack.callback(replica.kill)
            replica.start()
        for replica in replicas:
            until(replica.is_ready, "a server does not get ready")
        site = Site(replicas, etcd, token, certificates)
        for name, data in CATALOGUE.items():
            put = site.operate(0, f"/api/v1/{name}", "PUT", data, If_None_Match="*")
            assert put.status == 201, put
        for replica in replicas:
            until(lambda replica=replica: "all" in site.files("groups", replica), "the catalogue does not arrive")
        yield site


class Clients:
    """Threads that do something again and again until they are told to stop; each begins with a replica of its own."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.is_over = threading.Event()
        self.done = 0
        self.lock = threading.Lock()
        self.threads: list[threading.Thread] = []

    def add(self, act: Callable[[int], None]) -> None:
        """Let `act` be called with a number that grows, by a thread of its own."""

        def run(first: int) -> None:
            number = first
            while not self.is_over.is_set():
                try:
                    act(number)
                except Exception as error:  # noqa: BLE001  a thread that fails is a fault as any other
                    self.site.faults.append(f"{type(error).__name__}: {error}")
                    return
                number += 1
                with self.lock:
                    self.done += 1

        self.threads.append(threading.Thread(target=run, args=(len(self.threads),), daemon=True))
        self.threads[-1].start()

    def wait_for(self, more: int) -> None:
        """Until so many more things are done, or something is at fault."""
        goal = self.done + more
        until(lambda: self.done >= goal or self.site.faults, "the clients get no further")

    def stop(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()


@dataclass
class Boots:
    """Machines that boot: each asks for its script and its config, and tells what it does, an event at a time."""

    site: Site
    told: dict[str, list[tuple[str, int]]] = field(default_factory=dict)  # name -> what was acknowledged, after tries
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    STAGES = ("disks", "mount", "files", "umount", "up")

    def __call__(self, number: int) -> None:
        """One machine's boot."""
        if self.count >= MOST_BOOTS:
            self._expect(b"kernel k", number, "/ipxe?mac=52:54:00:00:00:01")
            return
        with self.lock:
            self.count += 1
            mac = f"52:54:00:{self.count >> 16:02x}:{self.count >> 8 & 255:02x}:{self.count & 255:02x}"
        self._expect(b"#!ipxe", number, "/boot.ipxe")
        self._expect(b"kernel k", number, f"/ipxe?mac={mac}")
        self._expect(mac.replace(":", "%3A").encode(), number, f"/ignition?mac={mac}")
        told = self.told[mac] = []
        for stage in self.STAGES:
            text = f"{stage} of {mac}"
            body = json.dumps({"stage": stage, "text": text, "at": time.time()}).encode()
            answer = self.site.ask(number, f"/api/v1/machines/{mac}/events", "POST", body)
            if answer.status == 204:
                told.append((text, answer.tries))

    def _expect(self, part: bytes, number: int, target: str) -> None:
        answer = self.site.ask(number, target)
        if answer.status != 200 or part not in answer.body:
            self.site.faults.append(f"{target}: {answer}")


@dataclass
class Puts:
    """Operators who put files and look how long it takes until each replica that runs has them."""

    site: Site
    seconds: list[tuple[float, float]] = field(default_factory=list)  # when it was acknowledged, how long it took

    def by_rest(self, number: int) -> None:
        """A group of its own, made once."""
        name = f"r{threading.get_ident()}-{number}"
        body = json.dumps({"id": name, "profile": "node", "selector": {"x": name}}).encode()
        answer = self.site.operate(number, f"/api/v1/groups/{name}", "PUT", body, If_None_Match="*")
        if answer.status not in (200, 201):
            self.site.faults.append(f"put of {name}: {answer}")
            return
        has_it = self._follow(f"/api/v1/groups/{name}")
        gone = self.site.operate(has_it, f"/api/v1/groups/{name}", "DELETE", If_Match=answer.headers["etag"])
        if gone.status != 204 and (gone.tries, gone.status) != (2, 404):
            self.site.faults.append(f"delete of {name}: {gone}")

    def by_grpc(self, number: int) -> None:
        """A group that is put again and again."""
        name = f"g{number % 7}"
        self.site.call(number, "GroupPut", group={"id": name, "profile": "node", "selector": {"x": str(number)}})

    def _follow(self, target: str) -> int:
        """Until each replica that runs has it; one that had it."""
        has_it = 0
        start, clock = time.time(), time.monotonic()
        waiting = [each for each in self.site.replicas if each.process is not None]
        while waiting:
            replica = waiting[0]
            answer = replica.ask(target, Authorization=f"Bearer {self.site.token}")
            if answer.status in {200, 503, 0}:  # who is killed meanwhile, or has just started, is not waited for
                waiting.pop(0)
                has_it = self.site.replicas.index(replica) if answer.status == 200 else has_it
            elif time.monotonic() > clock + PATIENCE:
                self.site.faults.append(f"{target} is not on {replica.name} after {PATIENCE:g} s")
                break
            else:
                time.sleep(POLL)
        self.seconds.append((start, time.monotonic() - clock))
        return has_it


def shuffled(seed: int, rounds: int) -> list[tuple[str, int]]:
    """What is killed in which round: `server` or `node` with its number, or `leader`, each kind early."""
    chance = random.Random(seed)
    kinds = [("server", each) for each in range(3)] + [("node", each) for each in range(3)] + [("leader", 0)] * 2
    return [each for _ in range(-(-rounds // len(kinds))) for each in chance.sample(kinds, len(kinds))][:rounds]
