"""A URL that a person named outside a config: in go its text and who named it, out comes what lies there."""

from __future__ import annotations

import re
from typing import Final

from stoker.platforms.errors import Refused
from stoker.platforms.machine import Answer, Read, Request
from stoker.platforms.messages import NOT_A_URL, NOT_FOUND, REFUSED
from stoker.schema.urls import parse_url

_USER: Final = re.compile(r"(?<=://)[^/?#]*@")
_QUERY: Final = re.compile(r"\?.*", re.DOTALL)


def ask_url(url: str, name: str, read: Read) -> Answer:
    """The config at a URL; that there must be one is why it was named. Raises `Refused`, and what the `Read` raises."""
    if parse_url(url) is None:
        raise Refused(NOT_A_URL, where=name)
    where = f"{shown(url)} ({name})"
    status, body = read(Request(url))
    if status not in {200, 204}:
        raise Refused(NOT_FOUND if status == 404 else REFUSED, where=where, status=status)
    return Answer(body, where)


def shown(url: str) -> str:
    """A URL as it may be printed: without a password, a query or the bytes of a data URL."""
    if url.lower().startswith("data:"):
        return "data:..."
    return _QUERY.sub("?...", _USER.sub("", url))
