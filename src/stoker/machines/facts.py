"""Facts about a machine: what was seen, sent, reported or ordered, as values that encode to JSON.

A fact waits in a spool as well as in memory, and is folded into a record more than once when two servers write at the
same time; so it holds all that folding needs but the time. `sign_of` says what it means for the state of a machine.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.machines.inventory import Inventory
from stoker.machines.receipts import Receipt
from stoker.machines.states import Sign
from stoker.machines.tokens import Token
from stoker.report import Event

FAILURES: Final = frozenset({"failed", "refused"})

# What the events of a machine are signs of, by their stage; those of other stages are signs of life. That it was given
# a script or a config is never taken from it: these are facts of the server's own.
STEPS: Final[dict[str, Sign]] = {
    "fetch-offline": Sign.STAGE,
    "fetch": Sign.STAGE,
    "kargs": Sign.STAGE,
    "disks": Sign.STAGE,
    "mount": Sign.STAGE,
    "files": Sign.STAGE,
    "umount": Sign.STAGE,
    "install": Sign.INSTALLED,
    "up": Sign.UP,
}
# Reports that a machine has its config: what takes a token is not handed out again after one.
FETCHED: Final = frozenset({"fetch", "fetched"})


class Fact(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Something that is known of a machine from now on."""


class Seen(Fact, frozen=True, omit_defaults=True):
    """It was heard of, with labels, and met a rule."""

    labels: dict[str, str] = {}
    group: str = ""
    profile: str = ""


class Told(Fact, frozen=True, omit_defaults=True):
    """An event of it: one that the server saw, or that it reported; `is_trusted`: it showed that it was itself."""

    event: Event
    is_trusted: bool = True


class Booted(Fact, frozen=True, omit_defaults=True):
    """It was given a boot script: one that installs, or one that starts what it runs."""

    is_install: bool = False


class Refused(Fact, frozen=True):
    """It was given nothing, and why: its state, its arming, a template that is held."""

    reason: str


class Sent(Fact, frozen=True, omit_defaults=True):
    """It was sent a config; `is_installed`: it asked as a machine whose disk is written."""

    receipt: Receipt | None = None
    is_installed: bool = False


class Tokened(Fact, frozen=True, omit_defaults=True):
    """Its token is another, or in another state, by a ruling of `tokens.py`."""

    token: Token | None
    event: Event | None = None


class Inventoried(Fact, frozen=True):
    """It reported what it is made of."""

    inventory: Inventory


class Ordered(Fact, frozen=True, omit_defaults=True):
    """A person gave an order: `reprovision`, `quarantine`, `release`, `retire` or `forget`."""

    order: Sign
    by: str = ""


AnyFact = Seen | Told | Booted | Refused | Sent | Tokened | Inventoried | Ordered
ORDERS: Final = frozenset({Sign.REPROVISION, Sign.QUARANTINE, Sign.RELEASE, Sign.RETIRE, Sign.FORGET})


def sign_of(fact: AnyFact) -> Sign:
    """What a fact means for the state; a third failure in a row is for `fold` to count."""
    match fact:
        case Told(event, is_trusted):
            sign = sign_of_event(event)
            return sign if is_trusted or sign is not Sign.FAILED else Sign.SEEN
        case Booted(is_install):
            return Sign.INSTALL if is_install else Sign.START
        case Sent(_, is_installed):
            return Sign.INSTALLED if is_installed else Sign.CONFIG
        case Ordered(order):
            return order if order in ORDERS else Sign.SEEN
        case _:
            return Sign.SEEN


def sign_of_event(event: Event) -> Sign:
    """What an event means for the state: lines of a log and failures of what is no step mean nothing."""
    if event.stage not in STEPS:
        return Sign.SEEN
    if event.outcome == "done":
        return STEPS[event.stage]
    return Sign.FAILED if event.outcome in FAILURES else Sign.SEEN
