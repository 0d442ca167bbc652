"""URLs as they may be shown: in goes any text that should be a URL, out comes one line without secrets.

Every message and every line of a log of this room takes its URLs from here.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "xxxxx"
LONGEST: Final = 300  # characters that are shown

# A parameter whose value opens something: signatures of the object stores, tokens, keys, passwords.
_SECRET: Final = re.compile(r"x-(amz|goog|ms)-|^sig$|signature|token|secret|passw|key|credential|auth", re.IGNORECASE)


def redacted(text: str) -> str:
    """A URL without its user, without the values of secret parameters, without the contents of a data URL."""
    if text[:5].lower() == "data:":
        return "data:…"
    body, question, query = text.partition("#")[0].partition("?")
    head, slashes, rest = body.partition("//")
    authority, slash, path = rest.partition("/")
    user, _, host = authority.rpartition("@")
    shown = head + slashes + (f"{HIDDEN}@" if user else "") + host + slash + path + question
    shown += "&".join(map(_redacted_pair, query.split("&")))
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def _redacted_pair(pair: str) -> str:
    """A parameter; one whose name is escaped is hidden as well, since nobody needs to write names so."""
    name, equals, _ = pair.partition("=")
    return f"{name}={HIDDEN}" if equals and (_SECRET.search(name) or "%" in name) else pair
