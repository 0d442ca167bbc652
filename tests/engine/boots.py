"""A first boot for tests: the stages as processes of their own, called as an initramfs calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

from stoker.engine.first_boot.state import State, load_state, save_state

PROGRAM = Path(sys.executable).parent / "stoker"
Done = subprocess.CompletedProcess[str]


class FirstBoot:
    """A directory with all that the stages read and leave; `root` is the machine's tree."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = directory / "root"
        self.cache = directory / "ignition.json"
        self.state = directory / "run/state"
        self.need_net = directory / "run/neednet"
        self.image = directory / "image"
        self.environment: dict[str, str] = {"IGNITION_SELINUX_RELABEL": "false"}
        self.program = directory / "bin/ignition"
        self.within: list[str] = []  # the command that runs the program, such as `unshare`
        for path in (self.root, self.image, self.program.parent):
            path.mkdir(exist_ok=True)
        self.program.symlink_to(PROGRAM)
        directory.chmod(0o755)

    def configure(self, config: dict[str, Any] | str) -> None:
        """Give the machine a config; without a version it is of 3.4.0."""
        if isinstance(config, dict):
            config = json.dumps({"ignition": {"version": "3.4.0"}} | config)
        (self.directory / "config.ign").write_text(config)

    def tool(self, variable: str, script: str) -> None:
        """Put a shell script in the place of one of the tools; it has its arguments, and its directory as `$HERE`."""
        path = self.program.parent / variable.lower()
        path.write_text(f"#!/bin/sh\nHERE={self.directory}\n{script}\n")
        path.chmod(0o755)
        self.environment[f"IGNITION_{variable}"] = str(path)

    def run(self, stage: str, root: Path | str | None = None, *words: str) -> Done:
        """Run a stage; its log is on stdout."""
        places = {
            "platform": "file",
            "stage": stage,
            "root": self.root if root is None else root,
            "config-cache": self.cache,
            "neednet": self.need_net,
            "state-file": self.state,
        }
        options = [f"-{name}={value}" for name, value in places.items()]
        image = {
            f"IGNITION_SYSTEM_{name}CONFIG_DIR": str(self.image / (name.lower().rstrip("_") or "usr"))
            for name in ("RUNTIME_", "LOCAL_", "")
        }
        return subprocess.run(
            [*self.within, self.program, *options, "-log-to-stdout", *words],
            env={"PATH": os.environ["PATH"], "IGNITION_KERNEL_CMDLINE_PATH": "/dev/null", **image, **self.environment},
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
        )

    def fetch_and_write(self) -> Done:
        """The stages `fetch` and `files`; the first has to succeed."""
        fetched = self.run("fetch", "")
        assert fetched.returncode == 0, fetched.stdout
        return self.run("files")

    def noted(self) -> State:
        """What the stages have noted so far."""
        return load_state(str(self.state))

    def note(self, state: State) -> None:
        """Note something for the stages to come."""
        save_state(state, str(self.state))

    def text(self, path: str) -> str:
        """The text of a file of the machine."""
        return (self.root / path.lstrip("/")).read_text()


def embedded(text: str) -> str:
    """A URL that holds a text."""
    return f"data:;base64,{b64encode(text.encode()).decode()}"


def file(path: str, text: str = "x", **fields: Any) -> dict[str, Any]:
    """A file of a config."""
    return {"path": path, "contents": {"source": f"data:,{text}"}, **fields}
