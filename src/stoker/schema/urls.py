"""URLs as Go's net/url reads them.

In goes a string; out comes its scheme, or None where the reference's parser refuses it. Only what validation asks for
is kept: scheme, opaque part and query. Source: RFC 3986 and the published behaviour of net/url in Go 1.27.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Url(NamedTuple):
    """The parts of a URL that rules look at. `scheme` is in lower case; `opaque` is what follows it without a slash."""

    scheme: str
    opaque: str
    query: str


_PLAIN: Final = re.compile(r"(https?|tftp|s3|gs)://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~/-]*)?")
_DATA: Final = re.compile(r"data:(?!/)[!$-;=@-Z_a-z~,'()*]*")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPES: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9!$&'()*+,;=:\[\]<>\"_.~-]|[^\x00-\x7f]|%[89A-Fa-f][0-9A-Fa-f]|%25)*")
_USER: Final = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_PORT: Final = re.compile(r"(?::[0-9]*)?")


def parse_url(text: str) -> Url | None:
    """Parse a URL reference; None when it is malformed."""
    plain = _PLAIN.fullmatch(text)
    if plain:
        return Url(plain[1], "", "")
    if _DATA.fullmatch(text):
        return Url("data", text[5:], "")
    body, _, fragment = text.partition("#")
    if _CONTROL.search(body) or _ESCAPES.search(fragment):
        return None
    scheme, rest = "", body
    found = _SCHEME.match(body)
    if found:
        scheme, rest = found[0][:-1].lower(), body[found.end() :]
    elif body.startswith(":"):
        return None
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme, rest, query)
        if ":" in rest.partition("/")[0]:
            return None
    authority = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        if not _is_authority(authority):
            return None
    return None if _ESCAPES.search(rest) else Url(scheme, "", query)


def _is_authority(text: str) -> bool:
    user, at, host = text.rpartition("@")
    if at and (not _USER.fullmatch(user) or _ESCAPES.search(user)):
        return False
    return _is_host(host)


def _is_host(host: str) -> bool:
    if host.startswith("["):
        address, bracket, port = host[1:].rpartition("]")
        if not bracket or not _PORT.fullmatch(port):
            return False
        address, _, zone = address.partition("%25")
        import ipaddress  # noqa: PLC0415 -- seldom needed

        try:
            return ipaddress.ip_address(address).version == 6 and not _ESCAPES.search(zone)
        except ValueError:
            return False
    name, colon, port = host.rpartition(":")
    if colon and (not _PORT.fullmatch(colon + port) or ":" in name):
        return False
    return "[" not in host and _HOST.fullmatch(host) is not None


def query_values(query: str, name: str) -> list[str] | None:
    """The values of one parameter, None when it is not given; pairs with a semicolon are dropped as Go does."""
    values = []
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if ";" not in pair and not _ESCAPES.search(pair) and _unquote(key) == name:
            values.append(_unquote(value))
    return values or None


def _unquote(text: str) -> str:
    raw = re.sub(
        rb"%([0-9A-Fa-f]{2})",
        lambda found: bytes([int(found[1], 16)]),
        text.replace("+", " ").encode("utf-8", "replace"),
    )
    return raw.decode("utf-8", "replace")
