"""How many machines and against which server goes in, Figures come out: each machine boots from the first script to up.

Each machine is two programs, as a real one is: the boot loader, which asks for scripts, kernel and initial RAM disks,
and the first boot, which asks for the config and posts its events. Each has connections of its own. A machine that is
refused stops there, and counts as an error with its reason.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from stoker.server.storm.connection import Answer, Client, ExchangeError
from stoker.server.storm.figures import CHAIN, Figures
from stoker.server.storm.scripts import Simulated, read_boot, read_chain, simulate_machine

LOADER: Final = "iPXE/1.21.1"
FIRST_BOOT: Final = "Ignition/2.26.0"
ACCEPT: Final = "Accept: application/vnd.coreos.ignition+json;version=3.4.0, */*;q=0.1\r\nAccept-Encoding: identity\r\n"
ASSET_BYTES: Final = 1 << 20
REQUEST_SECONDS: Final = 60.0
EVENTS: Final = (
    {"stage": "fetch", "text": "read the config"},
    {"stage": "disks", "text": "nothing to do"},
    {"stage": "files", "text": "wrote the files"},
    {"stage": "up", "text": "is up"},
)
SPARE_FILES: Final = 64


class StormError(Exception):
    """The storm cannot be made: what is missing, and what to do, is in the text."""


@dataclass(frozen=True, slots=True)
class Storm:
    """What to do: `server` as `http://HOST:PORT`, `ramp` the seconds over which the machines are turned on."""

    server: str
    machines: int
    ramp: float = 0.0
    with_events: bool = True


def run_storm(storm: Storm, on_progress: Callable[[int, int], None]) -> Figures:
    """Turn all machines on and wait for the last; `on_progress` is told how many are done and how many failed.

    Raises StormError where this process may not have as many connections, or lacks what it is made of.
    """
    _allow_files(storm.machines + SPARE_FILES)
    before = time.process_time()
    try:
        figures = asyncio.run(_run(storm, on_progress))
    except ImportError as error:
        raise StormError(f"{error}; install it with `pip install 'stoker[server]'`") from error
    figures.own_seconds = time.process_time() - before
    return figures


def _allow_files(wanted: int) -> None:
    """Let this process have that many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if wanted > hard:
        raise StormError(
            f"{wanted} connections at once, but this process may have {hard} files open; raise `ulimit -n` or give "
            "fewer machines"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run(storm: Storm, on_progress: Callable[[int, int], None]) -> Figures:
    figures = Figures()
    began = time.perf_counter()
    failed = 0

    async def play(number: int) -> None:
        nonlocal failed
        await asyncio.sleep(storm.ramp * number / storm.machines)
        try:
            await _Chain(storm, simulate_machine(number), figures).run()
        except ExchangeError as error:
            figures.errors[str(error)] += 1
            failed += 1
        on_progress(figures.finished + failed, failed)

    async with asyncio.TaskGroup() as group:
        for number in range(storm.machines):
            group.create_task(play(number))
    figures.seconds = time.perf_counter() - began
    return figures


class _Chain:
    """One machine on its way."""

    def __init__(self, storm: Storm, machine: Simulated, figures: Figures) -> None:
        self.storm = storm
        self.machine = machine
        self.figures = figures

    async def run(self) -> None:
        """Go the whole way. Raises ExchangeError at the first answer that is not what it should be."""
        began = time.perf_counter()
        config = await self._load()
        await self._first_boot(config)
        self.figures.taken[CHAIN].append(time.perf_counter() - began)

    async def _load(self) -> str:
        """Play the boot loader; returns the address of the config."""
        client = Client(LOADER, REQUEST_SECONDS)
        try:
            first = f"{self.storm.server}/boot.ipxe"
            script = await self._step("boot.ipxe", client, first)
            chained = urljoin(first, read_chain(script.body.decode("utf-8", "replace"), self.machine))
            script = await self._step("ipxe", client, chained)
            loaded = read_boot(script.body.decode("utf-8", "replace"), self.machine)
            if loaded is None:
                raise ExchangeError("ipxe: the script boots nothing")
            part = f"Range: bytes=0-{ASSET_BYTES - 1}\r\n"
            await self._step("kernel", client, urljoin(chained, loaded.kernel), part)
            for initrd in loaded.initrds:
                await self._step("initrd", client, urljoin(chained, initrd), part)
        finally:
            client.close()
        return urljoin(chained, loaded.config) if loaded.config else ""

    async def _first_boot(self, config: str) -> None:
        """Play the first boot."""
        client = Client(FIRST_BOOT, REQUEST_SECONDS)
        try:
            if config:
                await self._step("ignition", client, config, ACCEPT)
            if self.storm.with_events:
                url = f"{self.storm.server}/api/v1/machines/{self.machine.mac}/events"
                await self._step("events", client, url, body=msgspec.json.encode(EVENTS))
        finally:
            client.close()

    async def _step(self, name: str, client: Client, url: str, headers: str = "", body: bytes | None = None) -> Answer:
        """Ask once, and note how long it took."""
        target = _split(name, url)
        began = time.perf_counter()
        try:
            answer = await client.ask(target, headers=headers, body=body)
        except ExchangeError as error:
            raise ExchangeError(f"{name}: {error}") from error
        if not 200 <= answer.status < 300:
            raise ExchangeError(f"{name}: status {answer.status}")
        self.figures.taken[name].append(time.perf_counter() - began)
        self.figures.received += answer.size
        return answer


def _split(name: str, url: str) -> SplitResult:
    try:
        target = urlsplit(url)
        usable = target.scheme in ("http", "https") and target.hostname and (target.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise ExchangeError(f"{name}: `{url[:200]}` is no address of a server over http or https")
    return target
