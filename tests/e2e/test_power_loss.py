"""The stage disks on a machine that loses power: what was not flushed is gone, and the next boot goes on from there.

The machine resets itself at a line of the stage's log, without a sync: what its kernel had not written yet is lost.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from stoker.installer import write_module
from tests.e2e.machines import boot_guest, do_job, pack

ROWS = [("boot", "ext4", 60), ("root", "ext4", 120), ("swap", "swap", 30)]
PARTITIONS = [{"number": n, "label": label, "sizeMiB": size} for n, (label, _, size) in enumerate(ROWS, 1)]
FILESYSTEMS = [{"device": f"/dev/vdb{n}", "format": kind, "label": label} for n, (label, kind, _) in enumerate(ROWS, 1)]
STORAGE = {"disks": [{"device": "/dev/vdb", "partitions": PARTITIONS}], "filesystems": FILESYSTEMS}
CONFIG = {"ignition": {"version": "3.3.0"}, "storage": STORAGE}
LINES = 12  # of an undisturbed run, that say that an operation begins or ends

# The stage in the guest's own Python: after so many lines, 0 for never, the machine resets itself (sysrq, `b`).
JOB = """#!/usr/bin/python3
import json, os, subprocess
os.symlink("/run/job/tree/usr/lib/stoker", "/usr/lib/stoker")
os.symlink("/usr/lib/stoker/stoker", "ignition")
words = "./ignition -config-cache cache -neednet net -state-file state -log-to-stdout -platform file -root /".split()
subprocess.run([*words, "-stage", "fetch"], check=True, stdout=subprocess.DEVNULL)
left, said = @LINES@, ""
with subprocess.Popen([*words, "-stage", "disks"], stdout=subprocess.PIPE, text=True) as stage:
    for line in stage.stdout:
        said += line
        left -= "[started]" in line or "[finished]" in line
        if left == 0 and ("[started]" in line or "[finished]" in line):
            with open("/proc/sysrq-trigger", "w") as trigger:
                trigger.write("b")

def found(number):
    node = f"/dev/vdb{number}"
    run = subprocess.run(["blkid", "-p", "-o", "export", node], capture_output=True, text=True)
    rows = dict(line.split("=", 1) for line in run.stdout.splitlines())
    check = ["e2fsck", "-fn", node] if rows.get("TYPE") == "ext4" else ["true"]
    checked = subprocess.run(check, capture_output=True).returncode
    return [rows.get("LABEL"), rows.get("TYPE"), int(rows.get("PART_ENTRY_SIZE", 0)) >> 11, checked]

print(json.dumps({"code": stage.returncode, "said": said, "found": [found(n) for n in (1, 2, 3)]}))
"""


def job(tree: Path, lines: int) -> bytes:
    files = {"run": JOB.replace("@LINES@", str(lines)).encode(), "config.ign": json.dumps(CONFIG).encode()}
    return pack(files, [("tree", tree)])


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_a_loss_of_power(guest: Path, tmp_path: Path, seed: int) -> None:
    tree = Path(write_module(tmp_path / "30stoker").directory) / "tree"
    disk = tmp_path / "disk"
    with disk.open("wb") as blank:
        blank.truncate(256 << 20)
    boot_guest(guest, job(tree, random.Random(seed).randint(1, LINES)), tmp_path, disks=[disk])
    assert (tmp_path / "answers").read_text() == ""  # it did not come to an answer
    (answer,) = do_job(guest, job(tree, 0), tmp_path, disks=[disk])
    check(answer)


def check(answer: dict[str, Any]) -> None:
    """Either all is as the config says, or the stage refused and named the partition."""
    if answer["code"]:
        assert "/dev/vdb" in answer["said"].partition("CRITICAL")[2], answer["said"]
    else:
        assert answer["found"] == [[label, kind, size, 0] for label, kind, size in ROWS], answer["said"]
