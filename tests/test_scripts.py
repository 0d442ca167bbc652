"""The scripts that set a machine up, with stand-ins for the commands they call."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "debian-packages"
SKIPPED = "debian-packages: skipped python3-venv: only root can install it, with apt-get\n"
INSTALLED = "update --quiet=2\ninstall --quiet=2 --yes --no-install-recommends python3-venv\n"

DISK_TOOLS = ("mkfs.btrfs", "cryptsetup", "mkfs.fat", "mkfs.ext4", "sfdisk", "sgdisk", "mdadm", "mkfs.xfs")
GUEST_TOOLS = ("chromium", "mmdebstrap", "qemu-system-x86_64", "swtpm")

# what the interpreter's exit code is, who runs it -> what apt-get is asked, what is said
MACHINES = {
    "nothing missing": (0, "0", "", ""),
    "missing, root": (1, "0", INSTALLED, ""),
    "missing, somebody": (1, "1000", "", SKIPPED),
}


@pytest.mark.parametrize(("found", "user", "asked", "said"), MACHINES.values(), ids=MACHINES)
def test_debian_packages(found: int, user: str, asked: str, said: str, tmp_path: Path) -> None:
    asks = tmp_path / "asks"
    asks.touch()
    for name, body in {
        "python3": f"exit {found}",
        "id": f"echo {user}",
        "apt-get": f'echo "$@" >> {asks}',
        **dict.fromkeys((*DISK_TOOLS, *GUEST_TOOLS), "exit 0"),
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run([SCRIPT], env={"PATH": path}, capture_output=True, text=True, check=True)
    assert (asks.read_text(), done.stderr) == (asked, said)
