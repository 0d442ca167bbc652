"""Lines of the log in both forms: one line each, whatever was asked."""

from __future__ import annotations

import json

import pytest

from stoker.http import Request, Response
from stoker.report import Entry, Place, Severity
from stoker.server.logs import Form, Lines
from stoker.server.replies import Deed

REQUEST = Request("GET", "/ipxe", "a=\n\x1b[31m", {"user-agent": "iPXE\r\n"}, b"", "192.0.2.1:9", "r1")
DEED = Deed(5.0, "operator:alice", "put", "groups/a.json", "192.0.2.1:9", "r1")
ENTRY = Entry(Severity.ERROR, "code", "no\nuse", (), Place("a.json", 3, 5), "mend it")

# what is said -> the line of text, the line of JSON
LINES = {
    "a request": (
        lambda lines: lines.access(REQUEST, Response(200, (), b"body"), 0.00123, "anyone"),
        '192.0.2.1:9 "GET /ipxe?a=\\n\\x1b[31m" 200 4 1.2ms "iPXE\\r\\n" r1 anyone',
        {
            "at": 7.5,
            "level": "info",
            "text": "request",
            "request": "r1",
            "client": "192.0.2.1:9",
            "caller": "anyone",
            "method": "GET",
            "target": "/ipxe?a=\\n\\x1b[31m",
            "status": 200,
            "bytes": 4,
            "milliseconds": 1.2,
            "agent": "iPXE\\r\\n",
        },
    ),
    "a change": (
        lambda lines: lines.audit(DEED),
        "audit: operator:alice put groups/a.json from 192.0.2.1:9 r1",
        {
            "at": 7.5,
            "level": "notice",
            "text": "put",
            "caller": "operator:alice",
            "client": "192.0.2.1:9",
            "request": "r1",
            "subject": "groups/a.json",
        },
    ),
    "a finding": (
        lambda lines: lines.tell(ENTRY),
        "a.json:3:5: error: no\\nuse (mend it)",
        {"at": 7.5, "level": "error", "text": "a.json:3:5: no\\nuse (mend it)", "code": "code"},
    ),
    "a trouble": (
        lambda lines: lines.warn("away", "r1"),
        "error: away r1",
        {"at": 7.5, "level": "error", "text": "away", "request": "r1"},
    ),
}


@pytest.mark.parametrize("say, text, document", LINES.values(), ids=LINES)
def test_a_line(say: object, text: str, document: dict[str, object]) -> None:
    assert callable(say)
    assert say(Lines(Form.TEXT)) == text
    line = say(Lines(Form.JSON, clock=lambda: 7.5))
    assert "\n" not in line
    assert json.loads(line) == document


def test_half_a_character_can_be_written() -> None:
    line = Lines(Form.JSON).access(Request("GET", "/\udcff"), Response(404), 0.0, "anyone")
    assert json.loads(line)["target"] == "/\\udcff"
