"""Killing a process at a system call of its choice, and looking at the tree that it leaves.

The calls are counted in the process itself, by the interpreter's profiler, right before each is made; then the process
kills itself with SIGKILL, so nothing of it can clean up.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

# What changes a file system, as the module `posix` names it.
CALLS = {
    *("open", "write", "close", "fsync", "mkdir", "rmdir", "unlink", "remove", "rename", "replace", "link", "symlink"),
    *("chmod", "fchmod", "chown", "fchown", "setxattr", "removexattr", "utime"),
}


def run_killed(work: Callable[[], object], at: int | None = None) -> int | None:
    """Run in a process of its own, killed right before call number `at`; how many calls there were, None if killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            count = _count(work, at)
            os.write(writing, str(count).encode())
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 -- nothing may return to the tests of the parent
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
    os.close(writing)
    with open(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, f"the process ended with {status}"
    return int(text) if text else None


def _count(work: Callable[[], object], at: int | None) -> int:
    seen = 0

    def look(_frame: FrameType, event: str, function: object) -> None:
        nonlocal seen
        if event == "c_call" and getattr(function, "__module__", "") == "posix":
            if getattr(function, "__name__", "") not in CALLS:
                return
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
    return seen


def everything(root: Path) -> dict[str, tuple[object, ...]]:
    """Every path of a tree: type and mode, owner, attributes, and its bytes or where it leads."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        look = path.lstat()
        names = os.listxattr(path, follow_symlinks=False)
        attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
        held = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(root))] = (oct(look.st_mode), look.st_uid, look.st_gid, attributes, held)
    return found
