"""Lines as the Go library logrus writes them off a terminal: a level, a message and fields go in, a line comes out."""

from __future__ import annotations

import functools
import re
import time
from datetime import datetime
from typing import Final, NamedTuple

from stoker.templates.gotext import sprintf

# The names that -log-level takes, in any case, and what each lets through; the lower, the more it matters.
LEVELS: Final = {"panic": 0, "fatal": 1, "error": 2, "warn": 3, "warning": 3, "info": 4, "debug": 5, "trace": 6}
LONGEST: Final = 8192  # characters of a value that are written
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/@^+-]*")
_UNESCAPED: Final = re.compile(r"[ !#-\[\]-~]*")  # what stands between quotes as it is


class Logrus(NamedTuple):
    """A log that writes what matters at least as much as `level`."""

    level: str = "info"

    def line(self, level: str, message: str, **fields: str) -> str:
        """A line, or nothing where the log does not take the level."""
        if LEVELS[level] > LEVELS[self.level]:
            return ""
        named = {"time": f'"{_stamp(int(time.time()))}"', "level": level, "msg": _value(message)}
        named |= {key: _value(fields[key]) for key in sorted(fields)}
        return " ".join(f"{key}={value}" for key, value in named.items())


@functools.lru_cache(maxsize=1)
def _stamp(seconds: int) -> str:
    """A time as RFC 3339 has it, in the zone of this machine."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat().replace("+00:00", "Z")


def _value(text: str) -> str:
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    if _PLAIN.fullmatch(shown):
        return shown
    return f'"{shown}"' if _UNESCAPED.fullmatch(shown) else sprintf("%q", shown)
