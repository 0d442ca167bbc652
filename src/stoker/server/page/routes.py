"""The rows of the page in the table of routes: paths below `/ui/`, and what answers at each."""

from __future__ import annotations

from typing import Final

from stoker.http import Route
from stoker.server.page import entrance, holds, labels, lists, machine, orders, rules
from stoker.server.replies import Handler

ROUTES: Final[tuple[Route[Handler], ...]] = (
    Route(("GET",), "/ui", entrance.to_the_page),
    Route(("GET",), "/ui/", lists.fleet),
    Route(("GET",), "/ui/login", entrance.ask_for_token),
    Route(("POST",), "/ui/login", entrance.log_in),
    Route(("POST",), "/ui/logout", entrance.log_out),
    Route(("GET",), "/ui/files/{name}", entrance.file),
    Route(("GET",), "/ui/live", entrance.live),
    Route(("GET",), "/ui/machines/{name}", machine.machine),
    Route(("GET",), "/ui/machines/{name}/labels", labels.ask),
    Route(("POST",), "/ui/machines/{name}/labels", labels.give),
    Route(("GET",), "/ui/machines/{name}/{order}", orders.ask),
    Route(("POST",), "/ui/machines/{name}/{order}", orders.do),
    Route(("GET",), "/ui/holds/{name...}", holds.ask),
    Route(("POST",), "/ui/holds/{name...}", holds.do),
    Route(("GET",), "/ui/groups", rules.groups),
    Route(("GET",), "/ui/groups/{name}", rules.group),
    Route(("GET",), "/ui/profiles", rules.profiles),
    Route(("GET",), "/ui/profiles/{name...}", rules.profile),
    Route(("GET",), "/ui/templates", rules.templates),
    Route(("GET",), "/ui/templates/{key...}", rules.template),
    Route(("GET",), "/ui/{path...}", entrance.nothing),
)
