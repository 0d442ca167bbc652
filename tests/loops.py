"""Loop devices over sparse files, for tests that need real disks; what keeps them from running is said by name."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

TOOLS = ("sgdisk", "losetup", "partx", "blkid", "wipefs", "mkfs.ext4", "mount")
TRIES = 100  # each is a process of its own, and so takes a while


def why_not(*further: str) -> str:
    """Why there can be no loop devices here, or not with these further tools; empty when there can."""
    if os.geteuid() != 0:
        return "only root has loop devices"
    missing = [tool for tool in (*TOOLS, *further) if not shutil.which(tool)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    return "" if Path("/dev/loop-control").exists() else "this kernel has no loop devices"


def run(*arguments: str | Path) -> str:
    """What a command printed; it has to succeed."""
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def loops(directory: Path) -> Iterator[Callable[..., str]]:
    """Makes loop devices of a size and a sector size, and lets them go in the end with all that is mounted of them."""
    made: list[str] = []
    ends = ExitStack()

    def make(size: int = 1 << 30, sector_size: int = 512) -> str:
        path = directory / f"disk{len(made)}"
        with path.open("wb") as file:
            file.truncate(size)
        made.append(run("losetup", "--find", "--show", "--sector-size", str(sector_size), path))
        ends.callback(let_go, made[-1])
        return made[-1]

    with ends:  # each of them is let go, whatever becomes of the others
        try:
            yield make
        finally:
            unmount_below(directory)


def let_go(device: str) -> None:
    """Let go of a loop device. Whoever looks for a label on this machine has its partitions open for a moment."""
    for _ in range(TRIES):
        if not any(Path("/sys/class/block").glob(f"{Path(device).name}p*")):
            break
        subprocess.run(["partx", "--delete", device], capture_output=True, check=False)
    else:
        run("partx", "--delete", device)
    run("losetup", "--detach", device)


def unmount_below(directory: Path) -> None:
    """Unmount all that is mounted below a directory, the deepest first."""
    mounted = [row.split()[1] for row in Path("/proc/self/mounts").read_text().splitlines()]
    for path in reversed(mounted):
        if path.startswith(f"{directory}/"):
            run("umount", path)
