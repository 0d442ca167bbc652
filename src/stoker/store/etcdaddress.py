"""Where a store in etcd is, as people write it: `etcd://HOST:PORT,HOST:PORT/PREFIX` goes in, endpoints come out.

`etcds://` is the same over TLS. A port that is not named is 2379, a prefix that is not named `/stoker/`. The user,
where etcd asks for one, stands before the hosts, `etcd://USER@HOST`; a password never does.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

PORT: Final = 2379
PREFIX: Final = "/stoker/"
SCHEMES: Final = {"etcd": "http", "etcds": "https"}
EXAMPLE: Final = "such as `etcd://a.example,b.example,c.example`"


class EtcdAddress(NamedTuple):
    """The endpoints of one cluster, the user, and what all keys begin with."""

    endpoints: tuple[str, ...]
    user: str = ""
    prefix: str = PREFIX


def parse_address(text: str) -> EtcdAddress:
    """Read it. Raises ValueError with what is wrong; that never quotes what may be a password."""
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in SCHEMES:
        raise ValueError(f"a store begins with `etcd://` or `etcds://`, {EXAMPLE}")
    place, _, path = rest.partition("/")
    user, _, hosts = place.rpartition("@")
    if ":" in user:
        raise ValueError("the address of a store has no password in it; name a file that has it")
    if path.strip("/") and not all(path.strip("/").split("/")):
        raise ValueError(f"`/{path}` is no prefix of keys, such as `/stoker/`")
    prefix = f"/{path.strip('/')}/" if path.strip("/") else PREFIX
    return EtcdAddress(tuple(_endpoint(SCHEMES[scheme], host) for host in hosts.split(",")), user, prefix)


def _endpoint(scheme: str, host: str) -> str:
    try:
        url = urlsplit(f"{scheme}://{host}")
        name, port = url.hostname, url.port or PORT
    except ValueError as error:
        raise ValueError(f"`{host}` is no HOST:PORT of etcd: {error}") from error
    if not name or url != SplitResult(scheme, host, "", "", ""):
        raise ValueError(f"`{host}` is no HOST:PORT of etcd, {EXAMPLE}")
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"
