"""What was seen of a machine goes in, whether just that was seen a moment ago comes out.

A client that asks for the same thing over and over again, as a broken boot loader does, is one event a second and not
a thousand: its ring would have room for nothing else, and the store for nobody else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from stoker.machines import AnyFact, Booted, Refused, Seen, Sent, Told
from stoker.server.notes import Note

SECONDS: Final = 1.0
MOST: Final = 4096


class Repeats:
    """What was heard of in the last second, the oldest forgotten first when there are too many."""

    def __init__(self) -> None:
        self.seen: OrderedDict[tuple[Hashable, ...], float] = OrderedDict()

    def is_repeated(self, note: Note) -> bool:
        """Whether the same was noted of the same machine within the last second."""
        key = _key(note)
        before = self.seen.get(key)
        if before is not None and 0 <= note.at - before < SECONDS:
            return True
        self.seen[key] = note.at
        self.seen.move_to_end(key)
        if len(self.seen) > MOST:
            self.seen.popitem(last=False)
        return False

    def forget(self, note: Note) -> None:
        """Let it be as if this had not been noted: it could not be kept."""
        self.seen.pop(_key(note), None)


def _key(note: Note) -> tuple[Hashable, ...]:
    return (note.identity, *(word for fact in note.facts for word in _words(fact)))


def _words(fact: AnyFact) -> tuple[Hashable, ...]:
    """What makes a fact the same as another, whenever they were; what is in no other fact where each one counts."""
    match fact:
        case Seen(labels, group, profile):
            return (Seen, group, profile, *labels.items())
        case Told(event, is_trusted):
            return Told, event.stage, event.text, event.outcome, event.digest, event.pointer, is_trusted
        case Sent(receipt, is_installed):
            return Sent, receipt and receipt.config, receipt and receipt.sent, is_installed
        case Booted() | Refused():
            return (fact,)
        case _:
            return (object(),)
