"""Findings as values, and as text."""

from __future__ import annotations

import msgspec
import pytest

from stoker.report import ROOT, Entry, Event, Message, Place, Report, Severity, pointer_text
from stoker.report.render import as_line, as_lines, as_snippets

PLAIN = Message("plain", "path not absolute", "start it with `/`")
FIELDS = Message("fields", "`{name}` is {what}", "not {what}")
HERE = ("storage", "files", 0, "path")


def test_pointers_read_as_people_write_them() -> None:
    assert pointer_text(ROOT) == "$"
    assert pointer_text(HERE) == "$.storage.files.0.path"


def test_places_print_as_editors_take_them() -> None:
    assert str(Place("web.bu", 3, 14)) == "web.bu:3:14"


def test_a_finding_fills_the_fields_of_text_and_hint() -> None:
    report = Report()
    report.add(Severity.ERROR, FIELDS, HERE, Place("a.bu", 1, 2), name="x", what="wrong")
    report.add(Severity.WARNING, PLAIN)
    assert report.entries == [
        Entry(Severity.ERROR, "fields", "`x` is wrong", HERE, Place("a.bu", 1, 2), "not wrong"),
        Entry(Severity.WARNING, "plain", "path not absolute", ROOT, None, "start it with `/`"),
    ]


def test_braces_of_a_message_without_values_stay() -> None:
    report = Report()
    report.add(Severity.INFO, Message("braces", "write {} here"))
    assert [entry.message for entry in report] == ["write {} here"]


def test_values_are_not_filled_again() -> None:
    report = Report()
    report.add(Severity.INFO, FIELDS, name="{what}", what="{name}")
    assert report.entries[0].message == "`{what}` is {name}"


@pytest.mark.parametrize(
    "severities, has_errors",
    [([], False), (["warning", "info"], False), (["warning", "error"], True)],
)
def test_only_errors_stop(severities: list[str], has_errors: bool) -> None:
    report = Report(Entry(Severity(severity), "code", "text") for severity in severities)
    assert report.has_errors is has_errors
    assert any(entry.is_error for entry in report) is has_errors
    assert len(report) == len(severities)


def test_reports_are_joined_in_order() -> None:
    one, two = (Report([Entry(Severity.INFO, code, "text")]) for code in ("one", "two"))
    one.extend(two)
    assert [entry.code for entry in one] == ["one", "two"]


@pytest.mark.parametrize(
    "entry, expected",
    [
        (Entry(Severity.INFO, "code", "text"), b'{"severity":"info","code":"code","message":"text"}'),
        (
            Entry(Severity.ERROR, "code", "text", ("a", 0), Place("f", 1, 2), "mend it"),
            b'{"severity":"error","code":"code","message":"text","pointer":["a",0],"place":["f",1,2],"hint":"mend it"}',
        ),
    ],
    ids=["least", "most"],
)
def test_entries_as_json(entry: Entry, expected: bytes) -> None:
    assert msgspec.json.encode(entry) == expected
    assert msgspec.json.decode(expected, type=Entry) == entry


def test_events_as_json_leave_out_what_is_not_known() -> None:
    event = Event(at=1.5, stage="files", text="wrote /etc/hostname")
    assert msgspec.json.encode(event) == b'{"at":1.5,"stage":"files","text":"wrote /etc/hostname"}'
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


LINES = {
    "nothing but words": (Entry(Severity.INFO, "code", "text"), "info: text"),
    "a pointer": (Entry(Severity.WARNING, "code", "text", HERE), "warning at $.storage.files.0.path: text"),
    "a place": (Entry(Severity.ERROR, "code", "text", ROOT, Place("f", 3, 4)), "error at line 3 col 4: text"),
    "both": (
        Entry(Severity.ERROR, "code", "text", HERE, Place("f", 3, 4)),
        "error at $.storage.files.0.path, line 3 col 4: text",
    ),
}


@pytest.mark.parametrize("entry, expected", LINES.values(), ids=LINES)
def test_lines(entry: Entry, expected: str) -> None:
    assert as_line(entry) == expected
    assert as_lines(Report([entry, entry])) == f"{expected}\n{expected}\n"


SOURCE = "\n".join(f"line {number}: value" for number in range(1, 12)) + "\n"

# source, line, column -> the snippet; `~` is where a line ends in a blank
SNIPPETS = {
    "in the middle of one digit": (
        SOURCE,
        (4, 9),
        """\
error[$.a]:
  --> f.bu:4:9
   |
 2 | line 2: value
 3 | line 3: value
 4 | line 4: value
   |         ^^^^^ text
 5 | line 5: value
 6 | line 6: value
   |
""",
    ),
    "where numbers get wider": (
        SOURCE,
        (9, 6),
        """\
error[$.a]:
  --> f.bu:9:6
    |
  7 | line 7: value
  8 | line 8: value
  9 | line 9: value
    |      ^^ text
 10 | line 10: value
 11 | line 11: value
    |
""",
    ),
    "at the start": (
        SOURCE,
        (1, 1),
        """\
error[$.a]:
  --> f.bu:1:1
   |
 1 | line 1: value
   | ^^^^ text
 2 | line 2: value
 3 | line 3: value
   |
""",
    ),
    "at the end the last line end opens a line": (
        "a\nb\n",
        (2, 1),
        """\
error[$.a]:
  --> f.bu:2:1
   |
 1 | a
 2 | b
   | ^ text
 3 |~
   |
""",
    ),
    "an empty line has no column": ("a\n\nb\n", (2, 1), "error at $.a, line 2 col 1: text\n"),
    "past the last line": ("a\n", (7, 1), "error at $.a, line 7 col 1: text\n"),
    "past the end of the line": ("a\n", (1, 2), "error at $.a, line 1 col 2: text\n"),
    "before the text": ("a\n", (0, 0), "error at $.a, line 0 col 0: text\n"),
    "columns of characters, carets of bytes": (
        "ää: x\n",
        (1, 5),
        """\
error[$.a]:
  --> f.bu:1:5
   |
 1 | ää: x
   |     ^ text
 2 |~
   |
""",
    ),
}


@pytest.mark.parametrize("source, place, expected", SNIPPETS.values(), ids=SNIPPETS)
def test_snippets(source: str, place: tuple[int, int], expected: str) -> None:
    report = Report([Entry(Severity.ERROR, "code", "text", ("a",), Place("f.bu", *place))])
    assert as_snippets(report, source.encode(), "f.bu", color=False) == expected.replace("~", " ")


def test_snippets_are_apart_by_an_empty_line_and_need_no_pointer() -> None:
    report = Report([Entry(Severity.INFO, "code", "text", ROOT, Place("f", 1, 1))] * 2)
    one = "info:\n  --> f:1:1\n   |\n 1 | a\n   | ^ text\n   |\n"
    assert as_snippets(report, b"a", "f", color=False) == f"{one}\n{one}"
    assert as_snippets(Report(), b"a", "f", color=False) == ""


def test_long_lines_are_not_shown_without_end() -> None:
    entry = Entry(Severity.ERROR, "code", "text", ("a",), Place("f", 1, 1))
    shown = as_snippets(Report([entry] * 100), b"x" * (1 << 20), "f", color=False)
    assert (16 << 20) < len(shown) < (40 << 20)
    assert shown.endswith("\nerror at $.a, line 1 col 1: text\n" * 2)


COLORS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}


@pytest.mark.parametrize("severity, code", COLORS.items())
def test_colors(severity: Severity, code: str) -> None:
    report = Report([Entry(severity, "code", "text", ("a",), Place("f", 1, 1))])
    blue, end = "\x1b[1;34m", "\x1b[0m"
    assert as_snippets(report, b"value", "f", color=True) == (
        f"\x1b[{code}m{severity}{end}[$.a]:\n"
        f"  {blue}-->{end} f:1:1\n"
        "   |\n"
        f" {blue}1{end} | value\n"
        f"   | {blue}^^^^^{end} text\n"
        "   |\n"
    )


def test_bytes_that_are_no_text_are_shown_as_they_are() -> None:
    report = Report([Entry(Severity.ERROR, "code", "text", ("a",), Place("f", 1, 1))])
    shown = as_snippets(report, b"a\xffb c", "f", color=False).encode("utf-8", "surrogateescape")
    assert b" 1 | a\xffb c\n   | ^^^ text\n" in shown
