"""What CI asks of the recorded answers, and the table that benches print."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.figures import Figure, table
from bench.measure import call, side_by_side

CHECK = Path(__file__).parent.parent / ".ci" / "check-columns"


def counts(rc: int, answers: int, report: int) -> dict[str, int]:
    return {"n": 1000, "rc": rc, "json": answers, "report": report}


FINE = counts(990, 1000, 970)

GROUPS = {
    "just enough": ({"TOTAL": FINE, "variant fcos": FINE}, []),
    "a variant is short": (
        {"TOTAL": FINE, "variant fcos": counts(989, 1000, 969)},
        ["variant fcos: rc 98.90 % of 99 %", "variant fcos: report 96.90 % of 97 %"],
    ),
    "all is short": ({"TOTAL": counts(990, 989, 970)}, ["TOTAL: json 98.90 % of 99 %"]),
    "other groups do not count": ({"TOTAL": FINE, "tag yaml": counts(0, 0, 0)}, []),
    "no cases": ({}, ["TOTAL: no cases"]),
}


@pytest.mark.parametrize(("groups", "short"), GROUPS.values(), ids=GROUPS)
def test_columns(groups: dict[str, dict[str, int]], short: list[str], tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    summary.write_text(json.dumps({"groups": groups}))
    done = subprocess.run(
        [sys.executable, CHECK, "Butane", summary, "rc=99", "json=99", "report=97"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.splitlines()[1:], done.returncode) == (short, int(bool(short)))


def test_a_table_has_a_row_for_each_figure() -> None:
    head, line, *rows = table([Figure("speed", "3 ms", "4 ms"), Figure("size", "1 MB")], "make bench").splitlines()
    assert [cell.strip() for cell in head.split("|")[1:5]] == ["figure", "value", "wanted", "command"]
    assert set(line) == set("| -")
    assert [[cell.strip() for cell in row.split("|")[1:5]] for row in rows] == [
        ["speed", "3 ms", "4 ms", "`make bench`"],
        ["size", "1 MB", "", "`make bench`"],
    ]


def test_what_is_compared_takes_turns() -> None:
    turns: list[str] = []
    best = side_by_side({name: call(lambda name=name: turns.append(name)) for name in ("a", "b")}, rounds=2)
    assert turns == ["a", "b", "a", "b"]
    assert all(0 <= seconds < float("inf") for seconds in best.values())
