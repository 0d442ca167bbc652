"""No document may end a process, take long or take much: mutants of every golden case, in processes with limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.butane.mutations import mutant

ROOT = Path(__file__).parents[2]
CHUNK = 250
QUICK = 1_000
LONG = 100_000


def what_went_wrong(first: int, count: int) -> str | None:
    """Which of some mutants ended the process that tried them, and how; None when all are fine."""
    command = [sys.executable, "-m", "tests.butane.fuzz", str(first), str(count)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return None
    seed = run.stdout.split()[-1] if run.stdout else "none"
    again = f"python -m tests.butane.fuzz {seed} 1"
    return f"seed {seed} ended the process with {run.returncode}; again: {again}\n{run.stderr[-3000:]}"


@pytest.mark.parametrize("first", range(0, QUICK, CHUNK))
def test_mutants(first: int) -> None:
    assert what_went_wrong(first, CHUNK) is None


@pytest.mark.soak
@pytest.mark.parametrize("first", range(QUICK, QUICK + LONG, 20 * CHUNK))
def test_many_mutants(first: int) -> None:
    assert what_went_wrong(first, 20 * CHUNK) is None


def test_a_seed_always_gives_the_same_mutant() -> None:
    assert [mutant(seed) for seed in range(50)] == [mutant(seed) for seed in range(50)]
    assert len({mutant(seed).text for seed in range(50)}) > 40
