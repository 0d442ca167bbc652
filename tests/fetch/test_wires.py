"""The parts of a URL, and wires that keep to their time."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.fetch import FetchFault, GaveUp, Settings, Source
from stoker.fetch.objects import address, object_of
from stoker.fetch.urls import split_url
from stoker.fetch.wires import Wire, basic


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "target"),
    [
        ("http://h", "h", 80, "h", "/"),
        ("https://h/a", "h", 443, "h", "/a"),
        ("HTTP://H:80/", "h", 80, "h", "/"),
        ("http://h:443/", "h", 443, "h:443", "/"),
        ("http://h:/", "h", 80, "h", "/"),
        ("http://[fd00::1]:8080/a?b#c", "fd00::1", 8080, "[fd00::1]:8080", "/a?b"),
        ("http://[fe80::1%25eth0]/", "fe80::1%eth0", 80, "[fe80::1]", "/"),
        ("http://bücher.test/", "bücher.test", 80, "xn--bcher-kva.test", "/"),
        ("http://u:p@h/", "h", 80, "h", "/"),
        ("tftp://h/f", "h", 69, "h", "/f"),
    ],
)
def test_parts(url: str, host: str, port: int, authority: str, target: str) -> None:
    parts = split_url(url)
    assert (parts.host, parts.port, parts.authority, parts.target) == (host, port, authority, target)


@pytest.mark.parametrize(
    ("user", "value"),
    [("me:p", "Basic bWU6cA=="), ("me", "Basic bWU6"), ("m%3Ae:p%40", "Basic bTplOnBA"), ("me:a:b", "Basic bWU6YTpi")],
)
def test_users(user: str, value: str) -> None:
    assert basic(user) == value


@given(
    st.text(max_size=40), st.sampled_from(["", "http://", "https://h", "http://h:", "http://[", "s3://", "arn:a:s3"])
)
def test_any_text_is_taken_apart_or_refused(text: str, head: str) -> None:
    for call in (split_url, lambda url: address(object_of(url), "r", "")):
        said = ""
        try:
            call(head + text)
        except FetchFault as fault:
            said = str(fault)
        assert said.isprintable()


@pytest.fixture
def pair(clock: Any) -> Iterator[tuple[Wire, socket.socket]]:
    """A wire and the other end of it."""
    near, far = socket.socketpair()
    wire = Wire(near, clock)
    yield wire, far
    wire.close()
    far.close()


def test_a_wire_waits_no_longer_than_it_may(pair: Any, clock: Any) -> None:
    wire, far = pair
    far.sendall(b"ab")
    reader: io.BufferedReader = wire.makefile("rb")
    assert reader.read(2) == b"ab"
    wire.quiet = 0.01
    with pytest.raises(TimeoutError):
        reader.read(1)
    wire.allow(5.0)
    clock.sleep(5.0)
    far.sendall(b"c")
    with pytest.raises(TimeoutError):
        reader.read(1)
    with pytest.raises(TimeoutError):
        wire.sendall(b"d")


def test_a_body_that_stops_coming(serve: Any, bench: Any) -> None:
    """The total time runs out while the body comes."""
    site = serve({"/f": (200, {}, bytes(1 << 20))})
    fetcher = bench.fetcher(Settings(total=10.0))
    with pytest.raises(GaveUp, match="its time has run out"):
        fetcher.copy_to(Source(site.url + "/f"), lambda _piece: bench.clock.sleep(6.0))


def test_ipv6(serve: Any, bench: Any) -> None:
    try:
        site = serve({"/f": (200, {}, b"text")}, host="::1")
    except OSError:
        pytest.skip("there is no IPv6 on loopback here")
    assert bench.fetcher().read(Source(f"http://[::1]:{site.port}/f")) == b"text"
    assert site.asked[0][2]["host"] == f"[::1]:{site.port}"
