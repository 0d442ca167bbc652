"""Durations as Go's time.ParseDuration reads them: text such as `1m30s` comes in, seconds go out."""

from __future__ import annotations

import re
from typing import Final

UNITS: Final = {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST: Final = 292 * 365 * 86400.0  # a little less than Go's int64 of nanoseconds holds

_PART: Final = re.compile(rf"([0-9]+\.?[0-9]*|\.[0-9]+)({'|'.join(sorted(UNITS, key=len, reverse=True))})")


def seconds_of(text: str) -> float | None:
    """The seconds of a duration; None when it is none."""
    sign = -1.0 if text.startswith("-") else 1.0
    rest = text[1:] if text[:1] in {"+", "-"} else text
    if rest == "0":
        return 0.0
    seconds, end = 0.0, 0
    while end < len(rest):
        part = _PART.match(rest, end)
        if part is None:
            return None
        seconds += float(part[1]) * UNITS[part[2]]
        end = part.end()
    return sign * seconds if rest and seconds <= LONGEST else None
