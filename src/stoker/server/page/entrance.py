"""The way in: login, logout, the files of the page, its stream; a Request and a View go in, a Reply comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from stoker.http import Feed, Request, Response, parse_query, problem, text_response
from stoker.server.page.documents import go_to, send_file, show
from stoker.server.page.places import quoted
from stoker.server.page.visitors import Visitor, read_form, read_visitor, session_cookie, why_refused
from stoker.server.replies import Reply, View
from stoker.server.sessions import new_secret
from stoker.server.streams import MAX_LOOKING

HOME: Final = "/ui/"
LONGEST_TOKEN: Final = 500
STREAM: Final = (("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no"))
NO_TOKEN: Final = "nobody has this token"


def root(request: Request, _view: View, _names: dict[str, str]) -> Reply:
    """`/`: browsers are sent to the page, everybody else is told who answers."""
    wants_page = "text/html" in request.headers.get("accept", "")
    return Reply(go_to(HOME) if wants_page else text_response("stoker\n"))


def nothing(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ui/...`: any address that nothing else is at."""
    visitor = read_visitor(request, view.desk.sessions, view.at)
    return Reply(refuse(request, view, visitor, 404, f"Nothing is at `{request.path[:200]}`."))


def to_the_page(_request: Request, _view: View, _names: dict[str, str]) -> Reply:
    """`/ui`: what people type."""
    return Reply(go_to(HOME))


def file(request: Request, _view: View, names: dict[str, str]) -> Reply:
    """`/ui/files/NAME`: styles, scripts, images."""
    found = send_file(request, names["name"])
    return Reply(found or problem(404, f"no file `{names['name'][:200]}`"))


def live(_request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ui/live`: a stream that says no more than that something has changed, so that anybody may have it."""
    if view.stream.counts.looking >= MAX_LOOKING:
        refused = problem(503, f"{MAX_LOOKING} look already; load the page again later")
        return Reply(refused.with_headers(("retry-after", "30")))
    return Reply(Response(200, STREAM, Feed(view.stream.pulse())))


def ask_for_token(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`GET /ui/login`: the form; `next` is where to go afterwards."""
    visitor = read_visitor(request, view.desk.sessions, view.at)
    given = parse_query(request.raw_query).get("next", [HOME])[0]
    return Reply(_login(request, view, visitor, _inside(given), "", 200))


def log_in(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`POST /ui/login`: a token becomes a session."""
    visitor = read_visitor(request, view.desk.sessions, view.at)
    form = read_form(request)
    goal = _inside(form.get("next", HOME))
    reason = why_refused(request, visitor, form)
    if reason:
        return Reply(_login(request, view, visitor, goal, f"This form does not count: {reason}.", 403))
    secret = view.desk.sessions.open(form.get("token", "").strip()[:LONGEST_TOKEN], view.at)
    if secret is None:
        return Reply(_login(request, view, visitor, goal, f"No: {NO_TOKEN}.", 403))
    view.desk.sessions.close(visitor.secret)
    return Reply(go_to(goal, session_cookie(request, secret)))


def log_out(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`POST /ui/logout`: the session ends, here and in the browser."""
    visitor = read_visitor(request, view.desk.sessions, view.at)
    reason = why_refused(request, visitor, read_form(request))
    if reason:
        return Reply(refuse(request, view, visitor, 403, f"This form does not count: {reason}."))
    view.desk.sessions.close(visitor.secret)
    return Reply(go_to(HOME, session_cookie(request, ""), ("clear-site-data", '"cache"')))


def refuse(request: Request, view: View, visitor: Visitor, status: int, text: str) -> Response:
    """A document that says why there is no other."""
    title = {403: "Not allowed", 404: "Not here", 409: "Refused"}.get(status, "Not now")
    return show(request, visitor, "refused.html", view, {"title": title, "text": text}, status=status)


def explain_refusal(request: Request, view: View, visitor: Visitor) -> Callable[[Response], Response]:
    """Turns the problem that a change met into a document for people, and keeps its status and headers."""

    def explain(problem: Response) -> Response:
        said = msgspec.json.decode(problem.body if isinstance(problem.body, bytes) else b"{}")
        shown = refuse(request, view, visitor, problem.status, f"It was not done: {said.get('detail', 'no reason')}.")
        kept = tuple(header for header in problem.headers if header[0] == "retry-after")
        return shown.with_headers(*kept)

    return explain


def to_login(request: Request) -> Response:
    """Send somebody who is not logged in to the form, and from there back."""
    return go_to(f"{HOME}login?next={quoted(_inside(request.path))}")


def _login(request: Request, view: View, visitor: Visitor, goal: str, reason: str, status: int) -> Response:
    """The form, with a key in it and the cookie that the key goes with."""
    secret = visitor.secret or new_secret()
    key = view.desk.sessions.form_key(secret)
    cookie = () if visitor.secret else (session_cookie(request, secret),)
    values = {"next": goal, "key": key, "problem": reason}
    return show(request, visitor, "login.html", view, values, *cookie, status=status)


def _inside(address: str) -> str:
    """An address of the page, whatever is given: nobody is sent elsewhere."""
    is_inside = address.startswith(HOME) and address.isascii() and address.isprintable() and len(address) < 500
    return address if is_inside and "\\" not in address and not address.startswith(f"{HOME}login") else HOME
