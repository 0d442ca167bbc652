"""Metadata services: in goes a row (URL, headers, token, encoding), out comes the user data that the service has.

What a service answers means the same everywhere: 200 and 204 are the user data, a status of the row's `absent` says
that there is none, everything else is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from stoker.platforms.encodings import decode
from stoker.platforms.errors import Refused, Unreachable
from stoker.platforms.machine import Answer, Machine, Read, Request, Say, content_of
from stoker.platforms.messages import EMPTY_TOKEN, NOT_FOUND, REFUSED

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_FINE: Final = (200, 204)
_EXPIRED: Final = 401
_LEASES: Final = "/run/systemd/netif/leases"


class Token(msgspec.Struct, frozen=True):
    """A token to be fetched by PUT and sent along in the header `sent_as`; `optional` if 404 means: go without."""

    url: str
    headers: Mapping[str, str]
    sent_as: str
    optional: bool = False


class Service(msgspec.Struct, frozen=True):
    """A metadata service.

    In the URL `{dhcp_server}` stands for the server that gave the machine its lease, `{interface}` for each network
    interface with an IPv6 address. A service that is not `patient` is asked once, since others are asked as well.
    """

    url: str
    headers: Mapping[str, str] = _NOTHING
    token: Token | None = None
    encoding: str = ""
    absent: tuple[int, ...] = (404,)
    retried: tuple[int, ...] = ()
    patient: bool = True
    low_port: bool = False

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        for url in _urls(self.url, machine):
            try:
                status, body = self._get(url, read, say)
            except Unreachable as fault:
                if self.patient:
                    raise
                say(str(fault))
                continue
            return Answer(decode(self._judged(url, status, body), self.encoding, url), url)
        return None

    def __str__(self) -> str:
        return self.url

    def _get(self, url: str, read: Read, say: Say) -> tuple[int, bytes]:
        headers = self._headers(read, say)
        status, body = read(self._request(url, headers))
        if status == _EXPIRED and self.token is not None:
            say(f"{url} no longer takes the token; asking for another one")
            status, body = read(self._request(url, self._headers(read, say)))
        return status, body

    def _request(self, url: str, headers: Mapping[str, str]) -> Request:
        return Request(url, headers, "GET", self.retried, self.patient, self.low_port)

    def _headers(self, read: Read, say: Say) -> Mapping[str, str]:
        token = self.token
        if token is None:
            return self.headers
        status, body = read(Request(token.url, token.headers, "PUT", patient=self.patient))
        if status == 404 and token.optional:
            say(f"{token.url} gives no tokens; asking without one")
            return self.headers
        if status not in _FINE:
            raise Refused(REFUSED, where=token.url, status=status)
        text = body.decode("latin-1").strip()
        if not text and not token.optional:
            raise Refused(EMPTY_TOKEN, where=token.url)
        return {**self.headers, token.sent_as: text}

    def _judged(self, url: str, status: int, body: bytes) -> bytes:
        if status in _FINE:
            return body
        if status in self.absent:
            return b""
        raise Refused(NOT_FOUND if status == 404 else REFUSED, where=url, status=status)


def _urls(url: str, machine: Machine) -> Iterator[str]:
    """The URLs that a row's URL stands for on this machine, none while it is not known."""
    if "{dhcp_server}" in url:
        for server in dhcp_servers(machine):
            yield url.replace("{dhcp_server}", server)
    elif "{interface}" in url:
        for interface in interfaces_with_ipv6(machine):
            yield url.replace("{interface}", interface)
    else:
        yield url


def dhcp_servers(machine: Machine) -> list[str]:
    """The DHCP servers that systemd-networkd has leases from, by the number of the interface (its own format)."""
    if machine.system.look(_LEASES) is None:
        return []
    servers = []
    for name in sorted(machine.system.list(_LEASES), key=lambda name: (len(name), name)):
        lease = content_of(machine.system, f"{_LEASES}/{name}", 1 << 20) or b""
        fields = dict(line.split("=", 1) for line in lease.decode(errors="replace").splitlines() if "=" in line)
        if server := fields.get("SERVER_ADDRESS"):
            servers.append(server)
    return servers


def interfaces_with_ipv6(machine: Machine) -> list[str]:
    """The interfaces that have an IPv6 address, without loopback (/proc/net/if_inet6: the name comes last)."""
    text = (content_of(machine.system, "/proc/net/if_inet6", 1 << 20) or b"").decode(errors="replace")
    names = (line.split()[-1] for line in text.splitlines() if line.strip())
    return [name for name in dict.fromkeys(names) if name != "lo"]
