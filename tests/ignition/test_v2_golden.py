"""Whole configs from Ignition 2 to 3 and back, as a person reads what comes out and what is said about it.

`golden/NAME.ign` goes in; `NAME.to-VERSION.ign` comes out, or does not exist, and `NAME.to-VERSION.txt` is said.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.ignition.encode import encode
from stoker.ignition.parse import parse
from stoker.ignition.tidy import tidy
from stoker.ignition.versions import find_target, to_version
from stoker.report import Report, pointer_text

GOLDEN = Path(__file__).parent / "golden"

CASES = [
    ("web-2.2", "3.4"),
    ("web-2.2", "3.0"),
    ("web-2.2", "2.4"),
    ("refused-2.1", "3.4"),
    ("node-3.4", "2.4"),
    ("node-3.4", "2.2"),
    ("cluster-3.5", "2.2"),
    ("cluster-3.5", "3.1"),
]


def lines(report: Report) -> str:
    """A report, a finding and its hint a line each."""
    text = ""
    for entry in report:
        text += f"{entry.place} {entry.severity}[{entry.code}] {pointer_text(entry.pointer)}\n  {entry.message}\n"
        text += f"  hint: {entry.hint}\n" if entry.hint else ""
    return text


@pytest.mark.parametrize(("name", "version"), CASES, ids=[f"{name} to {version}" for name, version in CASES])
def test_golden(name: str, version: str) -> None:
    raw = (GOLDEN / f"{name}.ign").read_bytes()
    target = find_target(version)
    assert target is not None
    parsed = parse(raw, file=f"{name}.ign")
    config, report = to_version(parsed, target, {"data": "/srv"})
    said = lines(report)
    out = ""
    if not report.has_errors:
        out = encode(tidy(config, target) if target.family == "v2" else config, pretty=True).decode() + "\n"
    expected = GOLDEN / f"{name}.to-{version}"
    wanted = expected.with_name(f"{expected.name}.ign")
    assert said == expected.with_name(f"{expected.name}.txt").read_text()
    assert out == (wanted.read_text() if wanted.exists() else "")


def test_every_golden_file_is_read() -> None:
    known = {f"{name}.ign" for name, _ in CASES}
    for name, version in CASES:
        known |= {f"{name}.to-{version}.ign", f"{name}.to-{version}.txt"}
    assert {path.name for path in GOLDEN.iterdir()} <= known
