"""What was seen of a machine goes in, whether just that was seen a moment ago comes out.

A client that asks for the same thing over and over again, as a broken boot loader does, is one event a second and not
a thousand: its ring would have room for nothing else, and the store for nobody else.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from stoker.machines import Sighting

SECONDS: Final = 1.0
MOST: Final = 4096


class Repeats:
    """The sightings of the last second, the oldest forgotten first when there are too many."""

    def __init__(self) -> None:
        self.seen: OrderedDict[tuple[Any, ...], float] = OrderedDict()

    def is_repeated(self, sighting: Sighting, at: float) -> bool:
        """Whether this was seen within the last second; `at` is in seconds since 1970."""
        key = _key(sighting)
        before = self.seen.get(key)
        if before is not None and 0 <= at - before < SECONDS:
            return True
        self.seen[key] = at
        self.seen.move_to_end(key)
        if len(self.seen) > MOST:
            self.seen.popitem(last=False)
        return False

    def forget(self, sighting: Sighting) -> None:
        """Let it be as if this had not been seen: it could not be kept."""
        self.seen.pop(_key(sighting), None)


def _key(sighting: Sighting) -> tuple[Any, ...]:
    told = tuple((event.stage, event.text, event.outcome) for event in sighting.events)
    return (sighting.identity, told, sighting.group, sighting.profile, *sighting.labels.items())
