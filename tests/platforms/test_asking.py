"""How platforms reach the network by a Fetcher, against real servers on loopback."""

from __future__ import annotations

from typing import Any

import pytest

from stoker.fetch import Fetcher, Settings
from stoker.platforms import Damaged, NeedsNetwork, PlatformFault, Request, Unreachable, reader
from tests.fetch.test_tftp import Server
from tests.platforms.doubles import metadata

DEAD = "http://127.0.0.1:1/f"


def fetcher(**settings: Any) -> Fetcher:
    return Fetcher(Settings(**settings), environment={})


# the request without its URL, the server's replies in turn, the answer, what the server saw: method, a header, the body
ASKED: dict[str, tuple[dict[str, Any], list[tuple[int, bytes]], tuple[int, bytes], tuple[str, str, bytes]]] = {
    "found": ({}, [(200, b"x")], (200, b"x"), ("GET", "", b"")),
    "there is none": ({}, [(404, b"no")], (404, b"no"), ("GET", "", b"")),
    "another answer": ({}, [(403, b"no")], (403, b"no"), ("GET", "", b"")),
    "with a header": ({"headers": {"X-Token": "t"}}, [(200, b"x")], (200, b"x"), ("GET", "t", b"")),
    "a token": ({"method": "PUT"}, [(200, b"t")], (200, b"t"), ("PUT", "", b"")),
    "a message": ({"method": "POST", "body": b"hello"}, [(201, b"")], (201, b""), ("POST", "", b"hello")),
    "asked again": ({"retried": (429,)}, [(429, b""), (503, b""), (200, b"x")], (200, b"x"), ("GET", "", b"")),
}


@pytest.mark.parametrize(("fields", "replies", "answer", "seen"), ASKED.values(), ids=ASKED)
def test_a_service(
    fields: dict[str, Any],
    replies: list[tuple[int, bytes]],
    answer: tuple[int, bytes],
    seen: tuple[str, str, bytes],
) -> None:
    with metadata() as server:
        server.replies[fields.get("method", "GET"), "/f"] = replies
        headers = {"X-Meant-For": "me", **fields.pop("headers", {})}
        read = reader(fetcher())
        assert read(Request(f"http://127.0.0.1:{server.port}/f", headers, **fields)) == answer
        last = server.asked[-1]
        assert (last.method, last.headers.get("X-Token", ""), last.body) == seen


# URL, how often it is asked, what is raised
FAULTS: dict[str, tuple[str, type[PlatformFault], str]] = {
    "nobody there": (DEAD, Unreachable, "no answer from http://127.0.0.1:1/f: unable to fetch resource in time"),
    "no such scheme": ("gopher://x/f", Unreachable, "unsupported source scheme: `gopher`"),
    "no data": ("data:nothing", Unreachable, "a data URL cannot be decoded"),
}


@pytest.mark.parametrize(("url", "kind", "text"), FAULTS.values(), ids=FAULTS)
def test_what_goes_wrong(url: str, kind: type[PlatformFault], text: str) -> None:
    with pytest.raises(kind, match=text.replace(".", r"\.")):
        reader(fetcher())(Request(url, patient=False))


def test_more_than_was_asked_for_is_damaged() -> None:
    with metadata() as server:
        server.replies["GET", "/f"] = [(200, b"12345")]
        with pytest.raises(Damaged, match="what came is no config: contents are larger than 4 bytes"):
            reader(fetcher())(Request(f"http://127.0.0.1:{server.port}/f", {"X-Meant-For": "me"}, limit=4))


def test_other_schemes_have_two_answers() -> None:
    server = Server({b"/there": b"x"})
    try:
        read = reader(fetcher())
        assert read(Request(f"tftp://127.0.0.1:{server.port}/there")) == (200, b"x")
        assert read(Request(f"tftp://127.0.0.1:{server.port}/elsewhere")) == (404, b"")
    finally:
        server.close()


def test_offline_nothing_is_asked() -> None:
    read = reader(fetcher(), offline=True)
    assert read(Request("data:,x")) == (200, b"x")
    with pytest.raises(NeedsNetwork, match="the config is at http://x/f, and there is no network yet"):
        read(Request("http://x/f"))
