"""A record and a fact go in, the next record comes out, with the events that tell of the change.

Folding is pure and depends on nothing but its arguments, so that two servers who fold the same facts write the same
record; the one that loses a race reads again and folds again.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from stoker.machines.facts import (
    FETCHED,
    AnyFact,
    Inventoried,
    Ordered,
    Refused,
    Seen,
    Sent,
    Tokened,
    Told,
    sign_of,
    sign_of_event,
)
from stoker.machines.record import MAX_RECEIPTS, Armed, Failure, Machine, shorten
from stoker.machines.states import Sign, State, step
from stoker.machines.tokens import fetched, renew
from stoker.report import Event

MAX_FAILURES: Final = 3  # in a row; the last of them quarantines
STOPPED: Final = frozenset({State.FAILED, State.QUARANTINED})  # for a failure that nobody else's word takes away
STAGE: Final = "state"


class Folded(NamedTuple):
    """The record from now on, None when it is forgotten; the events to keep; and why a fact was refused, if it was."""

    machine: Machine | None
    events: tuple[Event, ...] = ()
    refusal: str = ""


def fold(machine: Machine, fact: AnyFact, at: float) -> Folded:
    """Take a fact into a record. A fact that is refused leaves nothing but an event that says so."""
    sign = _sign(machine, fact)
    if sign is Sign.FAILED and machine.failures + 1 >= MAX_FAILURES:
        sign = Sign.EXHAUSTED
    taken = step(machine.state, sign)
    told = _told(fact, at)
    seen = machine.last_seen if isinstance(fact, Ordered) else max(machine.last_seen, at)
    if taken.refusal:
        refused = Event(at, STAGE, f"{_words(sign, fact)} is refused: {taken.refusal}", "refused")
        return _finish(replace(machine, last_seen=seen), (*told, refused), taken.refusal)
    if taken.state is None:
        return Folded(None)
    after = replace(machine, state=taken.state, last_seen=seen, **_parts(machine, fact, at))
    if taken.state is not machine.state:
        after = replace(after, since=at)
    after = _consequences(machine, after, sign, fact, at)
    return _finish(after, (*told, *_changes(machine, after, sign, fact, at)))


def _sign(machine: Machine, fact: AnyFact) -> Sign:
    """What a fact means; of a machine that is armed and has a token, only what it says with that means anything."""
    is_doubtful = isinstance(fact, Told) and not fact.is_trusted and machine.armed and machine.token
    return Sign.SEEN if is_doubtful else sign_of(fact)


def _finish(machine: Machine, events: tuple[Event, ...], refusal: str = "") -> Folded:
    """Put the machine's name on its events, and count them."""
    named = tuple(replace(event, machine=machine.name) for event in events)
    return Folded(replace(machine, events=machine.events + len(named)), named, refusal)


def _told(fact: AnyFact, at: float) -> tuple[Event, ...]:
    """The event that a fact brings along, or is."""
    if isinstance(fact, Refused):
        return (Event(at, "refusal", f"given nothing: {fact.reason}", "refused"),)
    event = fact.event if isinstance(fact, Told | Tokened) else None
    return () if event is None else (event,)


def _parts(machine: Machine, fact: AnyFact, at: float) -> dict[str, Any]:
    """The fields that a fact sets by itself, whatever the state."""
    match fact:
        case Seen(labels, group, profile):
            return {
                "labels": shorten(labels) or machine.labels,
                "group": group or machine.group,
                "profile": profile or machine.profile,
            }
        case Sent(receipt) if receipt is not None:
            return {"receipts": (*machine.receipts, receipt)[-MAX_RECEIPTS:]}
        case Refused(reason):
            return {"refusal": reason}
        case Tokened(token):
            return {"token": renew(machine.token, token)}
        case Told(event, True) if event.stage in FETCHED and event.outcome == "done" and machine.token is not None:
            return {"token": fetched(machine.token)}
        case Told(event, False) if sign_of_event(event) is Sign.FAILED and machine.state not in STOPPED:
            return {"failure": _failure(event, at)}
        case Inventoried(inventory):
            return {"inventory": inventory}
        case _:
            return {}


def _consequences(before: Machine, after: Machine, sign: Sign, fact: AnyFact, at: float) -> Machine:
    """What a sign does to the rest of the record."""
    match sign:
        case Sign.START | Sign.INSTALL:
            return replace(after, refusal="", armed=after.armed and replace(after.armed, is_used=True))
        case Sign.CONFIG if before.state is not State.INSTALLING and after.armed and after.armed.is_used:
            return replace(after, armed=None)  # it starts without an install: one start is what was armed
        case Sign.INSTALLED:
            return replace(after, armed=None)
        case Sign.UP if after.state is State.UP:
            return replace(after, armed=None, failures=0, failure=None, reason="")
        case Sign.FAILED | Sign.EXHAUSTED:
            return _failed(before, after, fact, at)
        case Sign.REPROVISION:
            by = fact.by if isinstance(fact, Ordered) else ""
            return replace(after, armed=Armed(at, by), token=None, failures=0, reason="")
        case Sign.QUARANTINE:
            by = fact.by if isinstance(fact, Ordered) else ""
            return replace(after, armed=None, token=None, reason=f"a person said so{by and f': `{by}`'}")
        case Sign.RELEASE | Sign.RETIRE:
            return replace(after, armed=None, token=None, failures=0, failure=None, reason="")
        case _:
            return after


def _failed(before: Machine, after: Machine, fact: AnyFact, at: float) -> Machine:
    """Count a failure, once however many events tell of it; of these the first that names a part of a config counts."""
    if not isinstance(fact, Told):
        return after
    failure = _failure(fact.event, at)
    if after.state is before.state:
        is_better = before.failure is not None and not before.failure.pointer and failure.pointer
        return replace(after, failure=failure) if is_better else after
    after = replace(after, failure=failure, failures=before.failures + 1)
    if after.state is State.QUARANTINED:
        reason = f"{after.failures} tries in a row failed; the last one in `{failure.stage}`: {failure.text}"
        return replace(after, armed=None, token=None, reason=reason)
    return after


def _failure(event: Event, at: float) -> Failure:
    return Failure(at, event.stage, event.text, event.digest, event.pointer)


def _changes(before: Machine, after: Machine, sign: Sign, fact: AnyFact, at: float) -> tuple[Event, ...]:
    """What the fact changed that a person wants to read of."""
    by = f" by `{fact.by}`" if isinstance(fact, Ordered) and fact.by else ""
    if after.state is not before.state:
        reason = f": {after.reason}" if after.reason else ""
        return (Event(at, STAGE, f"{before.state} -> {after.state} ({_words(sign, fact)}{by}){reason}"),)
    if sign is Sign.REPROVISION:
        return (Event(at, STAGE, f"armed for one install{by}"),)
    return ()


def _words(sign: Sign, fact: AnyFact) -> str:
    return f"{sign}: {fact.event.stage}" if isinstance(fact, Told) and fact.event.stage != sign else str(sign)
