"""Lines as the Go library logrus writes them off a terminal: a level, a message and fields go in, a line comes out."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, NamedTuple

from stoker.templates.gotext import sprintf

# The names that -log-level takes, in any case, and what each lets through; the lower, the more it matters.
LEVELS: Final = {"panic": 0, "fatal": 1, "error": 2, "warn": 3, "warning": 3, "info": 4, "debug": 5, "trace": 6}
LONGEST: Final = 8192  # characters of a value that are written
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/@^+-]*")


class Logrus(NamedTuple):
    """A log that writes what matters at least as much as `level`."""

    level: str = "info"

    def line(self, level: str, message: str, **fields: str) -> str:
        """A line, or nothing where the log does not take the level."""
        if LEVELS[level] > LEVELS[self.level]:
            return ""
        time = datetime.now().astimezone().isoformat(timespec="seconds").replace("+00:00", "Z")
        named = {"time": f'"{time}"', "level": level, "msg": _value(message)}
        named |= {key: _value(fields[key]) for key in sorted(fields)}
        return " ".join(f"{key}={value}" for key, value in named.items())


def _value(text: str) -> str:
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return shown if _PLAIN.fullmatch(shown) else str(sprintf("%q", shown))
