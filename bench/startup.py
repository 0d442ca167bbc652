"""Starting: a small config through one process, beside an interpreter that does nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.figures import Figure
from bench.measure import command, side_by_side

ROUNDS = 20
CONFIG = b"variant: fcos\nversion: 1.5.0\n"


def run() -> Iterator[Figure]:
    """CPU milliseconds of a process, without the site module, as a package would start it."""
    python, environment = [sys.executable, "-S"], {"PYTHONPATH": ":".join(filter(None, sys.path))}
    best = side_by_side(
        {
            "an interpreter that does nothing": command([*python, "-c", ""], b"", environment),
            "stoker --version": command([*python, "-m", "stoker", "--version"], b"", environment),
            "stoker butane, a small config": command([*python, "-m", "stoker", "butane"], CONFIG, environment),
        },
        ROUNDS,
    )
    for what, seconds in best.items():
        yield Figure(f"start: {what}", f"{seconds * 1000:.0f} ms CPU", "45 ms" if "config" in what else "")
