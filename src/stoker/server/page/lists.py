"""The lists of the page; a Request and a View go in, a Reply comes out."""

from __future__ import annotations

from stoker.http import Request
from stoker.server.page.documents import show
from stoker.server.page.fleet import STATES, list_fleet, read_asked
from stoker.server.page.visitors import read_visitor
from stoker.server.replies import Reply, View


def fleet(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ui/`: the machines."""
    visitor = read_visitor(request, view.sessions, view.at)
    found = list_fleet(view.timeline, read_asked(request.raw_query, visitor), visitor)
    return Reply(show(request, visitor, "fleet.html", view, fleet=found, states=STATES))
