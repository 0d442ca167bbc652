"""The verb `bench`: `bench boot` turns many simulated machines on at once, and says how the server bore it."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from stoker.cli.exits import CommandError, Exit
from stoker.cli.godurations import seconds_of
from stoker.cli.inputs import add_output
from stoker.cli.streams import STDERR, talk, write_data
from stoker.server.storm import Figures, Storm, StormError, run_storm, write_site
from stoker.system.children import Child, started
from stoker.system.errors import CommandFault

READY_SECONDS: Final = 60.0
MAX_MACHINES: Final = 100_000


class Served(NamedTuple):
    """What the server that this command started itself used."""

    cpu_seconds: float
    peak_bytes: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("action", choices=["boot"], help="a boot storm: many machines, from the first script to up")
    parser.add_argument("--machines", metavar="N", type=_count, default=200, help="how many, 200 by default")
    parser.add_argument("--ramp", metavar="SECONDS", type=_seconds, default=0.0, help="turn them on over so long; 0s")
    parser.add_argument(
        "--server",
        metavar="URL",
        default="",
        help="such as http://192.0.2.1:8080; without it one is started here, over a site made for it",
    )
    parser.add_argument("--no-events", action="store_true", help="post no events, which only Stoker takes")
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Rehearse; 1 when any machine did not get through."""
    if arguments.server:
        figures, served = _storm(arguments, arguments.server.rstrip("/")), None
    else:
        with _own_server(arguments.machines) as (url, child):
            figures = _storm(arguments, url)
            served = Served(child.cpu_seconds(), child.peak_memory())
    if arguments.output == "json":
        write_data(msgspec.json.format(msgspec.json.encode(_document(figures, served)), indent=2) + b"\n")
    else:
        write_data(_text(figures, served).encode("utf-8", "surrogateescape"))
    return Exit.FINDINGS if figures.errors else Exit.FINE


def _storm(arguments: argparse.Namespace, server: str) -> Figures:
    storm = Storm(server, arguments.machines, arguments.ramp, with_events=not arguments.no_events)
    try:
        return run_storm(storm, _progress(arguments.machines))
    except StormError as error:
        raise CommandError(str(error), code=Exit.UNAVAILABLE) from error


@contextmanager
def _own_server(machines: int) -> Iterator[tuple[str, Child]]:
    """`stoker serve` on loopback, over a site of that many machines that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="stoker-bench-") as directory:
        words = [sys.executable, "-m", "stoker", "serve", directory, "--quiet", "--address"]
        address = _free_address()
        write_site(Path(directory), machines, address)
        try:
            with started([*words, address]) as child:
                yield child.first_line(READY_SECONDS), child
        except CommandFault as fault:
            raise CommandError(f"the server did not start: {fault}", code=Exit.UNAVAILABLE) from fault


def _free_address() -> str:
    """An address on loopback where nobody listens just now; the site's kernel arguments have to name it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _progress(machines: int) -> Callable[[int, int], None]:
    """Show on a terminal how far it is, at each hundredth of the way."""
    if not os.isatty(STDERR):
        return lambda _done, _failed: None
    step = max(machines // 100, 1)

    def show(done: int, failed: int) -> None:
        if done % step == 0 or done == machines:
            more = f", {failed} failed" if failed else ""
            talk(f"\r{done} of {machines} machines{more}" + ("\n" if done == machines else ""))

    return show


def _document(figures: Figures, served: Served | None) -> dict[str, Any]:
    """The figures as data: times in seconds, sizes in bytes."""
    document = {
        "machines": figures.finished + sum(figures.errors.values()),
        "finished": figures.finished,
        "errors": dict(figures.errors),
        "requests": figures.requests,
        "received_bytes": figures.received,
        "seconds": figures.seconds,
        "load_maker_cpu_seconds": figures.own_seconds,
        "steps": figures.rows(),
    }
    return {**document, "server": served._asdict()} if served else document


def _text(figures: Figures, served: Served | None) -> str:
    """The figures as a table a person reads."""
    lines = [f"{'step':<12} {'requests':>9} {'p50':>9} {'p90':>9} {'p99':>9} {'longest':>9}"]
    for row in figures.rows():
        times = " ".join(f"{seconds * 1000:>6.0f} ms" for seconds in (row.p50, row.p90, row.p99, row.longest))
        lines.append(f"{row.name:<12} {row.requests:>9} {times}")
    failed = sum(figures.errors.values())
    mebibytes = figures.received / 2**20
    lines += ["", f"{figures.finished} of {figures.finished + failed} machines up in {figures.seconds:.1f} s"]
    lines.append(f"{figures.requests} requests were answered, with {mebibytes:.0f} MiB")
    lines.append(f"the load maker itself used {figures.own_seconds:.1f} s of CPU")
    if served:
        mebibytes = served.peak_bytes / 2**20
        lines.append(f"the server used {served.cpu_seconds:.1f} s of CPU and at most {mebibytes:.0f} MiB")
    lines += (f"error, {count} machines: {reason}" for reason, count in figures.errors.most_common())
    return "\n".join(lines) + "\n"


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MAX_MACHINES:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of machines from 1 to {MAX_MACHINES}")
    return int(text)


def _seconds(text: str) -> float:
    seconds = seconds_of(text)
    if seconds is None or seconds < 0:
        raise argparse.ArgumentTypeError(f"`{text}` is no duration, such as 0s, 30s or 2m")
    return seconds
