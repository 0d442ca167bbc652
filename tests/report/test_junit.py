"""Reports as JUnit's XML: what holds, what does not, and what a text may have in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from stoker.report import Entry, Place, Report, Severity
from stoker.report.junit import Case, Suite, as_junit

FAILED = Report(
    [
        Entry(Severity.ERROR, "a-code", 'it is `<x>`, not "y" & \x1b[31mz\x00', (), Place("t.yaml", 4, 5)),
        Entry(Severity.ERROR, "a-code", "another"),
    ]
)


def test_suites_of_cases() -> None:
    text = as_junit(
        [
            Suite('a "b"', (Case("holds", "t.yaml", 3, Report()), Case("fails <&>", "t.yaml", 4, FAILED))),
            Suite("empty", ()),
        ]
    )
    first, second = ET.fromstring(text)
    assert first.attrib == {"name": 'a "b"', "tests": "2", "failures": "1"}
    assert second.attrib == {"name": "empty", "tests": "0", "failures": "0"}
    holds, fails = first
    assert holds.attrib == {"classname": 'a "b"', "name": "holds", "file": "t.yaml", "line": "3"}
    assert list(holds) == []
    (failure,) = fails
    assert failure.attrib == {"message": 'it is `<x>`, not "y" & \ufffd[31mz\ufffd', "type": "a-code"}
    assert failure.text == 't.yaml:4:5: it is `<x>`, not "y" & \ufffd[31mz\ufffd\nanother'
