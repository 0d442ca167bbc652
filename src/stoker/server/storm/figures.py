"""What each step of each machine took goes in, how many there were and how long they took comes out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

STEPS: Final = ("boot.ipxe", "ipxe", "kernel", "initrd", "ignition", "events")
CHAIN: Final = "whole chain"


@dataclass(frozen=True, slots=True)
class Step:
    """One row: how often, and how many seconds half, nine of ten, 99 of 100 and all of them took at most."""

    name: str
    requests: int
    p50: float
    p90: float
    p99: float
    longest: float


@dataclass(slots=True)
class Figures:
    """What came of a storm; times in seconds, bytes those of bodies."""

    taken: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in (*STEPS, CHAIN)})
    errors: Counter[str] = field(default_factory=Counter)
    received: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0  # CPU of the load maker

    @property
    def requests(self) -> int:
        """How many requests were answered as hoped."""
        return sum(len(self.taken[name]) for name in STEPS)

    @property
    def finished(self) -> int:
        """How many machines came through the whole chain."""
        return len(self.taken[CHAIN])

    def rows(self) -> list[Step]:
        """A row for each step that was taken, the whole chain last."""
        return [_row(name, sorted(times)) for name, times in self.taken.items() if times]


def _row(name: str, times: Sequence[float]) -> Step:
    def within(share: float) -> float:
        """Nearest rank: the least time that so large a share did not exceed."""
        return times[math.ceil(share * len(times)) - 1]

    return Step(name, len(times), within(0.5), within(0.9), within(0.99), times[-1])
