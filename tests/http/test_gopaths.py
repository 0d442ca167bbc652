"""Paths as ServeMux cleans them, and where that sends a client."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.http import Request
from stoker.http.gopaths import clean_path, redirect, redirect_beside, write_path

CLEAN = [
    ("", "/"),
    ("/", "/"),
    ("//", "/"),
    ("ipxe", "/ipxe"),
    ("//ipxe", "/ipxe"),
    ("/ipxe//", "/ipxe/"),
    ("/ipxe/.", "/ipxe"),
    ("/./ipxe", "/ipxe"),
    ("/a/../ipxe", "/ipxe"),
    ("/../../ipxe", "/ipxe"),
    ("/ipxe/..", "/"),
    ("/ipxe/../", "/"),
    ("/...", "/..."),
]


@pytest.mark.parametrize("path, expected", CLEAN, ids=[path for path, _ in CLEAN])
def test_clean(path: str, expected: str) -> None:
    assert clean_path(path) == expected


@settings(derandomize=True)
@given(st.text("/.a%\\ é", max_size=30))
def test_a_clean_path_stays_and_leads_nowhere_up(path: str) -> None:
    clean = clean_path(path)
    assert clean.startswith("/")
    assert "//" not in clean
    assert not {".", ".."} & set(clean.split("/"))
    assert clean_path(clean) == clean


WRITTEN = [
    ("a b", "a%20b"),
    ("a&b<c>.txt", "a&b%3Cc%3E.txt"),
    ("q?x#y%z", "q%3Fx%23y%25z"),
    ("é", "%C3%A9"),
    ("\udcff", "%FF"),
    ("a:b", "./a:b"),
    ("d/a:b", "d/a:b"),
    ("!'()*~", "%21%27%28%29%2A~"),
    ("\n", "%0A"),
]


@pytest.mark.parametrize("path, expected", WRITTEN, ids=[expected for _, expected in WRITTEN])
def test_written(path: str, expected: str) -> None:
    assert write_path(path) == expected


def test_a_redirect_says_where_in_html() -> None:
    response = redirect(Request("GET", "//a b", "x=<1>&y"), "/a b")
    assert response.status == 307
    assert dict(response.headers) == {"location": "/a%20b?x=<1>&y", "content-type": "text/html; charset=utf-8"}
    assert response.body == b'<a href="/a%20b?x=&lt;1&gt;&amp;y">Temporary Redirect</a>.\n\n'


def test_other_methods_get_no_page() -> None:
    assert redirect(Request("POST", "//a"), "/a").body == b""


def test_a_redirect_beside() -> None:
    response = redirect_beside(Request("GET", "/d", "q"), "d/")
    assert (response.status, response.headers, response.body) == (301, (("location", "d/?q"),), b"")
