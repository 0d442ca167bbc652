"""The command as a process: what a shell sees of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

PLAIN = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `stoker WORD...` in an empty directory, `name` being the name it is called by."""

    def run_in_directory(
        *words: str, name: str = "stoker", text: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        if not program.exists():
            program.symlink_to(Path(sys.executable).parent / "stoker")
        return subprocess.run(
            [program, *words],
            input=text,
            cwd=tmp_path,
            env=PLAIN | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run_in_directory
