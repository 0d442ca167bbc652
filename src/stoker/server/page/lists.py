"""The lists of the page; a Request and a View go in, a Reply comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from stoker.http import Request
from stoker.machines import Machine, State
from stoker.report import Event
from stoker.server.page.documents import fill_in, show
from stoker.server.page.fleet import STATES, Asked, list_fleet, read_asked
from stoker.server.page.visitors import Visitor, read_visitor
from stoker.server.replies import Reply, View

LOG: Final = "log"
BAD: Final = frozenset({"failed", "refused", "alarm"})
OWN: Final = frozenset({"identity", "state"})  # stages of events by which a record tells of itself


def fleet(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ui/`: the machines. What is the same for many who watch is made once in a second, or when something happens."""
    visitor = read_visitor(request, view.desk.sessions, view.at)
    asked = read_asked(request.raw_query, visitor)
    moment = (view.stream.end, view.catalogue.revision, int(view.at))
    main = view.desk.shared.get((moment, asked, visitor.may_read), lambda: _list(view, asked, visitor))
    return Reply(show(request, visitor, "fleet.html", view, {"main": main}))


def _list(view: View, asked: Asked, visitor: Visitor) -> str:
    """The list itself, which has nothing in it of who looks but whether they may read."""
    machines = view.keeper.machines()
    found = list_fleet(view.desk.rows.read(machines, view.catalogue.known, may_read=visitor.may_read), asked)
    shown = {row.name for row in found.page.rows} if visitor.may_read else set()
    events = {each.name: last_event(each, view.keeper.events(each.name)) for each in machines if each.name in shown}
    values = {"fleet": found, "states": STATES, "events": events, "bad": BAD, "at": view.at}
    return fill_in("fleet_main.html", values | {"may_read": visitor.may_read})


def last_event(machine: Machine, events: Sequence[Event]) -> Event | None:
    """What to say of a machine: what failed, else what happened last; its log and what its record tells is neither."""
    failure = machine.failure
    if failure is not None and machine.state in {State.FAILED, State.QUARANTINED}:
        return Event(failure.at, failure.stage, failure.text, "failed")
    event = next((event for event in reversed(events) if event.outcome != LOG and event.stage not in OWN), None)
    return event and msgspec.structs.replace(event, text=event.text.removeprefix(f"{event.stage}: "))
