"""The files stage beside Ignition's: the same command under the same name in equal fresh trees, as root.

Wall time counts, since a boot waits for it, and CPU time where others use the machine; each takes its turn in every
round, and the best round counts. Trees are in memory where there is a file system for that. The peer is Debian's
Ignition, which its package keeps among dracut's modules; without it only this project's times are shown.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from bench.figures import Figure

ROUNDS = 5
DRACUT = "/usr/lib/dracut/modules.d/30ignition/ignition"
LARGE = 2 << 30
OURS = [str(Path(sys.executable).parent / "stoker"), "ignition"]
PIECE = bytes(1 << 20)

TREE = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "etc/shadow": "root:*:15887:0:99999:7:::\n",
    "etc/group": "root:x:0:\n",
    "etc/gshadow": "root:*::\n",
    "etc/login.defs": "UID_MIN 1000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\n",
    "etc/default/useradd": "SHELL=/bin/bash\n",
    "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
    "etc/selinux/targeted/contexts/files/file_contexts": "",
}


class Times(NamedTuple):
    """Seconds of one run, or the least of several."""

    wall: float
    cpu: float


def run() -> Iterator[Figure]:
    """Times of both, and the memory that a large file takes."""
    if os.geteuid() != 0:
        yield Figure("the files stage needs root: it gives files to users", "not measured")
        return
    peer = shutil.which("ignition") or shutil.which(DRACUT)
    ours: dict[str, Times] = {}
    cases = {
        "an empty config": config(),
        "1,000 files, 100 units, 20 users": config(1000, 100, 20),
        "1,000 files": config(1000),
        "10,000 files": config(10_000),
    }
    for name, written in cases.items():
        best = _best(written, peer)
        ours[name] = best["stoker"]
        wanted = {"10,000 files": "under Ignition's"}.get(name, "at most 150 ms over Ignition's")
        yield Figure(f"files stage, {name}", _shown(best["stoker"]), wanted)
        if "ignition" in best:
            yield Figure(f"Ignition's files stage, {name}", _shown(best["ignition"]))
    few, many = (ours[name].cpu - ours["an empty config"].cpu for name in ("1,000 files", "10,000 files"))
    yield Figure("10,000 files take, of ten times 1,000", f"{many / few / 10:.2f}", "about 1")
    yield Figure("memory for a file of 2 GiB, over the interpreter's", f"{_memory() / 1024:.0f} MiB", "at most 64 MiB")


def config(files: int = 0, units: int = 0, users: int = 0) -> dict[str, Any]:
    """A config of so many inline files in directories of twenty, units and users with a key."""
    return {
        "ignition": {"version": "3.3.0"},
        "storage": {"files": [_file(number) for number in range(files)]},
        "systemd": {
            "units": [
                {"name": f"u{number}.service", "enabled": True, "contents": "[Service]\nExecStart=/bin/true\n"}
                for number in range(units)
            ]
        },
        "passwd": {"users": [{"name": f"user{n}", "sshAuthorizedKeys": ["ssh-ed25519 AAAA"]} for n in range(users)]},
    }


def _file(number: int) -> dict[str, Any]:
    contents = {"source": f"data:,{'line%20of%20text%0A' * 12}{number}"}
    return {"path": f"/etc/app/{number // 20}/{number}.conf", "mode": 0o640, "contents": contents}


def _shown(times: Times) -> str:
    return f"{times.wall * 1000:.0f} ms, {times.cpu * 1000:.0f} ms CPU"


def _best(written: dict[str, Any], peer: str | None) -> dict[str, Times]:
    """The least times of each, in trees that are new for every round."""
    best: dict[str, Times] = {}
    programs = {"stoker": OURS} | ({"ignition": [peer]} if peer else {})
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 -- a file system, not a name
    with tempfile.TemporaryDirectory(dir=memory) as directory:
        work = Path(directory)
        work.chmod(0o755)
        (work / "config.ign").write_text(json.dumps(written))
        for number in range(ROUNDS):
            for name in programs:
                root = work / f"{name}{number}"
                _lay(root)
                command = _fetched(programs[name], work, root)
                taken = _times(command, _environment(work))
                best[name] = Times(*map(min, taken, best.get(name, taken)))
                shutil.rmtree(root)
    return best


def _lay(root: Path) -> None:
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def _fetched(program: list[str], work: Path, root: Path) -> list[str]:
    """The command of the stage `files`; `fetch` has been run before it."""
    for name in ("cache", "state", "neednet"):
        (work / name).unlink(missing_ok=True)
    setfiles = work / "setfiles"
    setfiles.write_text("#!/bin/sh\ncat >/dev/null\n")
    setfiles.chmod(0o755)
    paths = [f"-config-cache={work}/cache", f"-state-file={work}/state", f"-neednet={work}/neednet"]
    command = [*program, "-platform=file", f"-root={root}", "-log-to-stdout", *paths]
    _times([*command, "-stage=fetch"], _environment(work))
    return [*command, "-stage=files"]


def _environment(work: Path) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{work}:{os.environ['PATH']}",
        "IGNITION_CONFIG_FILE": f"{work}/config.ign",
        "IGNITION_SYSTEM_CONFIG_DIR": f"{work}/none",
        "IGNITION_KERNEL_CMDLINE_PATH": "/dev/null",
    }


def _times(command: list[str], environment: dict[str, str]) -> Times:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Times(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


class _Large(BaseHTTPRequestHandler):
    """Sends zeros."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The large file."""
        self.send_response(200)
        self.send_header("Content-Length", str(LARGE))
        self.end_headers()
        for _ in range(LARGE // len(PIECE)):
            self.wfile.write(PIECE)

    def log_message(self, *words: object) -> None:
        """Nothing."""


def _memory() -> float:
    """KiB of the largest resident set of a stage that writes a large file, less those of an interpreter alone."""
    server = HTTPServer(("127.0.0.1", 0), _Large)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/large"
    with tempfile.TemporaryDirectory() as directory:
        work, root = Path(directory), Path(directory, "root")
        _lay(root)
        written = {
            "ignition": {"version": "3.3.0"},
            "storage": {"files": [{"path": "/l", "contents": {"source": url}}]},
        }
        (work / "config.ign").write_text(json.dumps(written))
        stage = _fetched(OURS, work, root)
        most = [_resident(command, _environment(work)) for command in ([sys.executable, "-c", ""], stage)]
    server.shutdown()
    return most[1] - most[0]


def _resident(command: list[str], environment: dict[str, str]) -> float:
    """KiB of the largest resident set of a command, measured by a process that has no other children."""
    measure = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)"
    measure += "; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", measure, *command], env=environment, check=True, capture_output=True)
    return float(done.stdout.splitlines()[-1])
