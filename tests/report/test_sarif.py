"""SARIF: what a code scanner reads. The schema here says what SARIF 2.1.0 demands of the parts that are written."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from stoker.report import Entry, Place, Report, Severity
from stoker.report.sarif import as_sarif


def closed(required: str = "", **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 1}
MESSAGE = closed("text", text=TEXT)
# Sections of the standard: 3.13 log, 3.14 run, 3.18 tool, 3.19 component, 3.49 rule, 3.27 result, 3.28 location,
# 3.29 physical location, 3.4 artifact location, 3.30 region, 3.33 logical location.
RULE = closed("id", id=TEXT, shortDescription=MESSAGE)
DRIVER = closed("name", name=TEXT, version=TEXT, rules={"type": "array", "items": RULE, "uniqueItems": True})
URI = {"type": "string", "pattern": r"^(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"}
PHYSICAL = closed(
    "artifactLocation",
    artifactLocation=closed("", uri=URI),
    region=closed("startLine", startLine=COUNT, startColumn=COUNT),
)
LOGICAL = closed("", fullyQualifiedName=TEXT)
LOCATION = closed("", physicalLocation=PHYSICAL, logicalLocations={"type": "array", "items": LOGICAL})
RESULT = closed(
    "message ruleId",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION},
)
RUN = closed(
    "tool",
    tool=closed("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": RESULT},
)
LOG = closed("version runs", version={"const": "2.1.0"}, runs={"type": "array", "items": RUN}) | {}
LOG["properties"]["$schema"] = {"type": "string", "format": "uri"}

PLACED = Entry(
    Severity.ERROR, "relative-path", "path not absolute", ("storage", "files", 0), Place("a b.bu", 3, 5), "do"
)
NOWHERE = Entry(Severity.WARNING, "plain-http", "open")
AT_END = Entry(Severity.ERROR, "json-syntax", "unexpected end", (), Place("a.ign", 0, 0))
NOTED = Entry(Severity.INFO, "plain-http", "open too", ("x",))

# reports by file -> (rule, level, uri, line) of each result
CASES: dict[str, tuple[list[tuple[str, list[Entry]]], list[tuple[str, str, str, int | None]]]] = {
    "nothing": ([], []),
    "no findings": ([("a.bu", [])], []),
    "a name that is no URI": ([("a b.bu", [PLACED])], [("relative-path", "error", "a%20b.bu", 3)]),
    "stdin": ([("<stdin>", [NOWHERE])], [("plain-http", "warning", "%3Cstdin%3E", None)]),
    "a name that is not text": ([("\udcff.bu", [NOTED])], [("plain-http", "note", "%FF.bu", None)]),
    "what is missing at the end": ([("a.ign", [AT_END])], [("json-syntax", "error", "a.ign", None)]),
    "once": ([("a.bu", [NOWHERE, NOWHERE])], [("plain-http", "warning", "a.bu", None)]),
    "two files": (
        [("a.bu", [NOWHERE]), ("b.bu", [PLACED])],
        [("plain-http", "warning", "a.bu", None), ("relative-path", "error", "a%20b.bu", 3)],
    ),
}


@pytest.mark.parametrize(("reports", "expected"), CASES.values(), ids=CASES)
def test_sarif(reports: list[tuple[str, list[Entry]]], expected: list[tuple[str, str, str, int | None]]) -> None:
    log = json.loads(json.dumps(as_sarif([(file, Report(entries)) for file, entries in reports], "stoker", "1")))
    jsonschema.Draft202012Validator(LOG).validate(log)
    results = log["runs"][0]["results"]
    rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in results] == [result["ruleId"] for result in results]
    found = [(result, result["locations"][0]["physicalLocation"]) for result in results]
    assert [
        (result["ruleId"], result["level"], place["artifactLocation"]["uri"], place.get("region", {}).get("startLine"))
        for result, place in found
    ] == expected


def test_a_hint_is_part_of_the_message() -> None:
    result = as_sarif([("a.bu", Report([PLACED]))], "stoker", "1")["runs"][0]["results"][0]
    assert result["message"]["text"] == "path not absolute\ndo"
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "$.storage.files.0"}]
