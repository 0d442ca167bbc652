"""Starting: a small config through one process of a base install, beside an interpreter that only imports its parts."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import yaml

import stoker
from bench.figures import Figure
from bench.measure import command, side_by_side

ROUNDS = 20
CONFIG = b"variant: fcos\nversion: 1.5.0\n"
SYSTEM = f"python3.{sys.version_info.minor}"


def run() -> Iterator[Figure]:
    """CPU milliseconds of a process without the site module, by this interpreter and by the system's own."""
    pythons = {"this Python": sys.executable}
    if found := shutil.which(SYSTEM, path="/usr/bin"):
        pythons["the system's Python"] = found
    with tempfile.TemporaryDirectory() as site:
        for package in (stoker, msgspec, yaml):
            Path(site, package.__name__).symlink_to(Path(package.__file__ or "").parent)
        environment = {"PYTHONPATH": site}
        commands = {
            f"{name}: {what}": command([python, "-S", *words], CONFIG, environment)
            for name, python in pythons.items()
            for what, words in (
                ("nothing", ["-c", ""]),
                ("its two dependencies imported", ["-c", "import msgspec, yaml"]),
                ("stoker --version", ["-m", "stoker", "--version"]),
                ("stoker butane, a small config", ["-m", "stoker", "butane"]),
            )
        }
        best = side_by_side(commands, ROUNDS)
    for what, seconds in best.items():
        yield Figure(f"start, {what}", f"{seconds * 1000:.0f} ms CPU", "45 ms" if "config" in what else "")
