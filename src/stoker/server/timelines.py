"""The last events of each machine: events go in by the name of the machine, its timeline comes out, bounded in bytes.

Of each machine so many are kept; of all together so many bytes, and those of the machine that nothing was heard of for
longest go first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from stoker.report import Event
from stoker.server.notes import MAX_EVENTS

MAX_BYTES: Final = 256 << 20
EVENT_BYTES: Final = 400  # of an event beside its texts


class Timelines:
    """Rings of events by name."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.size = 0
        self._rings: dict[str, deque[Event]] = {}

    def __len__(self) -> int:
        return len(self._rings)

    def of(self, name: str) -> Sequence[Event]:
        """The events of a machine, the oldest first."""
        return self._rings.get(name, ())

    def add(self, name: str, event: Event) -> None:
        """Keep an event, as the latest one."""
        ring = self._rings.pop(name, None) or deque()
        self._rings[name] = ring
        ring.append(event)
        self.size += _size(event)
        if len(ring) > MAX_EVENTS:
            self.size -= _size(ring.popleft())
        while self.size > self.max_bytes and len(self._rings) > 1:
            self.pop(next(iter(self._rings)))

    def pop(self, name: str) -> Sequence[Event]:
        """Take out what is known of a machine."""
        events = self._rings.pop(name, ())
        self.size -= sum(map(_size, events))
        return events


def _size(event: Event) -> int:
    return EVENT_BYTES + len(event.text) + sum(len(step) for step in event.pointer if isinstance(step, str))
