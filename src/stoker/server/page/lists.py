"""The lists of the page; a Request and a View go in, a Reply comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from stoker.http import Request
from stoker.machines import Machine, State
from stoker.report import Event
from stoker.server.page.documents import show
from stoker.server.page.fleet import STATES, list_fleet, read_asked
from stoker.server.page.visitors import read_visitor
from stoker.server.replies import Reply, View

LOG: Final = "log"
BAD: Final = frozenset({"failed", "refused", "alarm"})
OWN: Final = frozenset({"identity", "state"})  # stages of events by which a record tells of itself


def fleet(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ui/`: the machines."""
    visitor = read_visitor(request, view.sessions, view.at)
    machines = view.keeper.machines()
    found = list_fleet(machines, view.catalogue.known, read_asked(request.raw_query, visitor), visitor)
    shown = {row.name for row in found.rows} if visitor.may_read else set()
    events = {each.name: last_event(each, view.keeper.events(each.name)) for each in machines if each.name in shown}
    return Reply(
        show(request, visitor, "fleet.html", view, {"fleet": found, "states": STATES, "events": events, "bad": BAD})
    )


def last_event(machine: Machine, events: Sequence[Event]) -> Event | None:
    """What to say of a machine: what failed, else what happened last; its log and what its record tells is neither."""
    failure = machine.failure
    if failure is not None and machine.state in {State.FAILED, State.QUARANTINED}:
        return Event(failure.at, failure.stage, failure.text, "failed")
    event = next((event for event in reversed(events) if event.outcome != LOG and event.stage not in OWN), None)
    return event and msgspec.structs.replace(event, text=event.text.removeprefix(f"{event.stage}: "))
