"""A directory as Go's FileServer shows it; the listing is a page as a person reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stoker.http import FilePart, Request
from stoker.server.fileserver import serve_file

THEN = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
LISTING = """<!doctype html>
<meta name="viewport" content="width=device-width">
<pre>
<a href=".hidden">.hidden</a>
<a href="a&b%3Cc%3E.txt">a&amp;b&lt;c&gt;.txt</a>
<a href="dir/">dir/</a>
<a href="index/">index/</a>
<a href="kernel">kernel</a>
<a href="link">link</a>
<a href="nowhere">nowhere</a>
<a href="pipe">pipe</a>
<a href="%FF">\udcff</a>
</pre>
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "assets"
    for name in ("dir/empty", "index"):
        (top / name).mkdir(parents=True)
    for name, text in {
        "kernel": "01\x00",
        ".hidden": "h",
        "a&b<c>.txt": "x",
        "dir/a b": "ab",
        "index/index.html": "<p>",
        "\udcff": "latin",
    }.items():
        (top / name).write_text(text)
    (tmp_path / "outside").write_text("secret")
    (top / "link").symlink_to(tmp_path / "outside")
    (top / "nowhere").symlink_to("missing")
    os.mkfifo(top / "pipe")
    for path in (top, *top.rglob("*")):
        os.utime(path, (THEN, THEN), follow_symlinks=False)
    return top


ANSWERS = [
    ("/kernel", 200, "application/octet-stream"),
    ("/a&b<c>.txt", 200, "text/plain; charset=utf-8"),
    ("/dir/a b", 200, "text/plain; charset=utf-8"),
    ("/index/", 200, "text/html; charset=utf-8"),
    ("/dir/", 200, "text/html; charset=utf-8"),
    ("/link", 200, "text/plain; charset=utf-8"),
    ("/dir", 301, "dir/"),
    ("/kernel/", 301, "../kernel"),
    ("/index/index.html", 301, "./"),
    ("/missing", 404, ""),
    ("/missing/", 404, ""),
    ("/kernel/below", 404, ""),
    ("/nowhere", 404, ""),
    ("/pipe", 404, ""),
    ("/a\0b", 404, ""),
    ("/../outside", 404, ""),
    ("/dir/../../outside", 404, ""),
    ("/" + "a" * 5000, 404, ""),
    ("/..\\outside", 404, ""),
]


@pytest.mark.parametrize("path, status, said", ANSWERS, ids=[row[0][:30] for row in ANSWERS])
def test_answers(root: Path, path: str, status: int, said: str) -> None:
    response = serve_file(Request("GET", "/assets" + path), root, path)
    named = dict(response.headers)
    assert response.status == status
    assert said in {"", named.get("content-type"), named.get("location")}


def test_a_file_is_streamed_from_where_it_lies(root: Path) -> None:
    response = serve_file(Request("GET", "/assets/kernel"), root, "/kernel")
    assert response.body == FilePart(str(root / "kernel"), 0, 3, 3)
    assert dict(response.headers)["last-modified"] == DATE


def test_a_listing(root: Path) -> None:
    response = serve_file(Request("GET", "/assets/"), root, "/")
    assert isinstance(response.body, bytes)
    assert response.body.decode("utf-8", "surrogateescape") == LISTING
    again = Request("GET", "/assets/", headers={"if-modified-since": DATE})
    assert serve_file(again, root, "/").status == 304
