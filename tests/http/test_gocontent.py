"""Content under conditions, as Go's ServeContent answers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.http import FilePart, Request
from stoker.http.gocontent import go_not_found, http_date, serve_content

BODY = b"0123456789"
THEN = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
LATER = "Tue, 14 Nov 2023 22:13:21 GMT"
EARLIER = "Mon, 13 Nov 2023 22:13:20 GMT"
WHOLE = (200, BODY, None)

# header, value -> status, body, Content-Range; the content was last changed THEN
CONDITIONS = [
    ({}, WHOLE),
    ({"range": "bytes=0-3"}, (206, b"0123", "bytes 0-3/10")),
    ({"range": "bytes=3-"}, (206, b"3456789", "bytes 3-9/10")),
    ({"range": "bytes=-3"}, (206, b"789", "bytes 7-9/10")),
    ({"range": "bytes=-99"}, (206, BODY, "bytes 0-9/10")),
    ({"range": "bytes=-0"}, (206, b"", "bytes 10-9/10")),
    ({"range": "bytes=8-99"}, (206, b"89", "bytes 8-9/10")),
    ({"range": "bytes= 1 - 2 "}, (206, b"12", "bytes 1-2/10")),
    ({"range": "bytes=+1-2"}, (206, b"12", "bytes 1-2/10")),
    ({"range": "bytes=1-2,"}, (206, b"12", "bytes 1-2/10")),
    ({"range": "bytes="}, WHOLE),
    ({"range": "bytes=0-1,4-5"}, WHOLE),
    ({"range": "bytes=0-1,99-"}, (206, b"01", "bytes 0-1/10")),
    ({"range": "bytes=10-"}, (416, b"invalid range: failed to overlap\n", "bytes */10")),
    ({"range": "bytes=99-,100-"}, (416, b"invalid range: failed to overlap\n", "bytes */10")),
    ({"range": "bytes=5-2"}, (416, b"invalid range\n", None)),
    ({"range": "bytes=x"}, (416, b"invalid range\n", None)),
    ({"range": "bytes=x-"}, (416, b"invalid range\n", None)),
    ({"range": "bytes=--1"}, (416, b"invalid range\n", None)),
    ({"range": "bytes=-"}, (416, b"invalid range\n", None)),
    ({"range": "bytes=1-99999999999999999999"}, (416, b"invalid range\n", None)),
    ({"range": "lines=0-1"}, (416, b"invalid range\n", None)),
    ({"range": "bytes=0-1", "if-range": DATE}, (206, b"01", "bytes 0-1/10")),
    ({"range": "bytes=0-1", "if-range": LATER}, WHOLE),
    ({"range": "bytes=0-1", "if-range": '"tag"'}, WHOLE),
    ({"if-modified-since": DATE}, (304, b"", None)),
    ({"if-modified-since": LATER}, (304, b"", None)),
    ({"if-modified-since": EARLIER}, WHOLE),
    ({"if-modified-since": "garbage"}, WHOLE),
    ({"if-unmodified-since": EARLIER}, (412, b"", None)),
    ({"if-unmodified-since": DATE}, WHOLE),
    ({"if-match": '"tag"'}, (412, b"", None)),
    ({"if-match": '"tag", *'}, WHOLE),
    ({"if-none-match": '"tag"', "if-modified-since": DATE}, WHOLE),
    ({"if-none-match": 'W/"a", *'}, (304, b"", None)),
    ({"if-none-match": "garbage *"}, WHOLE),
]


def name_of(case: tuple[dict[str, str], object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in case[0].items()) or "no condition"


@pytest.mark.parametrize("headers, expected", CONDITIONS, ids=map(name_of, CONDITIONS))
def test_conditions(headers: dict[str, str], expected: tuple[int, bytes, str | None]) -> None:
    response = serve_content(Request("GET", "/", headers=headers), BODY, "text/x", THEN)
    named = dict(response.headers)
    assert (response.status, response.body, named.get("content-range")) == expected
    assert named.get("last-modified") == (None if response.status == 416 else DATE)
    assert named.get("content-type") == {200: "text/x", 206: "text/x", 416: "text/plain; charset=utf-8"}.get(
        response.status
    )


# Without a time of change most conditions are none.
TIMELESS = [
    ({"if-modified-since": DATE}, 200),
    ({"if-unmodified-since": EARLIER}, 200),
    ({"range": "bytes=0-1", "if-range": DATE}, 200),
    ({"range": "bytes=0-1"}, 206),
]


@pytest.mark.parametrize("headers, status", TIMELESS, ids=map(name_of, TIMELESS))
def test_what_has_no_time(headers: dict[str, str], status: int) -> None:
    assert serve_content(Request("GET", "/", headers=headers), BODY, "text/x").status == status


def test_a_part_of_a_file_is_a_part_of_the_file() -> None:
    whole = FilePart("/f", 0, 10, 10)
    response = serve_content(Request("GET", "/", headers={"range": "bytes=2-4"}), whole, "text/x")
    assert response.body == FilePart("/f", 2, 3, 10)


def test_an_empty_body_has_no_parts() -> None:
    response = serve_content(Request("GET", "/", headers={"range": "bytes=0-1"}), b"", "text/x")
    assert (response.status, response.body) == (200, b"")


def test_other_methods_are_not_conditional() -> None:
    request = Request("POST", "/", headers={"if-modified-since": DATE})
    assert serve_content(request, BODY, "text/x", THEN).status == 200
    request = Request("POST", "/", headers={"if-none-match": "*"})
    assert serve_content(request, BODY, "text/x", THEN).status == 412


def test_not_found() -> None:
    response = go_not_found()
    assert (response.status, response.body) == (404, b"404 page not found\n")
    assert dict(response.headers) == {
        "content-type": "text/plain; charset=utf-8",
        "x-content-type-options": "nosniff",
    }


def test_a_date() -> None:
    assert http_date(THEN) == DATE


@settings(derandomize=True)
@given(st.text("0123456789-, \t=bytes", max_size=30), st.integers(0, 20))
def test_whatever_is_asked_a_part_lies_within(text: str, size: int) -> None:
    response = serve_content(Request("GET", "/", headers={"range": f"bytes={text}"}), bytes(size), "text/x")
    assert response.status in {200, 206, 416}
    if response.status == 206:
        assert response.size <= size
