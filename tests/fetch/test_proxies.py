"""Which hosts are reached without a proxy."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.fetch import Proxies
from stoker.fetch.proxies import is_direct, proxy_for
from stoker.fetch.urls import split_url


@pytest.mark.parametrize(
    ("url", "rules", "expected"),
    [
        ("http://localhost", "", True),
        ("http://LOCALHOST:8080", "", True),
        ("http://127.0.0.1", "", True),
        ("http://127.8.8.8", "", True),
        ("http://[::1]", "", True),
        ("http://localhost.localdomain", "", False),
        ("http://10.0.0.1", "", False),
        ("http://example.com", "*", True),
        ("http://10.0.0.1", "*", True),
        ("http://example.com", "x, *", True),
        ("http://example.com", "example.com", True),
        ("http://www.example.com", "example.com", True),
        ("http://badexample.com", "example.com", False),
        ("http://Example.COM", "EXAMPLE.com", True),
        ("http://example.com", ".example.com", False),
        ("http://www.example.com", ".example.com", True),
        ("http://example.com", "*.example.com", False),
        ("http://www.example.com", "*.example.com", True),
        ("http://www.example.com", "*example.com", False),
        ("http://example.com", "example.com:80", True),
        ("http://example.com:8080", "example.com:80", False),
        ("https://example.com", "example.com:443", True),
        ("http://example.com", ":80", False),
        ("http://10.1.2.3", "10.0.0.0/8", True),
        ("http://10.1.2.3", "10.9.9.9/8", True),
        ("http://11.1.2.3", "10.0.0.0/8", False),
        ("http://10.1.2.3", "10.0.0.0/255.0.0.0", False),
        ("http://example.com", "10.0.0.0/8", False),
        ("http://10.1.2.3", "10.1.2.3", True),
        ("http://10.1.2.3:81", "10.1.2.3:80", False),
        ("http://10.1.2.3:81", "10.1.2.3:81", True),
        ("http://[fd00::1]", "fd00::/8", True),
        ("http://[fd00::1]", "fd00:0::1", True),
        ("http://[fd00::1]:81", "[fd00::1]:81", True),
        ("http://[fd00::1]:80", "[fd00::1]:81", False),
        ("http://[::ffff:10.1.2.3]", "10.1.2.3", True),
        ("http://example.com", "a,,example.com ,b", True),
    ],
)
def test_rules(url: str, rules: str, expected: bool) -> None:
    parts = split_url(url)
    assert is_direct(parts.host, parts.port, (rules,)) is expected
    proxies = Proxies(http="http://p:1", https="http://p:2", direct=tuple(rules.split(",")))
    assert bool(proxy_for(parts, proxies)) is not expected


NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), min_size=1, max_size=3).map(".".join)


@given(NAMES, NAMES, st.integers(1, 65535))
def test_a_name_covers_itself_and_what_is_below_it(name: str, below: str, port: int) -> None:
    assert is_direct(name, port, (name,))
    assert is_direct(f"{below}.{name}", port, (name, "other.test"))
    assert is_direct(f"{below}.{name}", port, (f".{name}:{port}",))
    assert name == "localhost" or not is_direct(name, port, (f"x{name}", f"{below}.{name}", f"{name}:{port - 1}"))


@given(st.ip_addresses(), st.data())
def test_a_network_covers_its_addresses(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject
) -> None:
    prefix = data.draw(st.integers(0, address.max_prefixlen))
    network = ipaddress.ip_network((address, prefix), strict=False)
    other = data.draw(st.ip_addresses(v=address.version))
    if getattr(other, "ipv4_mapped", None) is None and not other.is_loopback:
        assert is_direct(str(other), 80, (str(network),)) == (other in network)


@given(st.text(max_size=30), st.text(max_size=30))
def test_nonsense_is_no_fault(host: str, rule: str) -> None:
    assert is_direct(host, 80, (rule,)) in {True, False}
