"""What the page keeps from one request to the next: who is logged in, and what would be made for everybody anew."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

from stoker.server.page.fleet import Rows
from stoker.server.sessions import NO_SESSIONS, Sessions

MOST_PARTS: Final = 64


class Shared:
    """Parts of documents that are alike for all who look at the same moment, by what they depend on."""

    def __init__(self) -> None:
        self._parts: dict[Hashable, str] = {}

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """The part of that key, made if need be."""
        found = self._parts.get(key)
        if found is None:
            if len(self._parts) >= MOST_PARTS:
                self._parts.clear()
            found = self._parts[key] = make()
        return found


@dataclass(frozen=True, slots=True)
class Desk:
    """The sessions, the rows of the list of machines, and what is shared."""

    sessions: Sessions
    rows: Rows = field(default_factory=Rows)
    shared: Shared = field(default_factory=Shared)


NO_DESK: Final = Desk(NO_SESSIONS)
