"""What documents are made with: text that can only be text, times, files, headers."""

from __future__ import annotations

import gzip
import re

import pytest

from stoker.http import Request
from stoker.server.page.documents import ago, clean, clock, code, files, go_to, iso, send_file, utc, words

HOSTILE = [
    ("plain", "plain"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("a\x1b[31mred", "a\\x1b[31mred"),
    ("a\nb\tc", "a b c"),
    ("a\x00b", "a\\x00b"),
    ("right\u202eleft", "right\\u202eleft"),
    ("lone \udcff", "lone \\udcff"),
    ("ü 漢 🔥", "ü 漢 🔥"),
    ("x" * 10_000, "x" * 2000 + "…"),
    ("\x1b" * 10_000, "\\x1b" * 500 + "…"),
]


@pytest.mark.parametrize("text, expected", HOSTILE, ids=[ascii(row[0])[:30] for row in HOSTILE])
def test_text_is_made_fit_to_be_seen(text: str, expected: str) -> None:
    assert clean(text) == expected


WORDS = [
    ("group `web` takes it", "group <code>web</code> takes it"),
    ("`<b>` & `c`", "<code>&lt;b&gt;</code> &amp; <code>c</code>"),
    ("one ` alone", "one ` alone"),
    ("<i>", "&lt;i&gt;"),
    ("up -> failed", "up → failed"),
    ("`{0}` {x}", "<code>{0}</code> {x}"),
]


@pytest.mark.parametrize("text, expected", WORDS, ids=[row[0] for row in WORDS])
def test_values_in_sentences_are_set_as_code_and_nothing_else_is_markup(text: str, expected: str) -> None:
    assert str(words(text)) == expected


def test_a_line_of_a_file_keeps_its_tabs() -> None:
    assert code("\ta\x1bb") == "\ta\\x1bb"


AGES = [(0, "0 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago")]
AGES += [(86399, "23 h ago"), (86400, "1 d ago"), (8640000, "100 d ago"), (-5, "0 s ago")]


@pytest.mark.parametrize("seconds, expected", AGES, ids=[row[1] for row in AGES])
def test_ages(seconds: float, expected: str) -> None:
    assert ago(1000 - seconds, 1000) == expected


def test_times() -> None:
    assert (iso(0), utc(1.5), clock(3661)) == ("1970-01-01T00:00:00Z", "1970-01-01 00:00:01 UTC", "01:01:01")
    assert utc(1e30) == utc(float("nan")) == utc(-1e30) == utc(0)


def test_files_are_named_by_their_content_and_kept_for_ever() -> None:
    assert {re.sub(r"\.[0-9a-f]{10}\.", ".", name) for name in files()} == {"mark.svg", "page.css", "page.js"}
    for name in files():
        plain = send_file(Request("GET", name), name)
        packed = send_file(Request("GET", name, headers={"accept-encoding": "br, gzip"}), name)
        assert plain is not None
        assert packed is not None
        headers = dict(packed.headers)
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        if "content-encoding" in headers:
            assert isinstance(packed.body, bytes)
            assert gzip.decompress(packed.body) == plain.body
            assert headers["etag"] != dict(plain.headers)["etag"]
        known = send_file(Request("GET", name, headers={"if-none-match": dict(plain.headers)["etag"]}), name)
        assert known is not None
        assert (known.status, known.body) == (304, b"")
    assert send_file(Request("GET", "x"), "../routes.py") is None


def test_styles_and_scripts_load_nothing_from_elsewhere() -> None:
    for file in files().values():
        text = file.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|@import|url\(|innerHTML|eval\(", text)


def test_every_answer_forbids_what_the_page_does_not_need() -> None:
    headers = dict(go_to("/ui/").headers)
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    for part in ("frame-ancestors 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"):
        assert part in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
