"""Trying again: in goes what to try and for how long, out comes its first success, or the fault that ended it.

The waits are Ignition's: 200 ms, doubled up to 5 s, for ever unless the settings bound them. Time comes from a Clock,
so that a test may bring its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol, TypeVar

from stoker.fetch import messages
from stoker.fetch.errors import GaveUp, Unavailable
from stoker.fetch.links import hindrance
from stoker.fetch.redaction import redacted
from stoker.fetch.source import Say, Settings

FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 5.0
FOR_EVER: Final = float("inf")

Result = TypeVar("Result")


class Clock(Protocol):
    """Where time comes from, in seconds."""

    def now(self) -> float:
        """Time that only goes forward."""

    def date(self) -> float:
        """The date: seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


class RealClock:
    """The machine's own clocks."""

    def now(self) -> float:
        """See `Clock.now`."""
        return time.monotonic()

    def date(self) -> float:
        """See `Clock.date`."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        time.sleep(seconds)


def waits() -> Iterator[float]:
    """The seconds to wait after the first, second, ... failure."""
    wait = FIRST_WAIT
    while True:
        yield wait
        wait = min(2 * wait, LONGEST_WAIT)


class Patience:
    """The time that one URL may take, beginning now; for a single try only, if `once`.

    `links` is the kernel's directory of network interfaces.
    """

    def __init__(self, url: str, settings: Settings, clock: Clock, say: Say, links: str, *, once: bool = False) -> None:
        self._url = redacted(url)
        self._clock = clock
        self._say = say
        self._links = links
        self._began = clock.now()
        self._end = self._began + (settings.total or FOR_EVER)
        self._last_try = min(self._end, self._began + (0 if once else settings.patience or FOR_EVER))

    def left(self) -> float:
        """The seconds that are left of the total, possibly without end. Raises `GaveUp` when there are none."""
        left = self._end - self._clock.now()
        if left <= 0:
            raise self._gave_up("its time has run out")
        return left

    def persist(self, label: str, attempt: Callable[[], Result]) -> Result:
        """Try until it succeeds, as long as the fault is `Unavailable` and time is left. `label` begins each line."""
        tries = enumerate(waits(), start=1)
        while True:
            number, wait = next(tries)
            self._say(f"{label} {self._url}: attempt #{number}")
            try:
                return attempt()
            except GaveUp:
                raise
            except Unavailable as fault:
                if fault.code == messages.NO_ANSWER.code:
                    self._say(f"{label} error: {fault.brief}")
                hindered = hindrance(self._links) if fault.is_network else None
                if fault.is_network:
                    self._say(
                        f"waiting for network, {self._clock.now() - self._began:.0f} s, {hindered or fault.brief}"
                    )
                if self._clock.now() + wait >= self._last_try:
                    raise self._gave_up(fault.brief + (f", {hindered}" if hindered else "")) from fault
            self._clock.sleep(wait)

    def _gave_up(self, brief: str) -> GaveUp:
        return GaveUp(messages.GAVE_UP, url=self._url, brief=brief)
