"""Lines of a log: text, how much it matters, and the label that says where the work stands.

A Line is a string, so whoever only prints lines need not know more. The levels are those of syslog(3).
"""

from __future__ import annotations

import enum
from typing import Self


class Level(enum.IntEnum):
    """How much a line matters; the lower, the more."""

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6
    DEBUG = 7


class Line(str):
    """A line. `label` is what lines about the same work begin with, until a line with another one comes."""

    __slots__ = ("label", "level")

    label: str
    level: Level

    def __new__(cls, text: str, level: Level = Level.INFO, label: str = "") -> Self:
        line = super().__new__(cls, text)
        line.level = level
        line.label = label
        return line
