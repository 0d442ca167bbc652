"""A template that is held back: a Request and a View go in, first a question comes out, then it is let go on."""

from __future__ import annotations

from stoker.http import Request, Response
from stoker.machines.holds import Hold
from stoker.server.holds_api import write_release
from stoker.server.page.documents import go_to, show
from stoker.server.page.entrance import HOME, explain_refusal, refuse
from stoker.server.page.orders import find_operator
from stoker.server.page.visitors import Visitor, read_form, why_refused
from stoker.server.replies import Reply, View


def ask(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`GET /ui/holds/TEMPLATE`: the question."""
    visitor = find_operator(request, view)
    return Reply(visitor if isinstance(visitor, Response) else _question(request, view, visitor, names["name"]))


def do(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`POST /ui/holds/TEMPLATE`: the release."""
    visitor = find_operator(request, view)
    if isinstance(visitor, Response):
        return Reply(visitor)
    template = names["name"]
    reason = why_refused(request, visitor, read_form(request))
    if reason:
        return Reply(_question(request, view, visitor, template, f"This form does not count: {reason}.", 403))
    change = write_release(request, view, visitor.caller, template)
    if change is None:
        return Reply(_question(request, view, visitor, template))
    otherwise = explain_refusal(request, view, visitor)
    return Reply(Response(200), change=change, then=lambda _revisions: go_to(HOME), otherwise=otherwise)


def _question(
    request: Request, view: View, visitor: Visitor, template: str, problem: str = "", status: int = 200
) -> Response:
    known = view.keeper.hold(template)
    hold = known[0] if known else Hold(template, "")
    if not hold.held_at:
        return refuse(request, view, visitor, 404, f"`{template[:200]}` is not held.")
    return show(request, visitor, "hold.html", view, {"hold": hold, "problem": problem}, status=status)
