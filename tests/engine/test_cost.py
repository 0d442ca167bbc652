"""What provisioning costs: system calls per file, counted by strace, the same however many files there are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
from stoker.engine import DISTRIBUTIONS, carry_out, plan
from stoker.engine.resumption import carry_out_again
from stoker.schema.v3 import Config, File, Ignition, NodeUser, Resource, Storage
from stoker.system import RealSystem, ScratchSystem

kind, owner, count, root = sys.argv[1:]
files = [
    File(
        path=f"/srv/{number % 10}/{number}",
        mode=0o640,
        user=NodeUser(id=0) if owner == "owner" else None,
        contents=Resource(source="data:,text"),
    )
    for number in range(int(count))
]
system = {"real": RealSystem, "journal": RealSystem, "scratch": ScratchSystem}[kind](Path(root))
config = Config(ignition=Ignition(version="3.4.0"), storage=Storage(files=files))
make_plan = lambda: plan(config, system, DISTRIBUTIONS["fcos"])
if kind == "journal":
    assert carry_out_again(make_plan, system, [].append, config="").succeeded
else:
    assert carry_out(make_plan(), system, [].append).succeeded
"""

FEW, MANY = 100, 400
COSTS = [("real", "none", 5), ("real", "owner", 6), ("scratch", "none", 6), ("journal", "none", 5)]


def count(tmp_path: Path, *arguments: str) -> int:
    """System calls of one run."""
    table = tmp_path / "table"
    (tmp_path / "root").mkdir()
    command = ["strace", "-f", "-c", "-o", table, sys.executable, "-c", PROGRAM, *arguments, tmp_path / "root"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    shutil.rmtree(tmp_path / "root")
    if not table.exists() or done.returncode:
        pytest.skip(f"strace does not work here: {done.stderr.strip()[-200:]}")
    total = re.search(r"(\d+)(?: +\d+)? total$", table.read_text().strip())
    assert total
    return int(total[1])


# Planning looks once: where the directory is still missing, at that. Then a file is opened, written, given its mode and
# closed; a scratch tree also asks whether it is a directory, and an owner is one more. A journal asks no more.
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize(("kind", "owner", "most"), COSTS)
def test_system_calls_per_file(tmp_path: Path, kind: str, owner: str, most: int) -> None:
    few, many = (count(tmp_path, kind, owner, str(number)) for number in (FEW, MANY))
    assert (many - few) / (MANY - FEW) <= most + 0.3  # the interpreter asks for memory now and then


MEMORY = """
import resource, sys
from contextlib import closing
from pathlib import Path
from stoker.engine import DISTRIBUTIONS, plan
from stoker.engine.change import change, undo
from stoker.engine.resumption import carry_out_again
from stoker.fetch import Fetcher
from stoker.schema.v3 import Config, File, Ignition, Resource, Storage
from stoker.system import RealSystem

directory, is_steady = Path(sys.argv[1]), sys.argv[2] == "steady"
fetcher, server = Fetcher(environment={}), sys.argv[3]
say = [].append

def config(source, overwrite):
    file = File(path="/file", contents=Resource(source=source), overwrite=overwrite)
    return Config(ignition=Ignition(version="3.4.0"), storage=Storage(files=[file]))

def run(root, source, overwrite=False):
    with closing(RealSystem(directory / root)) as system:
        wanted = config(source, overwrite)
        if is_steady:
            outcome = change(wanted, system, DISTRIBUTIONS["fcos"], say, fetcher, digest=source)
            undo(system)
        else:
            make_plan = lambda: plan(wanted, system, DISTRIBUTIONS["fcos"], online=True)
            outcome = carry_out_again(make_plan, system, say, fetcher, config="")
        assert outcome.succeeded, list(outcome.report)

for name in ("warm", "root"):
    (directory / name).mkdir()
run("warm", f"{server}/small")
if is_steady:
    (directory / "large").rename(directory / "root/file")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run("root", f"{server}/small" if is_steady else f"{server}/large", overwrite=is_steady)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""

SIZE = 256 << 20
GROWTH = 16 << 10  # KiB


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """A server of a directory; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(directory))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("reading", ["first boot", "steady"])
def test_a_large_file_takes_little_memory(tmp_path: Path, reading: str) -> None:
    """Written by a first boot; by a change that is undone, kept and put back."""
    if reading == "steady" and os.geteuid() != 0:
        pytest.skip("needs root: it gives the file to root")
    (tmp_path / "small").write_text("small")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(SIZE)
    with serving(tmp_path) as server:
        command = [sys.executable, "-c", MEMORY, tmp_path, reading, server]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < GROWTH
