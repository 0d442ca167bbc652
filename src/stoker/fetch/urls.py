"""URLs to fetch from: text in, out come its parts as they are sent.

Whether a URL is one is the reading of Go's net/url (`stoker.schema.urls`); what is sent, that of RFC 9112 section 3.2.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from stoker.fetch import messages
from stoker.fetch.errors import BadSource
from stoker.fetch.redaction import redacted
from stoker.schema.urls import parse_url

_PORTS: Final = {"http": 80, "https": 443, "tftp": 69}
_SENT: Final = "/:@!$&'()*+,;=~-._%"  # what stays as it is in a path; a query also keeps `?`


class Url(NamedTuple):
    """The parts of a URL. `user` is `NAME:PASSWORD` as it is written; `path` and `query` are as they are sent."""

    scheme: str
    user: str
    host: str
    port: int
    path: str
    query: str

    @property
    def target(self) -> str:
        """What stands in the request line."""
        return (self.path or "/") + (f"?{self.query}" if self.query else "")

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header names them: no zone (RFC 6874), no port that goes without saying."""
        name = self.host.partition("%")[0]
        name = f"[{name}]" if ":" in name else name.encode("idna").decode() if not name.isascii() else name
        return name if self.port == _PORTS.get(self.scheme) else f"{name}:{self.port}"


def split_url(text: str) -> Url:
    """Take a URL apart. Raises `BadSource` when it is none, or names no host."""
    if parse_url(text) is None:
        raise BadSource(messages.BAD_URL, url=redacted(text), reason="it is not a URL")
    try:
        parts = urlsplit(text)
        host, port = unquote(parts.hostname or ""), parts.port
        if ":" not in host:
            host.encode("idna")
    except ValueError:  # its text may show what `redacted` hides
        raise BadSource(messages.BAD_URL, url=redacted(text), reason="its host or port is not one") from None
    if not host:
        raise BadSource(messages.BAD_URL, url=redacted(text), reason="it names no host")
    return Url(
        parts.scheme,
        parts.netloc.rpartition("@")[0],
        host,
        _PORTS.get(parts.scheme, 0) if port is None else port,
        quote(parts.path, safe=_SENT, errors="replace"),
        quote(parts.query, safe=_SENT + "?", errors="replace"),
    )
