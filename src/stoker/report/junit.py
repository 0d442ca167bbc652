"""Reports as JUnit's XML, which CI systems show: in go suites of cases with their findings, out comes one document.

A case with findings has failed; each of them is a line of its failure. Source: the schema of Jenkins's xUnit plug-in
(junit-10.xsd).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from stoker.report.entries import Entry, Report
from stoker.report.native import plain


class Case(NamedTuple):
    """A case: its name, the file and line where it is written, and what was found."""

    name: str
    file: str
    line: int
    report: Report


class Suite(NamedTuple):
    """Cases of one file."""

    name: str
    cases: tuple[Case, ...]


def as_junit(suites: Iterable[Suite]) -> str:
    """The suites as XML."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for suite in suites:
        failed = sum(bool(len(case.report)) for case in suite.cases)
        lines.append(f'  <testsuite name={_attribute(suite.name)} tests="{len(suite.cases)}" failures="{failed}">')
        for case in suite.cases:
            lines += _case(suite, case)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(suite: Suite, case: Case) -> list[str]:
    names = f"classname={_attribute(suite.name)} name={_attribute(case.name)}"
    head = f'    <testcase {names} file={_attribute(case.file)} line="{case.line}"'
    entries = list(case.report)
    if not entries:
        return [f"{head}/>"]
    text = "\n".join(escape(plain(_line(entry))) for entry in entries)
    failure = f"<failure message={_attribute(entries[0].message)} type={_attribute(entries[0].code)}>{text}</failure>"
    return [f"{head}>", f"      {failure}", "    </testcase>"]


def _line(entry: Entry) -> str:
    return f"{entry.place}: {entry.message}" if entry.place else entry.message


def _attribute(text: str) -> str:
    return quoteattr(plain(text))
