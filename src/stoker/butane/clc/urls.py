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
_USER: Final = _PATH - frozenset(b"/:@")
_HOST: Final = frozenset(range(128)) - frozenset(b"%")
_CHARACTERS: Final = r"[A-Za-z0-9\-_.~!$&'()*+,;=:@/\[\]{}]|%[0-9A-Fa-f]{{2}}"
_GOOD_PATH: Final = re.compile(f"(?:{_CHARACTERS.format('')})*")
_GOOD_FRAGMENT: Final = re.compile(f"(?:{_CHARACTERS.format('?')})*")
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
        authority, slash, path = rest[2:].partition("/")
        authority, rest = "//" + _authority(authority), slash + path
    path = rest if _GOOD_PATH.fullmatch(rest) else _escape(rest, _PATH)
    return scheme + authority + path + mark + query + _fragment(sharp, fragment)


def _authority(text: str) -> str:
    """User and host; what is escaped well in a path or a fragment stays so, but not here."""
    user, at, host = text.rpartition("@")
    words = (_escape(word, _USER) for word in user.split(":", 1))
    return ":".join(words) + at + _escape(host, _HOST)


def _fragment(sharp: str, fragment: str) -> str:
    if not fragment:
        return ""
    return sharp + (fragment if _GOOD_FRAGMENT.fullmatch(fragment) else _escape(fragment, _FRAGMENT))


def _escape(text: str, kept: frozenset[int]) -> str:
    """Take escapes away and escape anew all that is not to be kept."""
    plain = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogateescape"))
    return "".join(chr(code) if code in kept else f"%{code:02X}" for code in plain)
