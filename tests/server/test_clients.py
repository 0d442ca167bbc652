"""What requests are called, and where they come from as far as proxies are believed."""

from __future__ import annotations

import pytest

from stoker.server.clients import client_address, parse_networks, request_id

TRUSTED = parse_networks(["10.0.0.0/8", "2001:db8::1"])
ADDRESSES = [
    ("192.0.2.1:5", None, "192.0.2.1:5"),
    ("192.0.2.1:5", "198.51.100.7", "192.0.2.1:5"),
    ("10.0.0.1:5", None, "10.0.0.1:5"),
    ("10.0.0.1:5", "198.51.100.7", "198.51.100.7"),
    ("10.0.0.1:5", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
    ("10.0.0.1:5", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
    ("10.0.0.1:5", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ("10.0.0.1:5", "nonsense, 10.0.0.2", "10.0.0.2"),
    ("10.0.0.1:5", "", "10.0.0.1:5"),
    ("[2001:db8::1]:5", "2001:db8::9", "2001:db8::9"),
    ("[2001:db8::2]:5", "2001:db8::9", "[2001:db8::2]:5"),
    ("10.0.0.1:5", "198.51.100.7:443", "198.51.100.7:443"),
]


@pytest.mark.parametrize("peer, forwarded, expected", ADDRESSES)
def test_where_a_request_comes_from(peer: str, forwarded: str | None, expected: str) -> None:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert client_address(peer, headers, TRUSTED) == expected
    assert client_address(peer, headers, ()) == peer


@pytest.mark.parametrize("given", ["a", "0-9._:/+=", "x" * 100])
def test_a_request_keeps_its_name(given: str) -> None:
    assert request_id({"x-request-id": given}) == given


@pytest.mark.parametrize("given", ["", " ", "a b", "a\n", "x" * 101, "\u00e9"])
def test_a_request_without_a_good_name_gets_one(given: str) -> None:
    names = {request_id({"x-request-id": given}) for _ in range(100)}
    assert len(names) == 100
    assert given not in names
