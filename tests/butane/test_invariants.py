"""What holds of every golden case, whatever it is about."""

from __future__ import annotations

import msgspec
import pytest

from stoker.butane import Compilation, compile_text
from stoker.ignition.encode import encode
from stoker.ignition.parse import parse
from stoker.report import Entry, Report
from stoker.report.render import as_lines, as_snippets
from stoker.schema.specs import Spec
from tests.butane.golden import FILE, Case, cases, compiled, run_id, runs
from tests.butane.provenance import unexplained

EVERY_RUN = pytest.mark.parametrize("case, spec", runs(), ids=run_id)
ACCEPTED = pytest.mark.parametrize(
    "case, spec", [run for run in runs() if compiled(*run).config is not None], ids=run_id
)


def as_applet(case: Case, spec: Spec | None) -> Compilation:
    return compile_text(case.text(spec), file=FILE, files_dir=case.files_dir, raw=case.is_raw, as_reference=True)


@EVERY_RUN
def test_every_finding_has_a_place_inside_the_file(case: Case, spec: Spec | None) -> None:
    lines = case.text(spec).decode().split("\n")
    for entry in compiled(case, spec).report:
        assert entry.place is not None
        assert entry.place.file == FILE
        assert 1 <= entry.place.line <= len(lines)
        assert 1 <= entry.place.column <= len(lines[entry.place.line - 1]) + 1


@EVERY_RUN
def test_errors_and_a_config_exclude_each_other(case: Case, spec: Spec | None) -> None:
    done = compiled(case, spec)
    assert (done.config is None) == done.report.has_errors == (done.error is not None)


@EVERY_RUN
def test_both_ways_to_find_places_find_the_same(case: Case, spec: Spec | None) -> None:
    """The ways differ in pointers and places only, never in what is found or made."""
    right, applet = compiled(case, spec), as_applet(case, spec)
    assert [(entry.severity, entry.message) for entry in applet.report] == [
        (entry.severity, entry.message) for entry in right.report
    ]
    assert (applet.error, applet.config) == (right.error, right.config)


@EVERY_RUN
def test_the_report_can_be_shown_in_every_form(case: Case, spec: Spec | None) -> None:
    report = compiled(case, spec).report
    text = case.text(spec)
    assert len(as_lines(report).splitlines()) == len(report)
    for color in (False, True):
        shown = as_snippets(report, text, FILE, color)
        assert all(entry.message in shown for entry in report)
    written = encode(msgspec.to_builtins(report.entries))
    assert Report(msgspec.json.decode(written, type=list[Entry])).entries == report.entries


@ACCEPTED
def test_every_part_of_the_config_knows_where_it_came_from(case: Case, spec: Spec | None) -> None:
    assert unexplained(compiled(case, spec)) == []


@ACCEPTED
def test_the_config_is_valid_ignition_and_reads_back_as_itself(case: Case, spec: Spec | None) -> None:
    done = compiled(case, spec)
    written = encode(done.config)
    parsed = parse(written)
    assert [entry for entry in parsed.report if entry.is_error] == []
    assert parsed.config == done.config
    assert encode(parsed.config) == written
    assert parse(encode(done.config, pretty=True)).config == done.config


def rewritten(text: bytes) -> dict[str, bytes]:
    """The same text in other bytes."""
    return {
        "a byte order mark": b"\xef\xbb\xbf" + text,
        "UTF-16": text.decode().encode("utf-16"),
        "UTF-16, big end first": b"\xfe\xff" + text.decode().encode("utf-16-be"),
        "line ends of Windows": text.replace(b"\n", b"\r\n"),
    }


@pytest.mark.parametrize("case", cases(), ids=run_id)
@pytest.mark.parametrize("way", rewritten(b""))
def test_the_same_text_in_other_bytes_means_the_same(case: Case, way: str) -> None:
    spec = case.specs[0] if case.specs else None
    text = rewritten(case.text(spec))[way]
    done = compiled(case, spec)
    other = compile_text(text, file=FILE, files_dir=case.files_dir, raw=case.is_raw)
    assert other.config == done.config
    assert other.report.entries == done.report.entries
    assert as_snippets(other.report, text, FILE, color=False).count("\n") >= len(done.report)
