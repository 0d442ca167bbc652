"""URLs: what is one, and of which scheme."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.schema.urls import _DATA, _PLAIN, Url, parse_url, query_values

PARSED: dict[str, Url | None] = {
    "": Url("", "", ""),
    "https://example.com/a": Url("https", "", ""),
    "HTTPS://example.com/a": Url("https", "", ""),
    "http://example.com:8080/?a=b#c": Url("http", "", "a=b"),
    "http://user:secret@example.com": Url("http", "", ""),
    "http://[::1]:80/": Url("http", "", ""),
    "http://[fe80::1%25eth0]/": Url("http", "", ""),
    "http://bücher.example/": Url("http", "", ""),
    "http://example.com:/": Url("http", "", ""),
    "http://": Url("http", "", ""),
    "http:/path": Url("http", "", ""),
    "http:opaque?q": Url("http", "opaque", "q"),
    "data:,abc": Url("data", ",abc", ""),
    "arn:aws:s3:::b/k?versionId=1": Url("arn", "aws:s3:::b/k", "versionId=1"),
    "/path/only": Url("", "", ""),
    "//host/path": Url("", "", ""),
    "relative": Url("", "", ""),
    "a/b:c": Url("", "", ""),
    "http://example.com/a%20b": Url("http", "", ""),
    "http://example.com/a b": Url("http", "", ""),
    "http://example.com/?%zz": Url("http", "", "%zz"),
    "s3+x-1.0://b": Url("s3+x-1.0", "", ""),
    ":no-scheme": None,
    "a:b/c": Url("a", "b/c", ""),
    "1a:b": None,
    "a b:c": None,
    "http://example.com/%zz": None,
    "http://example.com/%2": None,
    "http://example.com/#%zz": None,
    "http://example.com/\x7f": None,
    "http://example.com/\n": None,
    "http://[::1": None,
    "http://[::1]x/": None,
    "http://[1.2.3.4]/": None,
    "http://[::g]/": None,
    "http://::1/": None,
    "http://example.com:a/": None,
    "http://example.com:80:80/": None,
    "http://exa mple.com/": None,
    "http://exa%20mple.com/": None,
    "http://exa%C3%A9.com/": Url("http", "", ""),
    "http://a^b/": None,
    "http://us er@example.com/": None,
    "http://us%zz@example.com/": None,
}


@pytest.mark.parametrize("text, expected", PARSED.items())
def test_parse_url(text: str, expected: Url | None) -> None:
    assert parse_url(text) == expected


VALUES = {
    ("a=1", "a"): ["1"],
    ("a=1&b=2&a=3", "a"): ["1", "3"],
    ("a", "a"): [""],
    ("a=", "a"): [""],
    ("", "a"): None,
    ("b=1", "a"): None,
    ("a=1;b=2", "a"): None,
    ("a=x+y%2Bz", "a"): ["x y+z"],
    ("%61=1", "a"): ["1"],
    ("a=%zz&a=1", "a"): ["1"],
    ("a=b=c", "a"): ["b=c"],
    ("a=%ff", "a"): ["\ufffd"],
}


@pytest.mark.parametrize("question, expected", VALUES.items(), ids=str)
def test_query_values(question: tuple[str, str], expected: list[str] | None) -> None:
    assert query_values(*question) == expected


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    rest=st.text("aZ0:/.?#%-~@[] ,;=", max_size=20), scheme=st.sampled_from(["http://", "https://", "s3://", "data:"])
)
def test_the_quick_ways_agree_with_the_long_one(rest: str, scheme: str) -> None:
    """A blank before makes the quick ways pass; a fragment behind changes nothing else."""
    text = scheme + rest
    if _PLAIN.fullmatch(text) or _DATA.fullmatch(text):
        assert parse_url(text) == parse_url(text + "#")
