"""The table of routes, and problem documents."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stoker.http import Match, Response, Route, Routes, problem, unescape_path
from stoker.report import Message, Place, Report, Severity

ROUTES = Routes(
    [
        Route(("GET",), "/", "root"),
        Route(("GET",), "/events", "read"),
        Route(("POST",), "/events", "write"),
        Route((), "/any", "any"),
        Route(("GET",), "/machines/{name}/events", "of machine"),
        Route(("GET",), "/assets/{path...}", "asset"),
    ]
)
ROWS = [
    ("GET", "/", Match("root", {})),
    ("HEAD", "/events", Match("read", {})),
    ("POST", "/events", Match("write", {})),
    ("PUT", "/events", Match(None, {}, ("GET", "HEAD", "POST"))),
    ("BREW", "/any", Match("any", {})),
    ("GET", "/machines/a/events", Match("of machine", {"name": "a"})),
    ("GET", "/machines/a:b/events", Match("of machine", {"name": "a:b"})),
    ("GET", "/machines/a%2Fb/events", Match("of machine", {"name": "a/b"})),
    ("GET", "/machines//events", Match(None, {})),
    ("GET", "/machines/a/b/events", Match(None, {})),
    ("GET", "/machines/a", Match(None, {})),
    ("GET", "/assets/a/b c", Match("asset", {"path": "a/b c"})),
    ("GET", "/assets/", Match("asset", {"path": ""})),
    ("GET", "/assets", Match(None, {})),
    ("GET", "/nothing", Match(None, {})),
    ("GET", "", Match(None, {})),
]


@pytest.mark.parametrize("method, path, expected", ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_routes(method: str, path: str, expected: Match[str]) -> None:
    found = ROUTES.find(method, path)
    assert replace(found, pattern="") == expected
    assert bool(found.pattern) == (expected.endpoint is not None)


@pytest.mark.parametrize(
    "written, path",
    [
        (b"/a%20b", "/a b"),
        (b"/a%2fb%2Fc", "/a%2Fb%2Fc"),
        (b"/%252f", "/%2f"),
        (b"/%zz%", "/%zz%"),
        (b"/%c3%a9\xff", "/\u00e9\udcff"),
    ],
)
def test_escapes_of_a_path(written: bytes, path: str) -> None:
    assert unescape_path(written) == path


def test_a_problem_carries_its_findings() -> None:
    report = Report()
    report.add(Severity.ERROR, Message("some-code", "{what} is wrong", "mend it"), ("a", 0), Place("f", 1, 2), what="x")
    response = problem(500, "it failed", report)
    assert isinstance(response, Response)
    assert isinstance(response.body, bytes)
    assert dict(response.headers)["content-type"] == "application/problem+json"
    assert json.loads(response.body) == {
        "title": "Internal Server Error",
        "status": 500,
        "detail": "it failed",
        "errors": [
            {
                "severity": "error",
                "code": "some-code",
                "detail": "x is wrong",
                "pointer": "$.a.0",
                "place": "f:1:2",
                "hint": "mend it",
            }
        ],
    }
