"""The verb `inventory`: a machine as text and as data, and a plan that is made of the data elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from stoker.engine.captured import read_inventory
from stoker.engine.inventory_text import inventory_text
from tests.cli.conftest import Run
from tests.cli.samples import INVENTORY, digest, lay


@pytest.fixture
def place(tmp_path: Path) -> Path:
    lay(tmp_path / "tree")
    (tmp_path / "tree/proc").mkdir()
    (tmp_path / "tree/proc/cmdline").write_text("quiet selinux=0\n")
    return tmp_path


def test_a_tree_as_text(run: Run, place: Path) -> None:
    run("inventory", "--root", "tree")  # makes the link by which the command is called
    before = digest(place)
    done = run("inventory", "--root", "tree")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "flatcar\n\n"
        "accounts\n  root  id 0     /root      /bin/sh\n  bob   id 1000  /home/bob  /bin/sh\n\n"
        "kernel arguments\n  quiet\n  selinux=0\n"
    )
    assert digest(place) == before


def test_a_plan_is_made_of_it_elsewhere(run: Run, place: Path) -> None:
    done = run("inventory", "--root", "tree", "-o", "json")
    assert list(json.loads(done.stdout)) == ["version", "os", "kernel_arguments", "devices", "users", "groups"]
    (place / "inv.json").write_text(done.stdout)
    (place / "a.bu").write_text(
        "variant: flatcar\nversion: 1.1.0\nkernel_arguments: {should_exist: [selinux=0, debug]}\n"
        "passwd: {users: [{name: bob, ssh_authorized_keys: [ssh-rsa A]}]}\n"
    )
    found = json.loads(run("plan", "a.bu", "--inventory", "inv.json", "-o", "json").stdout)
    assert [(change["name"], change["action"]) for change in found["changes"]] == [
        ("bob", "change"),
        ("selinux=0", "keep"),
        ("debug", "create"),
    ]
    assert found["machine"] == "the machine of `inv.json` with Flatcar Container Linux"


DISKS = """\
Fedora CoreOS 43

/dev/vda, 10 GiB
  /dev/disk/by-id/virtio-1
  |1 old data            |                                                     |
  /dev/vda1  old data  2 GiB  xfs `pictures`  mounted at `/var`

/dev/vdb, 1 GiB, sectors of 4096 bytes
  |                             no partition table                             |
  /dev/vdb    1 GiB  ext4

/dev/vdc, 1 GiB
  permission denied

/dev/md/a, raid1 of /dev/vdd, /dev/vde

accounts
  core  id 1000  /home/core  /bin/bash

kernel arguments
  quiet
"""


def test_disks_as_text() -> None:
    machine = json.loads(json.dumps(INVENTORY))
    machine["devices"]["disks"] |= {
        "/dev/vdb": {"size": 1 << 30, "sector_size": 4096, "contents": {"0": {"type": "ext4"}}},
        "/dev/vdc": {"size": 1 << 30, "unreadable": "permission denied"},
    }
    machine["devices"]["arrays"] = {"/dev/md/a": {"level": "raid1", "members": ["/dev/vdd", "/dev/vde"]}}
    captured = read_inventory(msgspec.json.encode(machine))
    assert inventory_text(captured) == DISKS


def test_this_machine(run: Run) -> None:
    """Whoever asks: disks that cannot be read are told as such."""
    done = run("inventory", "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert read_inventory(done.stdout.encode()).users


@pytest.mark.parametrize("root", ["none", "file"])
def test_no_root(root: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("inventory", "--root", root)
    assert (done.returncode, done.stderr) == (
        1,
        f"stoker: `{root}` is no directory\nhint: name the root of a system\n",
    )


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_directory_without_a_system(output: str, run: Run, tmp_path: Path) -> None:
    """What is planned for nothing would be wrong for every machine."""
    (tmp_path / "empty").mkdir()
    done = run("inventory", "--root", "empty", "-o", output)
    assert (done.returncode, done.stdout) == (1, "")
    said = "there is no system below `empty`: neither os-release nor accounts"
    assert done.stderr == f"stoker: {said}\nhint: name its root\n"
