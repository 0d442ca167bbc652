"""Templates held back: failures of machines go in, a Hold comes out that says whether a template is given to others.

Two machines that fail at the same part of what one template made are no accident: a third is not sent after them. A
hold is of the template's bytes, so that it ends when they change; or a person releases it, and counting begins anew.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from stoker.machines.receipts import Receipt
from stoker.machines.record import Failure
from stoker.report import Event, pointer_text

ENOUGH: Final = 2  # machines
MAX_POINTERS: Final = 64
MAX_MACHINES: Final = 16  # by pointer: those that were on their way when it was held
STAGE: Final = "hold"


class Hold(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known against a template: the machines that failed, by the part of the config that they failed at.

    `template` is its key in the catalogue, `revision` that of its bytes: the hold's own key. `held_at` is 0 as long as
    it is only watched; `pointer` is then the part that it is held for.
    """

    template: str
    revision: str
    failed: dict[str, tuple[str, ...]] = {}
    held_at: float = 0.0
    pointer: str = ""
    released_by: str = ""

    def reason(self) -> str:
        """Why it is held, for whoever is refused."""
        machines = " and ".join(f"`{name}`" for name in self.failed.get(self.pointer, ()))
        return f"`{self.template}` is held: {machines} failed at `{self.pointer}` of what it makes"

    def holds(self, revision: str, machine: str) -> bool:
        """Whether that machine is not given the template as it is now. Those that failed may try again."""
        return bool(self.held_at) and revision == self.revision and machine not in self.failed.get(self.pointer, ())


class Held(NamedTuple):
    """A hold from now on, and what happened to it, if it is worth an event."""

    hold: Hold
    events: tuple[Event, ...] = ()


def note_failure(hold: Hold | None, receipt: Receipt, failure: Failure, machine: str, at: float) -> Held | None:
    """Take a failure into what is known against the template of a receipt; None where it says nothing against it.

    A failure that names no part of the config may be anybody's fault: the network's, or the disk's.
    """
    if not failure.pointer or not receipt.revision:
        return None
    if hold is None or hold.revision != receipt.revision:
        hold = Hold(receipt.template, receipt.revision)
    pointer = pointer_text(failure.pointer)
    before = hold.failed.get(pointer, ())
    is_full = len(before) >= MAX_MACHINES or (not before and len(hold.failed) >= MAX_POINTERS)
    if machine in before or is_full:
        return Held(hold)
    names = (*before, machine)
    hold = replace(hold, failed={**hold.failed, pointer: names})
    if hold.held_at or len(names) < ENOUGH:
        return Held(hold)
    hold = replace(hold, held_at=at, pointer=pointer, released_by="")
    return Held(hold, (Event(at, STAGE, hold.reason(), "alarm", machine),))


def release(hold: Hold, by: str, at: float) -> Held:
    """A person lets the template go on: what was known against it is forgotten."""
    event = Event(at, STAGE, f"`{hold.template}` is released" + (f" by `{by}`" if by else ""))
    return Held(replace(hold, failed={}, held_at=0.0, pointer="", released_by=by), (event,))
