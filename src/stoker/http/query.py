"""A query string goes in, its keys and values come out as Go's net/url reads them; and paths, without their escapes.

Rules of url.ParseQuery (Go 1.27): pairs are parted by `&`; a pair with `;` or with a broken escape is left out, `+`
is a blank. Matchbox's answers depend on each of these.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2})")
MAX_PAIRS: Final = 1000
ESCAPED_SLASH: Final = "%2F"
SLASHES: Final = re.compile(b"%2[fF]")


def parse_query(raw: str) -> dict[str, list[str]]:
    """All values of each key, in order; at most `MAX_PAIRS` pairs are read."""
    values: dict[str, list[str]] = {}
    for pair in raw.split("&", MAX_PAIRS)[:MAX_PAIRS]:
        if not pair or ";" in pair:
            continue
        key, _, value = pair.partition("=")
        name, content = _unescape(key), _unescape(value)
        if name is not None and content is not None:
            values.setdefault(name, []).append(content)
    return values


def unescape_path(path: bytes) -> str:
    """A path with its escapes undone, but for those of `/`, which stay `%2F`: what they stand in is one name."""
    if b"%" in path:
        path = ESCAPED_SLASH.encode().join(unquote_to_bytes(part) for part in SLASHES.split(path))
    return path.decode("utf-8", "surrogateescape")


def _unescape(text: str) -> str | None:
    if "%" not in text:
        return text.replace("+", " ")
    if BROKEN_ESCAPE.search(text):
        return None
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "surrogateescape")
