"""Query strings as Go's net/url reads them."""

from __future__ import annotations

import pytest

from stoker.http import parse_query

ROWS = [
    ("", {}),
    ("a=1", {"a": ["1"]}),
    ("a=1&a=2&b=", {"a": ["1", "2"], "b": [""]}),
    ("a", {"a": [""]}),
    ("=v", {"": ["v"]}),
    ("a=b=c", {"a": ["b=c"]}),
    ("&&a=1&", {"a": ["1"]}),
    ("a=x+y&b=%2B", {"a": ["x y"], "b": ["+"]}),
    ("%61=1", {"a": ["1"]}),
    ("a=%zz&b=2", {"b": ["2"]}),
    ("a=%4&b=2", {"b": ["2"]}),
    ("a;b=1&c=2", {"c": ["2"]}),
    ("a=%3B", {"a": [";"]}),
    ("mac=52-54-00-a1-9c-ae&uuid=", {"mac": ["52-54-00-a1-9c-ae"], "uuid": [""]}),
    ("a=%C3%A9", {"a": ["é"]}),
    ("a=%ff", {"a": ["\udcff"]}),
]


@pytest.mark.parametrize("raw, expected", ROWS, ids=[raw or "nothing" for raw, _ in ROWS])
def test_query(raw: str, expected: dict[str, list[str]]) -> None:
    assert parse_query(raw) == expected


def test_a_long_query_is_bounded() -> None:
    assert len(parse_query("&".join(f"k{number}=v" for number in range(5000)))) == 1000
