"""Who sent a request and what it is called: the address of a connection and headers go in, words for logs come out.

Headers of proxies are believed of proxies alone, those that whoever runs the server has named.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network

IDENTIFIER: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,100}")
MAX_HOPS: Final = 20


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks or single addresses. Raises ValueError, which names the one that is none."""
    return tuple(ip_network(text, strict=False) for text in texts)


def request_id(headers: Mapping[str, str]) -> str:
    """What a request is called: as `X-Request-Id` says, if that is a word, else by a new name."""
    given = headers.get("x-request-id", "")
    return given if given and IDENTIFIER.fullmatch(given) else f"{random.getrandbits(64):016x}"


def client_address(peer: str, headers: Mapping[str, str], trusted: Sequence[Network]) -> str:
    """The address of a client, `HOST:PORT` or, behind proxies, the HOST that the first of the trusted ones has seen."""
    if not trusted or "x-forwarded-for" not in headers or not _is_trusted(_host(peer), trusted):
        return peer
    hops = [hop.strip() for hop in headers["x-forwarded-for"].split(",")][-MAX_HOPS:]
    seen = peer
    for hop in reversed(hops):
        if not _is_address(_host(hop)):
            break
        seen = hop
        if not _is_trusted(_host(hop), trusted):
            break
    return seen


def _host(text: str) -> str:
    """The host of `HOST`, `HOST:PORT` or `[HOST]:PORT`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_trusted(host: str, trusted: Sequence[Network]) -> bool:
    return _is_address(host) and any(ip_address(host) in network for network in trusted)
