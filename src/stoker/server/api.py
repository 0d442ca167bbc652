"""The server of itself: is it well, what does it measure, what is wrong in its files, who changed what, what happens.

In go a request and a View, out comes the answer; nothing here changes anything.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Final

import msgspec

from stoker import __version__
from stoker.http import Feed, Finding, Request, Response, finding, json_response, problem, text_response
from stoker.server.endpoints import EVENT_STREAM, read_query
from stoker.server.metrics import CONTENT_TYPE
from stoker.server.replies import Deed, Reply, View
from stoker.server.streams import MAX_WATCHERS

MAX_SHOWN: Final = 1000


class Version(msgspec.Struct, frozen=True):
    """Which program answers."""

    name: str
    version: str


class Findings(msgspec.Struct, frozen=True):
    """What is wrong with groups, profiles and templates; of what is broken the last whole version is served."""

    findings: tuple[Finding, ...]


class Audit(msgspec.Struct, frozen=True):
    """What was changed, the latest first."""

    entries: tuple[Deed, ...]


class AuditQuery(msgspec.Struct, frozen=True):
    """How much of the audit."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_SHOWN)] = 100


class EventsQuery(msgspec.Struct, frozen=True):
    """Where to go on, for clients that cannot send the header `Last-Event-ID`."""

    last_id: Annotated[str, msgspec.Meta(max_length=40)] = ""


def health(_request: Request, _view: View, _names: dict[str, str]) -> Reply:
    """`/healthz`: the process answers."""
    return Reply(text_response("ok\n"))


def ready(_request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/readyz`: what is served was read once, whole; a store that is away later is no reason to turn clients away."""
    reasons = view.keeper.unready()
    if reasons:
        return Reply(problem(503, "; ".join(reasons)))
    return Reply(text_response("ready\n"))


def metrics(_request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/metrics`: for Prometheus."""
    return Reply(text_response(view.measures.text(), content_type=CONTENT_TYPE))


def version(_request: Request, _view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/version`."""
    return Reply(json_response(Version("stoker", __version__)))


def list_findings(_request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/findings`."""
    return Reply(json_response(Findings(tuple(map(finding, view.keeper.report)))))


def list_audit(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/audit`: what was changed, the latest first."""
    asked = read_query(request, AuditQuery)
    if isinstance(asked, Response):
        return Reply(asked)
    entries = [entry for entry in map(_deed, itertools.islice(reversed(view.keeper.audits()), asked.limit)) if entry]
    return Reply(json_response(Audit(tuple(entries))))


def follow_events(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/events`: what happens to machines, as it happens."""
    asked = read_query(request, EventsQuery)
    if isinstance(asked, Response):
        return Reply(asked)
    if view.stream.counts.watching >= MAX_WATCHERS:
        return Reply(problem(503, f"{MAX_WATCHERS} clients watch already").with_headers(("retry-after", "30")))
    headers = (("content-type", EVENT_STREAM), ("cache-control", "no-store"), ("x-accel-buffering", "no"))
    last_id = request.headers.get("last-event-id", "") or asked.last_id
    return Reply(Response(200, headers, Feed(view.stream.follow(last_id))))


def _deed(data: bytes) -> Deed | None:
    try:
        return msgspec.json.decode(data, type=Deed)
    except msgspec.MsgspecError:
        return None
