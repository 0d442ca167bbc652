"""What provisioning costs: system calls per file, counted by strace, the same however many files there are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
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
