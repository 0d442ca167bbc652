"""Lines of a log as logrus writes them."""

from __future__ import annotations

import re

import pytest

from stoker.server.logrus import LEVELS, LONGEST, Logrus

LINES = [
    ("plain", {}, "msg=plain"),
    ("", {}, "msg="),
    ("two words", {}, 'msg="two words"'),
    ('a"b\\c\nd\x1b', {}, r'msg="a\"b\\c\nd\x1b"'),
    ("\udcff é", {}, r'msg="\xff é"'),
    ("m", {"profile": "p", "labels": "map[a:b]"}, 'msg=m labels="map[a:b]" profile=p'),
]


@pytest.mark.parametrize("message, fields, expected", LINES, ids=[repr(row[0]) for row in LINES])
def test_a_line(message: str, fields: dict[str, str], expected: str) -> None:
    time, level, rest = Logrus().line("info", message, **fields).split(" ", 2)
    assert re.fullmatch(r'time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"', time)
    assert (level, rest) == ("level=info", expected)


def test_a_level_lets_through_what_matters_as_much() -> None:
    heard = {level: [each for each in LEVELS if Logrus(level).line(each, "m")] for level in ("panic", "warn", "trace")}
    assert heard == {
        "panic": ["panic"],
        "warn": ["panic", "fatal", "error", "warn", "warning"],
        "trace": list(LEVELS),
    }


def test_a_long_value_is_cut() -> None:
    assert len(Logrus().line("info", "a" * (2 * LONGEST))) < LONGEST + 100
