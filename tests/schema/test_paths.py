"""Paths on the target, and their unit names."""

from __future__ import annotations

import posixpath
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.schema.paths import clean, escape_unit_path, is_clean_absolute, join

CLEAN = {
    "": ".",
    ".": ".",
    "/": "/",
    "//": "/",
    "///": "/",
    "a": "a",
    "a/": "a",
    "/a/": "/a",
    "a//b": "a/b",
    "//a": "/a",
    "./a": "a",
    "a/./b": "a/b",
    "a/..": ".",
    "a/../b": "b",
    "..": "..",
    "../a": "../a",
    "../../a/..": "../..",
    "/..": "/",
    "/../a": "/a",
    "/a/../../b": "/b",
    "a/b/../../..": "..",
    "...": "...",
    "/a/...": "/a/...",
    " / ": " / ",
}


@pytest.mark.parametrize("path, expected", CLEAN.items())
def test_clean(path: str, expected: str) -> None:
    assert clean(path) == expected
    assert clean(expected) == expected


JOINED = {
    ("", ""): "",
    ("a", ""): "a",
    ("", "b"): "b",
    ("a", "b"): "a/b",
    ("a/", "/b"): "a/b",
    ("/", "b"): "/b",
    ("/a", "../b"): "/b",
    ("/", "."): "/",
    ("a", "../../b"): "../b",
}


@pytest.mark.parametrize("parts, expected", JOINED.items(), ids=str)
def test_join(parts: tuple[str, str], expected: str) -> None:
    assert join(*parts) == expected


PATHS = st.text("a./ \n", max_size=12)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(path=PATHS)
def test_the_quick_test_agrees_with_cleaning(path: str) -> None:
    assert is_clean_absolute(path) == (path.startswith("/") and clean(path) == path)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(path=PATHS)
def test_cleaning_an_absolute_path_leaves_no_dots(path: str) -> None:
    parts = clean("/" + path).split("/")
    assert not {".", ".."} & set(parts)
    assert posixpath.normpath(clean(path)) == clean(path)


ESCAPED = {
    "/": "-",
    "": "-",
    "///": "-",
    "/var/log": "var-log",
    "//var//log/": "var-log",
    "/dev/disk/by-label/x": r"dev-disk-by\x2dlabel-x",
    "/.hidden/.more": r"\x2ehidden-.more",
    "/a b": r"a\x20b",
    "/ä": r"\xc3\xa4",
    "/a:b_c.d": "a:b_c.d",
    "/a\\b": r"a\x5cb",
    "/50%": r"50\x25",
}


@pytest.mark.parametrize("path, expected", ESCAPED.items())
def test_escape_unit_path(path: str, expected: str) -> None:
    assert escape_unit_path(path) == expected


def test_a_code_below_16_has_one_digit_as_in_the_reference() -> None:
    assert escape_unit_path("/a\tb") == r"a\x9b"


@pytest.mark.skipif(shutil.which("systemd-escape") is None, reason="there is no systemd-escape")
def test_escaping_is_systemds() -> None:
    paths = [path for path in ESCAPED if path.startswith("/")]
    run = subprocess.run(["systemd-escape", "--path", *paths], capture_output=True, text=True, check=True)
    assert run.stdout.rstrip("\n").split(" ") == [escape_unit_path(path) for path in paths]
