"""Arrays and encrypted volumes for real, in a guest with mdadm, cryptsetup, clevis, a tang server and a TPM."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stoker.installer import write_module
from tests.e2e.machines import do_job, pack

HERE = Path(__file__).parent
RUN = b"""#!/bin/sh
ln -s /run/job/tree/usr/lib/stoker /usr/lib/stoker
ln -s /usr/lib/stoker/stoker ignition
/usr/lib/stoker/stoker resident &
exec python3 inside.py /run/job/ignition
"""
QUICK = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]
KEY = {"source": "data:,opensesame"}
TANG = {"url": "http://127.0.0.1:80"}


def luks(device: str, **said: object) -> dict[str, Any]:
    return {"name": "secret", "device": device, "options": QUICK, **said}


def filesystem(device: str) -> dict[str, Any]:
    return {"device": device, "format": "ext4", "label": "DATA", "path": "/var/data", "wipeFilesystem": True}


RAID = {"name": "data", "level": "raid1", "devices": ["/dev/vdb", "/dev/vdc"]}
MAPPED = "/dev/mapper/secret"

# name -> what the config says of storage
STORAGE = {
    "array": {"raid": [RAID], "filesystems": [filesystem("/dev/md/data")]},
    "key": {"luks": [luks("/dev/vdb", keyFile=KEY, label="LOCKED", discard=True)], "filesystems": [filesystem(MAPPED)]},
    "made-up key": {"luks": [luks("/dev/vdb")], "filesystems": [filesystem(MAPPED)]},
    "tpm2": {"luks": [luks("/dev/vdb", clevis={"tpm2": True})], "filesystems": [filesystem(MAPPED)]},
    "custom": {
        "luks": [luks("/dev/vdb", clevis={"custom": {"pin": "tpm2", "config": "{}"}})],
        "filesystems": [filesystem(MAPPED)],
    },
    "array and tang": {
        "raid": [RAID],
        "luks": [luks("/dev/md/data", clevis={"tang": [TANG | {"thumbprint": "@THUMBPRINT@"}], "threshold": 1})],
        "filesystems": [filesystem(MAPPED)],
    },
}
BRIEF = ["tpm2", "array and tang"]  # they use every tool


@contextmanager
def tpm(directory: Path) -> Iterator[list[str]]:
    """A software TPM, and the arguments by which a machine has it."""
    directory.mkdir()
    socket = directory / "socket"
    words = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={directory}", "--ctrl", f"type=unixio,path={socket}"]
    subprocess.run([*words, "--daemon", "--pid", f"file={directory / 'pid'}", "--terminate"], check=True)
    chardev = ["-chardev", f"socket,id=tpm,path={socket}", "-tpmdev", "emulator,id=tpm0,chardev=tpm"]
    yield [*chardev, "-device", "tpm-crb,tpmdev=tpm0"]  # it ends with the machine, which is the last to speak to it


NO_TPM = "" if shutil.which("swtpm") else "not installed: swtpm"


@pytest.mark.skipif(bool(NO_TPM), reason=NO_TPM or "-")
@pytest.mark.parametrize("names", [BRIEF, pytest.param([*STORAGE], marks=pytest.mark.soak)], ids=["brief", "all"])
def test_arrays_and_volumes(guest: Path, tmp_path: Path, names: list[str]) -> None:
    module = write_module(tmp_path / "30stoker")
    configs = {name: {"ignition": {"version": "3.4.0"}, "storage": STORAGE[name]} for name in names}
    files = {
        "run": RUN,
        "inside.py": (HERE / "inside_volumes.py").read_bytes(),
        "configs.json": json.dumps(configs).encode(),
    }
    disks = [tmp_path / "disk0", tmp_path / "disk1"]
    for disk in disks:
        with disk.open("wb") as blank:
            blank.truncate(128 << 20)
    with tpm(tmp_path / "tpm") as device:
        job = pack(files, [("tree", Path(module.directory) / "tree")])
        answers = do_job(guest, job, tmp_path, disks=disks, further=device)
    assert [answer["name"] for answer in answers] == names
    assert [answer["said"] for answer in answers if answer["code"] or not answer["again"]] == []
    assert {answer["name"]: summary(answer) for answer in answers} == {name: EXPECTED[name] for name in names}


def summary(answer: dict[str, Any]) -> list[object]:
    """What each machine ended with, short enough to be read in a table."""
    level = [*answer["arrays"].values()]
    pins = [pin for pins in answer["bound"].values() for pin in pins]
    entries = [" ".join(word for word in line.split() if not word.startswith("UUID=")) for line in answer["crypttab"]]
    return [level, pins, len([s for slots in answer["slots"].values() for s in slots]), entries, answer["keys"]]


# name -> level of the array, pins, number of key slots, crypttab without the UUID, key files with size and mode
EXPECTED = {
    "array": [["raid1"], [], 0, [], {}],
    "key": [[], [], 1, ["secret /etc/luks/secret luks,x-initrd.attach"], {"secret": [10, "0o600"]}],
    "made-up key": [[], [], 1, ["secret /etc/luks/secret luks,x-initrd.attach"], {"secret": [8192, "0o600"]}],
    "tpm2": [[], ["sss"], 1, ["secret none luks,x-initrd.attach"], {}],
    "custom": [[], ["tpm2"], 1, ["secret none luks,x-initrd.attach"], {}],
    "array and tang": [["raid1"], ["sss"], 1, ["secret none luks,_netdev,x-initrd.attach"], {}],
}
