"""`/api/v1/`: the machines that were seen and what happened to each; a machine adds to its own timeline."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from stoker.http import Request, Response, json_response, problem, text_response
from stoker.machines import Machine, Sighting, parse_name
from stoker.report import Event
from stoker.server.replies import Reply, View

MAX_POSTED: Final = 100

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Sentence = Annotated[str, msgspec.Meta(max_length=2000)]
Step = Annotated[str, msgspec.Meta(max_length=200)] | int


class Posted(msgspec.Struct, frozen=True):
    """An event as a machine sends it: an Event whose time may be left to the server and whose machine is the sender."""

    stage: Word
    text: Sentence
    outcome: Word = "done"
    digest: Annotated[str, msgspec.Meta(max_length=128)] = ""
    pointer: Annotated[tuple[Step, ...], msgspec.Meta(max_length=32)] = ()
    milliseconds: float = 0.0
    at: float | None = None

    def event(self, at: float) -> Event:
        """The event, at the time it names or else at the time of the request."""
        return Event(
            at if self.at is None else self.at,
            self.stage,
            self.text,
            self.outcome,
            digest=self.digest,
            pointer=self.pointer,
            milliseconds=self.milliseconds,
        )


Events = Annotated[list[Posted], msgspec.Meta(max_length=MAX_POSTED)]
DECODER: Final = msgspec.json.Decoder(Posted | Events)


def health(_request: Request, _view: View, _names: dict[str, str]) -> Reply:
    """`/healthz`: the process answers."""
    return Reply(text_response("ok\n"))


def list_machines(_request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/machines`: all machines, the one seen last at the end."""
    return Reply(json_response({"machines": [_describe(machine) for machine in view.timeline]}))


def list_events(_request: Request, view: View, names: dict[str, str]) -> Reply:
    """`GET /api/v1/machines/NAME/events`: the timeline of one machine, oldest first."""
    machine = view.timeline.find(parse_name(names["name"]))
    if machine is None:
        return Reply(_unknown(names["name"]))
    return Reply(json_response({"machine": machine.name, "events": list(view.timeline.events(machine))}))


def post_events(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`POST /api/v1/machines/NAME/events`: one event or a list of them, from the machine itself."""
    identity = parse_name(names["name"])
    if not identity.uuid and not identity.mac:
        return Reply(_unknown(names["name"]))
    try:
        posted = DECODER.decode(request.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Reply(problem(400, f"not an event or a list of at most {MAX_POSTED} events: {error}"))
    events = tuple(each.event(view.at) for each in (posted if isinstance(posted, list) else [posted]))
    return Reply(Response(204), (Sighting(identity, events),))


def _unknown(name: str) -> Response:
    return problem(404, f"no machine `{name[:100]}`; a machine is named by its UUID or one of its addresses")


def _describe(machine: Machine) -> dict[str, Any]:
    return {
        "name": machine.name,
        "uuid": machine.uuid,
        "macs": machine.macs,
        "group": machine.group,
        "profile": machine.profile,
        "labels": machine.labels,
        "first_seen": machine.first_seen,
        "last_seen": machine.last_seen,
        "events": machine.events,
    }
