"""The stage disks, killed at some point and run again as after a reboot: it ends as undisturbed, or says why not.

On loop devices. The point is a line of the log and a moment after it; the tools that run at that moment die as well.
"""

from __future__ import annotations

import json
import os
import random
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.loops import loops, run, why_not

pytestmark = pytest.mark.skipif(bool(why_not("mkswap")), reason=why_not("mkswap") or "-")

SIZE = 256 << 20
MOMENT = 0.05  # seconds at most between the line and the end
ENGINE = [sys.executable, "-m", "stoker", "ignition", "-platform", "file", "-root", "/", "-log-to-stdout"]


def config(disk: str) -> str:
    """A disk as a machine is given one: nothing on it that may be lost, and nothing that may be wiped."""
    rows = [("boot", "ext4", 60), ("root", "ext4", 120), ("swap", "swap", 30)]
    partitions = [{"number": n, "label": label, "sizeMiB": size} for n, (label, _, size) in enumerate(rows, 1)]
    filesystems = [
        {"device": f"{disk}p{n}", "format": format_, "label": label} for n, (label, format_, _) in enumerate(rows, 1)
    ]
    storage = {"disks": [{"device": disk, "partitions": partitions}], "filesystems": filesystems}
    return json.dumps({"ignition": {"version": "3.3.0"}, "storage": storage})


class Ended(NamedTuple):
    """How a run of the stage ended."""

    code: int
    said: str


def boot(workspace: Path, disk: str, *, die_after: int = -1, moment: float = 0.0) -> Ended:
    """Run fetch and disks as a boot does, with nothing of an earlier one but the disk; kill disks at a point."""
    workspace.mkdir(exist_ok=True)
    (workspace / "config.ign").write_text(config(disk))
    places = [f"-{name}={workspace / name}" for name in ("config-cache", "neednet", "state-file")]
    for name in ("config-cache", "state-file"):
        (workspace / name).unlink(missing_ok=True)
    subprocess.run([*ENGINE, *places, "-stage", "fetch"], cwd=workspace, capture_output=True, check=True)
    return watch([*ENGINE, *places, "-stage", "disks"], workspace, die_after, moment)


def tells(line: bytes) -> bool:
    """Whether a line of the log tells that an operation begins or ends."""
    return b"[started]" in line or b"[finished]" in line


def watch(command: list[str], workspace: Path, die_after: int, moment: float) -> Ended:
    """Run a command; end it and all that it started at a moment after so many lines that tell of operations."""
    said, told = b"", 0
    with subprocess.Popen(
        command, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        for line in process.stdout or ():
            said += line
            told += tells(line)
            if told == die_after:
                select.select([], [], [], moment)
                os.killpg(process.pid, signal.SIGKILL)
                die_after = -1
    return Ended(process.returncode, said.decode(errors="replace"))


def restart(disk: str) -> None:
    """What the kernel knows after a reboot: the table that is on the disk."""
    subprocess.run(["partx", "--delete", disk], capture_output=True, check=False)
    subprocess.run(["partx", "--add", disk], capture_output=True, check=False)


def state(disk: str) -> list[str]:
    """The partitions and what is on them, without what is made up every time."""
    table = run("sgdisk", "--print", disk).splitlines()
    found = [line for line in table if re.match(r" +\d+ ", line)]
    for number in (1, 2, 3):
        place = f"{disk}p{number}"
        found.append(run("blkid", "--probe", "-o", "value", "-s", "TYPE", "-s", "LABEL", place))
    return found


@pytest.fixture
def new_disk(tmp_path: Path) -> Iterator[Callable[..., str]]:
    with loops(tmp_path) as make:
        yield make


def check(tmp_path: Path, new_disk: Callable[..., str], seeds: range) -> None:
    disk = new_disk(SIZE)
    undisturbed = boot(tmp_path / "boot", disk)
    assert undisturbed.code == 0, undisturbed.said
    expected = state(disk)
    points = sum(map(tells, undisturbed.said.encode().splitlines()))
    refused = []
    for seed in seeds:
        chance = random.Random(seed)
        run("sgdisk", "--zap-all", disk)
        run("wipefs", "--all", "--force", *map(str, sorted(Path("/dev").glob(f"{Path(disk).name}p*"))), disk)
        restart(disk)
        killed = boot(tmp_path / "boot", disk, die_after=chance.randint(1, points), moment=chance.uniform(0, MOMENT))
        assert killed.code in {-signal.SIGKILL, 0}, killed.said  # it may have ended before the last moment
        restart(disk)
        again = boot(tmp_path / "boot", disk)
        if again.code:
            assert re.search(rf"CRITICAL : .*(partition \d|{disk}p?\d*)", again.said, re.IGNORECASE), again.said
            refused.append(f"{seed}: {again.said}")
            continue
        assert state(disk) == expected
        for number in (1, 2):
            run("e2fsck", "-fn", f"{disk}p{number}")
    assert len(refused) <= len(seeds) / 10, "\n".join(refused)


def test_a_crash_of_disks(tmp_path: Path, new_disk: Callable[..., str]) -> None:
    check(tmp_path, new_disk, range(20))


@pytest.mark.soak
def test_further_crashes_of_disks(tmp_path: Path, new_disk: Callable[..., str]) -> None:
    check(tmp_path, new_disk, range(20, 220))
