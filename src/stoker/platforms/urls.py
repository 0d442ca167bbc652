"""A URL that a person named outside a config: in go its text and who named it, out comes what lies there."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from stoker.platforms.errors import Refused
from stoker.platforms.machine import Answer, Read, Request
from stoker.platforms.messages import NOT_FOUND, REFUSED


def ask_url(url: str, name: str, read: Read) -> Answer:
    """The config at a URL; that there must be one is why it was named. Raises `Refused`, and what the `Read` raises."""
    where = f"{shown(url)} ({name})"
    status, body = read(Request(url))
    if status not in {200, 204}:
        raise Refused(NOT_FOUND if status == 404 else REFUSED, where=where, status=status)
    return Answer(body, where)


def shown(url: str) -> str:
    """A URL as it may be printed: without a password, a query or the bytes of a data URL."""
    parts = urlsplit(url)
    if parts.scheme == "data":
        return "data:..."
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "..." if parts.query else "", ""))
