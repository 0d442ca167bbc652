"""What starting costs: the modules that a base install imports for one small config, by name and by number."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

SOURCE = Path(__file__).parent.parent / "src"

# Each is milliseconds, and none is needed to translate a config.
HEAVY = {
    *("argparse", "ast", "asyncio", "concurrent", "ctypes", "difflib", "email"),
    *("gettext", "http", "importlib.metadata", "inspect", "logging", "multiprocessing", "random"),
    *("selectors", "shutil", "socket", "sqlite3", "ssl", "subprocess", "tempfile"),
    *("threading", "tomllib", "urllib.request", "xml"),
}

# command, stdin -> the most modules that may be imported; a new one is a decision, not an accident
COMMANDS = {
    "butane": (["butane"], "variant: fcos\nversion: 1.5.0\n", 165),
    "butane --version": (["butane", "--version"], "", 75),
    "ignition-validate": (["ignition-validate", "-"], '{"ignition": {"version": "3.4.0"}}', 140),
    "matchbox -version": (["matchbox", "-version"], "", 75),
    "--help": (["--help"], "", 75),
    "ignition -version": (["ignition", "-version"], "", 180),
    "ignition, a stage": (
        [
            *("ignition", "-platform=metal", "-stage=fetch", "-root=", "-log-to-stdout", "-neednet=neednet"),
            *("-config-cache=cache", "-state-file=state"),
        ],
        "",
        275,
    ),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base install: this project and what it depends on, nothing else that happens to be installed here."""
    site = tmp_path_factory.mktemp("base")
    for package in (msgspec, yaml):
        assert package.__file__ is not None
        (site / package.__name__).symlink_to(Path(package.__file__).parent)
    (site / "stoker").symlink_to(SOURCE / "stoker")
    return site


@pytest.mark.parametrize(("words", "text", "most"), COMMANDS.values(), ids=COMMANDS)
def test_a_small_command_imports_little(words: list[str], text: str, most: int, base: Path) -> None:
    command = [sys.executable, "-S", "-X", "importtime", "-m", "stoker", *words]
    run = subprocess.run(
        command, input=text, env={"PYTHONPATH": str(base)}, cwd=base, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}
    heavy = {name for name in imported if name in HEAVY or name.partition(".")[0] in HEAVY}
    assert heavy == set()
    assert len(imported) <= most, sorted(imported)
