"""Which room may import which: the contract in pyproject.toml, read by import-linter, and that it can fail."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINT = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]


def test_every_room_imports_only_from_the_rooms_before_it() -> None:
    run = subprocess.run(LINT, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_the_contract_names_every_room() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    named = {layer.strip("()") for layer in contract["layers"]}
    rooms = {path.parent.name for path in (ROOT / "src" / "stoker").glob("*/__init__.py")}
    assert rooms <= named
    assert contract["exhaustive"]


def test_an_import_of_a_later_room_is_refused(tmp_path: Path) -> None:
    """The same contract over a package whose first room imports the last."""
    package = tmp_path / "stoker"
    for room, text in {"report": "import stoker.cli", "cli": ""}.items():
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text(text)
    (package / "__init__.py").write_text("")
    command = [*LINT, "--config", str(ROOT / "pyproject.toml")]
    run = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "stoker.report is not allowed to import stoker.cli" in run.stdout
