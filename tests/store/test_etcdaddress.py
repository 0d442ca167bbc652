"""Addresses of an etcd as people write them: texts go in, endpoints or what is wrong come out."""

from __future__ import annotations

import re

import pytest

from stoker.store.etcdaddress import EtcdAddress, parse_address

GOOD = {
    "etcd://a": EtcdAddress(("http://a:2379",)),
    "etcd://a,b:1,c/": EtcdAddress(("http://a:2379", "http://b:1", "http://c:2379")),
    "etcds://a/one/two": EtcdAddress(("https://a:2379",), prefix="/one/two/"),
    "etcd://[::1]:5,192.0.2.1": EtcdAddress(("http://[::1]:5", "http://192.0.2.1:2379")),
    "etcd://alice@a,b/p/": EtcdAddress(("http://a:2379", "http://b:2379"), "alice", "/p/"),
}

BAD = {
    "a": "a store begins with `etcd://` or `etcds://`, such as `etcd://a.example,b.example,c.example`",
    "http://a": "a store begins with `etcd://` or `etcds://`, such as `etcd://a.example,b.example,c.example`",
    "etcd://": "`` is no HOST:PORT of etcd, such as `etcd://a.example,b.example,c.example`",
    "etcd://a,,b": "`` is no HOST:PORT of etcd, such as `etcd://a.example,b.example,c.example`",
    "etcd://a?x": "`a?x` is no HOST:PORT of etcd, such as `etcd://a.example,b.example,c.example`",
    "etcd://a:99999": "`a:99999` is no HOST:PORT of etcd: Port out of range 0-65535",
    "etcd://alice:opensesame@a": "the address of a store has no password in it; name a file that has it",
    "etcd://a/b//c": "`/b//c` is no prefix of keys, such as `/stoker/`",
}


@pytest.mark.parametrize(("text", "expected"), GOOD.items(), ids=GOOD)
def test_an_address(text: str, expected: EtcdAddress) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(("text", "expected"), BAD.items(), ids=BAD)
def test_what_is_none(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        parse_address(text)
