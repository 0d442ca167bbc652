"""http against servers on loopback: answers, tries, redirects, headers, and bodies that end too early."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
from threading import Event
from typing import Any

import pytest

from stoker.fetch import BadSource, FetchFault, GaveUp, NotFound, Question, Refused, Settings, Source, WrongBytes

OK = (200, {}, b"text")
LATER = (503, {}, b"")


@pytest.mark.parametrize(
    "answer",
    [OK, (200, {}, [b"te", b"xt", b""]), (200, {"Content-Length": None}, b"text")],
    ids=["with a length", "in chunks", "until the end"],
)
def test_a_body_arrives(serve: Any, bench: Any, answer: Any) -> None:
    assert bench.fetcher().read(Source(serve({"/f": answer}).url + "/f")) == b"text"


def test_the_log_is_that_of_ignition(serve: Any, bench: Any) -> None:
    site = serve({"/f": [LATER, (429, {}, b""), OK]})
    assert bench.fetcher().ask(Question(site.url + "/f", retried=frozenset({429}))) == (200, b"text")
    assert [line.replace(site.url, "URL") for line in bench.said] == [
        "GET URL/f: attempt #1",
        "GET result: Service Unavailable",
        "GET URL/f: attempt #2",
        "GET result: Too Many Requests",
        "GET URL/f: attempt #3",
        "GET result: OK",
    ]


def test_waits_double_up_to_five_seconds(serve: Any, bench: Any) -> None:
    bench.fetcher().read(Source(serve({"/f": [LATER] * 7 + [OK]}).url + "/f"))
    assert bench.clock.slept == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_server_that_hangs_up_is_asked_again(serve: Any, bench: Any) -> None:
    assert bench.fetcher().read(Source(serve({"/f": [None, OK]}).url + "/f")) == b"text"
    assert bench.said[1].startswith("GET error: ")


def test_a_server_that_comes_up_late_is_waited_for(serve: Any, bench: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        def come_up() -> None:
            if len(bench.clock.slept) == 2:
                taken.close()
                serve({"/f": OK}, port=port)

        bench.clock.on_sleep = come_up
        assert bench.fetcher().read(Source(f"http://127.0.0.1:{port}/f")) == b"text"
    assert bench.said[1] == "GET error: connection refused"
    assert bench.clock.slept == [0.2, 0.4]


@pytest.mark.parametrize("settings", [Settings(total=10.0), Settings(patience=10.0)], ids=["total", "patience"])
def test_patience_ends(serve: Any, bench: Any, settings: Settings) -> None:
    with pytest.raises(GaveUp, match=r"unable to fetch resource in time: .*503 Service Unavailable"):
        bench.fetcher(settings).read(Source(serve({"/f": LATER}).url + "/f"))
    assert sum(bench.clock.slept) < 10.0


def test_an_answer_that_does_not_come_is_asked_for_again(serve: Any, bench: Any) -> None:
    hold = Event()

    def silent(_: Any) -> Any:
        hold.wait()
        return OK

    site = serve({"/f": [silent, OK]})
    try:
        assert bench.fetcher(Settings(response_headers=0.05)).read(Source(site.url + "/f")) == b"text"
    finally:
        hold.set()
    assert bench.said[1] == "GET error: no answer in time"


@pytest.mark.parametrize(
    ("answer", "fault", "text"),
    [
        ((404, {}, b""), NotFound, "resource not found: `URL/f`: 404 Not Found"),
        ((403, {}, b"secret"), Refused, "failed to fetch resource: `URL/f`: 403 Forbidden"),
        ((301, {}, b""), Refused, "failed to fetch resource: `URL/f`: 301 Moved Permanently"),
        ((206, {}, b"x"), Refused, "failed to fetch resource: `URL/f`: 206 Partial Content"),
        (
            (200, {"Content-Length": "9"}, b"text"),
            WrongBytes,
            "`URL/f` ended too early: unexpected EOF after 4 of 9 bytes",
        ),
        ((302, {"Location": "ftp://h/f"}, b""), BadSource, "`URL/f` cannot be fetched: it redirects to `ftp://h/f`"),
        ((302, {"Location": "http://[h/f"}, b""), BadSource, "`http://[h/f` cannot be fetched: it is not a URL"),
    ],
)
def test_answers_without_the_bytes(serve: Any, bench: Any, answer: Any, fault: type[FetchFault], text: str) -> None:
    site = serve({"/f": answer})
    with pytest.raises(fault) as caught:
        bench.fetcher().read(Source(site.url + "/f"))
    assert str(caught.value).replace(site.url, "URL") == text
    assert bench.clock.slept == []


def test_chunks_that_end_too_early(serve: Any, bench: Any) -> None:
    site = serve({"/f": (200, {"Transfer-Encoding": "chunked", "Content-Length": "0"}, b"ff\r\nshort")})
    with pytest.raises(WrongBytes) as caught:
        bench.fetcher().read(Source(site.url + "/f"))
    assert caught.value.code == "cut-short"


def test_no_content_is_no_bytes(serve: Any, bench: Any) -> None:
    assert bench.fetcher().read(Source(serve({"/f": (204, {}, b"")}).url + "/f")) == b""


def test_headers_of_the_config_replace_those_of_the_same_name(serve: Any, bench: Any) -> None:
    site = serve({"/f": OK})
    headers = (("accept", "text/plain"), ("X-Token", "1"), ("x-token", "two words"), ("Host", "other"))
    bench.fetcher().read(Source(site.url + "/f", headers=headers))
    assert site.asked[0][2] == {
        "host": f"127.0.0.1:{site.port}",
        "connection": "close",
        "user-agent": "Ignition/2.27.0",
        "accept": "text/plain",
        "accept-encoding": "identity",
        "x-token": "two words",
    }


@pytest.mark.parametrize("header", [("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("", "1"), ("X\n", "1"), ("X", "\0")])
def test_a_header_cannot_bring_another(serve: Any, bench: Any, header: tuple[str, str]) -> None:
    site = serve({"/f": OK})
    with pytest.raises(BadSource, match="cannot be sent"):
        bench.fetcher().read(Source(site.url + "/f", headers=(header,)))
    assert site.asked == []


def test_a_redirect_gets_none_of_the_headers(serve: Any, bench: Any) -> None:
    target = serve({"/g?a=b": OK})
    site = serve({"/f": (307, {"Location": f"{target.url}/g?a=b"}, b"")})
    bench.fetcher().read(Source(site.url + "/f", headers=(("Authorization", "secret"), ("User-Agent", "mine"))))
    assert site.asked[0][2]["authorization"] == "secret"
    assert (target.asked[0][2]["user-agent"], "authorization" in target.asked[0][2]) == ("Ignition/2.27.0", False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_relative_redirects_are_followed(serve: Any, bench: Any, status: int) -> None:
    site = serve({"/a/f": (status, {"Location": "../g"}, b""), "/g": OK})
    assert bench.fetcher().read(Source(site.url + "/a/f")) == b"text"


@pytest.mark.parametrize(("count", "arrives"), [(10, True), (11, False)])
def test_ten_redirects_are_enough(serve: Any, bench: Any, count: int, arrives: bool) -> None:
    hops = {f"/{number}": (302, {"Location": f"/{number + 1}"}, b"") for number in range(count)}
    site = serve({**hops, f"/{count}": OK})
    if arrives:
        assert bench.fetcher().read(Source(site.url + "/0")) == b"text"
    else:
        with pytest.raises(Refused, match="stopped after 10 redirects"):
            bench.fetcher().read(Source(site.url + "/0"))


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("", "/"),
        ("/a b?c d", "/a%20b?c%20d"),
        ("/a%20b%2Fc?x=%41", "/a%20b%2Fc?x=%41"),
        ("/ü?ü#part", "/%C3%BC?%C3%BC"),
        ("?q", "/?q"),
        ("/\udcff?\udcff", "/%3F??"),
    ],
)
def test_what_is_asked_for(serve: Any, bench: Any, written: str, sent: str) -> None:
    site = serve({"*": OK})
    bench.fetcher().read(Source(site.url + written))
    assert site.asked.targets == [sent]


def test_the_user_of_a_url_is_sent_and_not_shown(serve: Any, bench: Any) -> None:
    site = serve({"/f": (401, {}, b"")})
    with pytest.raises(Refused) as caught:
        bench.fetcher().read(Source(f"http://me:p%40ss@127.0.0.1:{site.port}/f?sig=abc&b=c"))
    assert site.asked[0][2]["authorization"] == "Basic bWU6cEBzcw=="
    shown = "\n".join([*bench.said, str(caught.value)])
    assert "me:" not in shown
    assert "abc" not in shown
    assert f"http://xxxxx@127.0.0.1:{site.port}/f?sig=xxxxx&b=c" in shown


def test_bytes_are_decompressed_and_verified(serve: Any, bench: Any) -> None:
    site = serve({"/f": (200, {}, gzip.compress(b"text"))})
    good = "sha512-" + hashlib.sha512(b"text").hexdigest()
    assert bench.fetcher().read(Source(site.url + "/f", compression="gzip", digest=good)) == b"text"
    with pytest.raises(WrongBytes, match="hash verification failed"):
        bench.fetcher().read(Source(site.url + "/f", digest=good))


def test_pieces_are_passed_on_before_they_are_verified(serve: Any, bench: Any) -> None:
    site = serve({"/f": OK})
    pieces: list[bytes] = []
    with pytest.raises(WrongBytes):
        bench.fetcher().copy_to(Source(site.url + "/f", digest="sha256-" + "0" * 64), pieces.append)
    assert pieces == [b"text"]
    assert bench.fetcher().copy_to(Source(site.url + "/f"), pieces.append) == 4


def test_a_question_has_its_answer_whatever_the_status_is(serve: Any, bench: Any) -> None:
    site = serve({"/token": (404, {}, b"none here")})
    assert bench.fetcher().ask(Question(site.url + "/token", (("TTL", "60"),), "PUT")) == (404, b"none here")
    method, _, headers = site.asked[0]
    assert (method, headers["ttl"], headers["content-length"]) == ("PUT", "60", "0")


def test_a_question_is_one_of_http(bench: Any) -> None:
    with pytest.raises(BadSource, match="it is neither http nor https"):
        bench.fetcher().ask(Question("ftp://h/f"))


def test_a_question_may_be_asked_once(serve: Any, bench: Any) -> None:
    with pytest.raises(GaveUp):
        bench.fetcher().ask(Question(serve({"/f": LATER}).url + "/f", patient=False))
    assert bench.clock.slept == []


def test_an_answer_is_bounded(serve: Any, bench: Any) -> None:
    with pytest.raises(WrongBytes):
        bench.fetcher().ask(Question(serve({"/f": OK}).url + "/f"), limit=3)


@pytest.mark.skipif(os.geteuid() != 0, reason="ports below 1024 are for root")
def test_a_question_may_come_from_a_low_port(serve: Any, bench: Any) -> None:
    ports: list[int] = []

    def look(handler: Any) -> Any:
        ports.append(handler.client_address[1])
        return OK

    url = serve({"/f": look}).url + "/f"
    assert [bench.fetcher().ask(Question(url, low_port=True))[0] for _ in range(3)] == [200] * 3
    assert all(512 <= port < 1024 for port in ports)


def test_several_are_given_up_when_their_time_altogether_is_over(bench: Any) -> None:
    fetcher = bench.fetcher(Settings(patience=10.0, altogether=15.0))
    began = bench.clock.now()
    for _ in range(9):
        with pytest.raises(GaveUp):
            fetcher.read(Source("http://127.0.0.1:1/f"))
    assert bench.clock.now() - began <= 15.0
    assert fetcher.read(Source("data:,x")) == b"x"
