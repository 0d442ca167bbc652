"""A URL as Go writes it again once it has read it.

In goes a URL that `schema.urls` can read; out comes its normal form: the scheme in lower case, what needs escaping
escaped. Source: RFC 3986 and the published behaviour of net/url in Go.
"""

from __future__ import annotations

import re
from typing import Final

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_PATH: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~$&+,/:;=@")
_FRAGMENT: Final = _PATH | frozenset(b"?!()*")
_HOST: Final = frozenset(range(128))
_WELL_ESCAPED: Final = re.compile(r"(?:[A-Za-z0-9\-_.~!$&'()*+,;=:@/\[\]]|%[0-9A-Fa-f]{2})*")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


def rewrite(text: str) -> str:
    """The normal form of a URL."""
    body, sharp, fragment = text.partition("#")
    found = _SCHEME.fullmatch(body)
    scheme, rest = (found[1].lower() + ":", found[2]) if found else ("", body)
    rest, mark, query = rest.partition("?")
    if scheme and not rest.startswith("/"):
        return scheme + rest + mark + query + _fragment(sharp, fragment)
    authority = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        host, slash, path = rest[2:].partition("/")
        authority, rest = "//" + _escape(host.encode("utf-8", "surrogateescape"), _HOST), slash + path
    return scheme + authority + _path(rest) + mark + query + _fragment(sharp, fragment)


def _path(path: str) -> str:
    """A path that is escaped well stays as it is; any other is escaped anew."""
    return path if _WELL_ESCAPED.fullmatch(path) else _escape(_unescape(path), _PATH)


def _fragment(sharp: str, fragment: str) -> str:
    if not fragment:
        return ""
    return sharp + (fragment if _WELL_ESCAPED.fullmatch(fragment) else _escape(_unescape(fragment), _FRAGMENT))


def _unescape(text: str) -> bytes:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogateescape"))


def _escape(text: bytes, kept: frozenset[int]) -> str:
    return "".join(chr(code) if code in kept else f"%{code:02X}" for code in text)
