"""The units that a package ships: systemd finds nothing wrong with them, and the program knows what they ask for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stoker.cli import serve
from stoker.cli.parser import build_parser
from stoker.cli.verbs import VERBS

UNITS = Path(__file__).parent.parent / "packaging" / "systemd"
PROGRAM = Path(sys.executable).with_name("stoker")


def test_the_service_is_started_with_words_that_the_program_knows() -> None:
    text = (UNITS / "stoker.service").read_text()
    found = re.search(r"^ExecStart=/usr/bin/stoker serve (.*)$", text, re.MULTILINE)
    assert found
    arguments = build_parser(VERBS["serve"], serve.add_arguments).parse_args(found[1].split())
    assert (arguments.data, arguments.token_file) == ("%S/stoker/site", "%d/tokens")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="not installed: systemd-analyze")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace("/usr/bin/stoker", str(PROGRAM)))
    files = sorted(str(path) for path in tmp_path.iterdir())
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False)
    about_these = [line for line in run.stderr.splitlines() if "stoker" in line]
    assert (run.returncode, about_these) == (0, [])
