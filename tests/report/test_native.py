"""Findings as people are shown them: the line around a place, and what of it is marked."""

from __future__ import annotations

import pytest

from stoker.report import ROOT, Entry, Place, Report, Severity
from stoker.report.native import as_text

# the text, the column -> what is marked
MARKED = {
    "a word": ("path: etc/motd", 7, "etc/motd"),
    "a string of JSON": ('{"a": "b c"}', 7, '"b c"'),
    "a key without its colon": ("path: etc/motd", 1, "path"),
    "a colon where none may be": ("Stage: fetch: x", 13, ":"),
    "the end of the line": ("path", 5, ""),
}


@pytest.mark.parametrize("text, column, expected", MARKED.values(), ids=MARKED)
def test_what_is_marked(text: str, column: int, expected: str) -> None:
    report = Report([Entry(Severity.ERROR, "code", "wrong", ROOT, Place("a.bu", 1, column))])
    carets = "^" * max(1, len(expected))
    assert as_text(report, {"a.bu": text.encode()}) == (
        f"error[code]: wrong\n  --> a.bu:1:{column}\n  1 | {text}\n    | {' ' * (column - 1)}{carets}\n"
    )
    assert text[column - 1 :].startswith(expected)
