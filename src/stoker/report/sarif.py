"""Reports as SARIF 2.1.0, which code scanners and editors read.

In go the findings of files; out comes one log with one run as plain data. Every code that was found is a rule of the
run; a finding without a place is about its file as a whole. Columns count characters, as places do.
Source: OASIS, Static Analysis Results Interchange Format (SARIF) 2.1.0, sections 3.13 to 3.49.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from stoker.report.entries import Entry, Report, Severity
from stoker.report.native import entries_of
from stoker.report.places import pointer_text

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION: Final = "2.1.0"

_LEVELS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def as_sarif(reports: Iterable[tuple[str, Report]], tool: str, version: str) -> dict[str, Any]:
    """The findings of each file as a SARIF log of `tool` in its `version`."""
    found = [(file, entry) for file, report in reports for entry in entries_of(report)]
    rules: dict[str, int] = {}
    results = [_result(file, entry, rules.setdefault(entry.code, len(rules))) for file, entry in found]
    driver = {"name": tool, "version": version, "rules": [_rule(code) for code in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": code.replace("-", " ")}}


def _result(file: str, entry: Entry, rule: int) -> dict[str, Any]:
    text = f"{entry.message}\n{entry.hint}" if entry.hint else entry.message
    return {
        "ruleId": entry.code,
        "ruleIndex": rule,
        "level": _LEVELS[entry.severity],
        "message": {"text": text},
        "locations": [_location(file, entry)],
    }


def _location(file: str, entry: Entry) -> dict[str, Any]:
    place = entry.place
    name = file if place is None else place.file
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(name.encode("utf-8", "surrogateescape"), safe="/~")}}
    if place is not None and place.line:
        physical["region"] = {"startLine": place.line, "startColumn": place.column}
    location: dict[str, Any] = {"physicalLocation": physical}
    if entry.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": pointer_text(entry.pointer)}]
    return location
