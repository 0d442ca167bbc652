"""The server under load: `stoker serve` on loopback, one process, asked by wrk; nginx beside it for assets.

Rates are what is left of the machine beside wrk; CPU per request is the server's own, from /proc, and hardly moves with
what else the machine does. Each group is for one machine, as `stoker bench boot` makes them.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.figures import Figure
from stoker.machines.cache import CACHE_BYTES
from stoker.server.storm import read_counters, write_site
from stoker.system.children import Child, started

SECONDS = 4
COLD_SECONDS = 3
CONNECTIONS = 16
WARM_MACHINES = 1_000
ASSET_BYTES = 512 << 20

# `path?uuid=...&mac=...` of a random machine, or of each in turn; uuids are of no group and only have to be there.
ASK = """
local turn = 0
function request()
  turn = turn + 1
  local number = {in_turn} and (turn % {machines}) or math.random(0, {machines} - 1)
  local low = string.format("%010x", number)
  local mac = "52-" .. low:sub(1, 2) .. "-" .. low:sub(3, 4) .. "-" .. low:sub(5, 6) .. "-" .. low:sub(7, 8)
    .. "-" .. low:sub(9, 10)
  local uuid = string.format("5f0a0f2e-6f0c-4f8b-9a53-%012x", number)
  return wrk.format("GET", "{path}?uuid=" .. uuid .. "&mac=" .. mac .. "&domain=&hostname=&serial=&arch=x86_64")
end
"""


class Load(NamedTuple):
    """What wrk and /proc say of some seconds: requests, those a second, answers that were none, the server's CPU."""

    requests: int
    rate: float
    errors: int
    cpu_seconds: float

    @property
    def cpu(self) -> float:
        """The server's CPU seconds a request."""
        return self.cpu_seconds / self.requests


def run() -> Iterator[Figure]:
    """Scripts, configs and assets."""
    if shutil.which("wrk") is None:
        yield Figure("skipped: wrk is not there (apt-get install wrk)", "")
        return
    with tempfile.TemporaryDirectory() as directory:
        few, many = Path(directory, "few"), Path(directory, "many")
        yield from _scripts(few, many)
        yield from _configs(many)
        yield from _assets(few)
    yield from _storms()


def _scripts(few: Path, many: Path) -> Iterator[Figure]:
    costs = {}
    for site, groups in ((few, 10), (many, 10_000)):
        with _server(site, groups) as (address, child):
            _ask(child, address, "/ipxe", 10, 1)
            load = _ask(child, address, "/ipxe", 10, SECONDS)
            every = _ask(child, address, "/ipxe", groups, SECONDS)
        costs[groups] = load.cpu
        yield Figure(
            f"/ipxe, {groups:,} groups, ten machines ask", f"{load.rate:,.0f} a second", "at least 10,000 a second"
        )
        yield Figure(f"/ipxe, {groups:,} groups, CPU a request", f"{load.cpu * 1e6:.0f} us")
    yield Figure("/ipxe, CPU at 10,000 groups, of that at 10", f"{costs[10_000] / costs[10]:.2f}", "at most 1.2")
    yield Figure("/ipxe, 10,000 groups, all machines ask", f"{every.rate:,.0f} a second, {every.cpu * 1e6:.0f} us each")


def _configs(site: Path) -> Iterator[Figure]:
    with _server(site, 0) as (address, child):
        cold = _ask(child, address, "/ignition", 10_000, COLD_SECONDS, in_turn=True)
        warm = _ask(child, address, "/ignition", min(cold.requests, WARM_MACHINES), SECONDS)
        counted = read_counters(f"http://{address}")
        peak = child.peak_memory()
    wrong = f", {cold.errors + warm.errors} failed" if cold.errors + warm.errors else ""
    again = f", {cold.requests - 10_000} asked again" if cold.requests > 10_000 else ""
    yield Figure("/ignition, 10,000 groups, cold", f"{1 / cold.cpu:,.0f} a second of a core{again}{wrong}", "600")
    yield Figure("/ignition, 10,000 groups, warm", f"{warm.rate:,.0f} a second", "at least 10,000 a second")
    hits, misses = counted["stoker_rendered_hits_total"], counted["stoker_rendered_misses_total"]
    yield Figure("/ignition, warm, CPU a request", f"{warm.cpu * 1e6:.0f} us")
    kept = f"{hits / (hits + misses):.1%} of both runs, within {CACHE_BYTES >> 20} MiB"
    yield Figure("/ignition, found among what was rendered", kept)
    yield Figure("memory of the server, 10,000 groups", f"{peak / 2**20:.0f} MiB at most")


def _assets(site: Path) -> Iterator[Figure]:
    """One large file, read by one connection and by many, from each server in turn."""
    (site / "assets" / "large.img").write_bytes(bytes(ASSET_BYTES))
    with _server(site, 0) as (address, child):
        yield from _read("Stoker", address, child)
    if shutil.which("nginx") is None:
        yield Figure("skipped beside it: nginx is not there (apt-get install nginx-light)", "")
        return
    with _nginx(site) as (address, child):
        yield from _read("nginx", address, child)


def _storms() -> Iterator[Figure]:
    """Machines that are all turned on at once, with the load maker on the same cores."""
    for machines in (1000, 2000, 5000):
        words = [sys.executable, "-m", "stoker", "bench", "boot", "--machines", str(machines), "-o", "json"]
        told = json.loads(subprocess.run(words, capture_output=True, check=False).stdout)
        server, last = told["server"], told["steps"][-1]
        slowest = max(step["p99"] for step in told["steps"][:-1])
        what = f"boot storm of {machines:,}"
        lost = sum(told["errors"].values())
        equal = "as many" if server["requests"] == told["requests"] else f"{server['requests']:,}"
        times = f"p99 of a request {slowest:.1f} s, of the whole chain {last['p99']:.1f} s"
        yield Figure(f"{what}: {told['requests']:,} requests", f"{lost} failed, {equal} counted", "none, as many")
        yield Figure(f"{what}: time", times, "" if machines != 2000 else "p99 of a request under 1 s")
        yield Figure(f"{what}: memory of the server", f"{server['peak_bytes'] / 2**20:.0f} MiB", "under 512 MiB")
        cost = f"{server['cpu_seconds'] / machines * 1000:.1f} ms CPU, {server['commits'] / machines:.2f} commits"
        yield Figure(f"{what}: a machine costs", cost)


def _read(name: str, address: str, child: Child) -> Iterator[Figure]:
    for connections in (1, 32):
        before = child.cpu_seconds()
        words = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", f"http://{address}/assets/large.img"]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        read = _bytes_read(said)
        used = child.cpu_seconds() - before
        wanted = "at most 0.4 CPU s a GB" if name == "Stoker" else ""
        value = f"{used / read * 1e9:.2f} CPU s a GB, {read / SECONDS / 1e9:.2f} GB/s"
        yield Figure(f"assets, {name}, {connections} connections", value, wanted)


def _ask(child: Child, address: str, path: str, machines: int, seconds: int, *, in_turn: bool = False) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(ASK.format(path=path, machines=machines, in_turn=str(in_turn).lower()))
        script.flush()
        before = child.cpu_seconds()
        words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", script.name, f"http://{address}"]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        used = child.cpu_seconds() - before
    requests = int(_found(r"(\d+) requests in", said))
    errors = int(_found(r"Non-2xx or 3xx responses: (\d+)", said) or 0)
    return Load(requests, float(_found(r"Requests/sec:\s+([\d.]+)", said)), errors, used)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def _bytes_read(said: str) -> float:
    """How much wrk read; a file that is not read to its end counts as far as it was."""
    found = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", said)
    if found is None:
        raise ValueError(said)
    return float(found[1]) * 1024.0 ** " KMG".index(found[2] or " ") * SECONDS


@contextmanager
def _server(site: Path, groups: int) -> Iterator[tuple[str, Child]]:
    address = _free_address()
    if groups:
        write_site(site, groups, address)
    words = [sys.executable, "-m", "stoker", "serve", str(site), "--quiet", "--address", address]
    with started(words) as child:
        child.first_line(60)
        yield address, child


@contextmanager
def _nginx(site: Path) -> Iterator[tuple[str, Child]]:
    address = _free_address()
    settings = (
        f"daemon off; master_process off; pid {site}/nginx.pid; error_log {site}/nginx.log; worker_processes 1; "
        f"events {{}} http {{ access_log off; sendfile on; server {{ listen {address}; root {site}; }} }}\n"
    )
    (site / "nginx.conf").write_text(settings)
    with started(["nginx", "-c", str(site / "nginx.conf"), "-e", str(site / "nginx.log")]) as child:
        while not _is_taken(address) and child.process.poll() is None:
            pass
        yield address, child


def _is_taken(address: str) -> bool:
    host, _, port = address.partition(":")
    with closing(socket.socket()) as probe:
        return probe.connect_ex((host, int(port))) == 0


def _free_address() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"
