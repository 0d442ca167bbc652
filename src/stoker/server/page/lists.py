"""The lists of the page; a Request and a View go in, a Reply comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stoker.http import Request
from stoker.report import Event
from stoker.server.page.documents import show
from stoker.server.page.fleet import STATES, list_fleet, read_asked
from stoker.server.page.visitors import read_visitor
from stoker.server.replies import Reply, View

LOG: Final = "log"
OWN: Final = frozenset({"identity", "state"})  # stages of events by which a record tells of itself


def fleet(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ui/`: the machines."""
    visitor = read_visitor(request, view.sessions, view.at)
    machines = list(view.timeline)
    found = list_fleet(machines, read_asked(request.raw_query, visitor), visitor)
    shown = {row.name for row in found.rows}
    events = {machine.name: last_event(view.timeline.events(machine)) for machine in machines if machine.name in shown}
    return Reply(show(request, visitor, "fleet.html", view, fleet=found, states=STATES, events=events))


def last_event(events: Sequence[Event]) -> Event | None:
    """What happened last that is worth a line: what the record tells of itself, and lines of a log, are not."""
    return next((event for event in reversed(events) if event.outcome != LOG and event.stage not in OWN), None)
