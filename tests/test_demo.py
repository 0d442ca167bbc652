"""The demo: what the first command of the README promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MACHINES = ("web-1", "web-2", "logs-1")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the demo said, and the directory that it made."""
    target = tmp_path_factory.mktemp("demo") / "made"
    words = [sys.executable, "scripts/demo.py", target]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout, target


def test_three_machines_are_provisioned(demo: tuple[str, Path]) -> None:
    said, target = demo
    assert "3 of 3 machines provisioned" in said
    assert sorted(path.name for path in target.iterdir() if (path / "etc/passwd").is_file()) == sorted(MACHINES)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_tells_from_its_first_request_to_its_own_root(machine: str, demo: tuple[str, Path]) -> None:
    said, _ = demo
    timeline = said.partition(f"timeline of {machine}\n")[2].partition("timeline of")[0]
    told = [line.split()[2] for line in timeline.splitlines() if line.startswith("  ")]
    assert told[0] == "identity"
    assert told[-2:] == ["up", "state"]
    assert told.index("ipxe") < told.index("ignition") < told.index("files")


def test_the_tree_is_what_the_config_says(demo: tuple[str, Path]) -> None:
    said, target = demo
    assert "selinux=0" in said
    assert "/etc/systemd/system/nginx.service" in said
    assert "core:x:" in (target / "web-1/etc/passwd").read_text()
    assert "test:x:" in (target / "web-1/etc/passwd").read_text()
    preset = target / "web-1/etc/systemd/system-preset/20-ignition.preset"
    assert "enable nginx.service" in preset.read_text().splitlines()
