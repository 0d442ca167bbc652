"""The paths of Matchbox, done right: what it would answer, and where it would say only 404, the reason.

Each request of a machine that says who it is becomes an event of that machine.
"""

from __future__ import annotations

import hashlib

from stoker.http import Request, Response, parse_query, problem, text_response
from stoker.machines import (
    BOOTSTRAP,
    Answer,
    Asker,
    Sighting,
    identify,
    normalise_labels,
    refusal_script,
    render_config,
    render_metadata,
    render_script,
)
from stoker.report import Event, Report
from stoker.server.replies import Reply, View

METADATA_TYPE = "plain/text"
IGNITION_TYPE = "application/json"


def boot_script(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/boot.ipxe`: the script that makes iPXE say who it is."""
    asker = _asker(request, view)
    event = Event(view.at, "boot", "asked for the first script")
    return Reply(text_response(BOOTSTRAP), _sightings(asker, event, Answer(None, Report())))


def ipxe(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ipxe`: what to boot; iPXE itself is told of a failure in a script, since it shows nobody a document."""
    asker = _asker(request, view)
    answer = render_script(view.catalogue, asker)
    if answer.body is not None:
        response = text_response(answer.body)
    elif request.headers.get("user-agent", "").startswith("iPXE/"):
        response = text_response(refusal_script(answer))
    else:
        response = _refusal(answer)
    return Reply(response, _sightings(asker, _event(view, "ipxe", "boot script", answer), answer))


def ignition(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ignition`: the machine's config."""
    asker = _asker(request, view)
    answer = render_config(view.catalogue, asker, view.compile, view.validate)
    response = _refusal(answer) if answer.body is None else text_response(answer.body, content_type=IGNITION_TYPE)
    return Reply(response, _sightings(asker, _event(view, "ignition", "config", answer), answer))


def metadata(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/metadata`: what is known of the machine, as lines of an environment file."""
    asker = _asker(request, view)
    answer = render_metadata(view.catalogue, asker)
    response = _refusal(answer) if answer.body is None else text_response(answer.body, content_type=METADATA_TYPE)
    return Reply(response, _sightings(asker, _event(view, "metadata", "metadata", answer), answer))


def _asker(request: Request, view: View) -> Asker:
    asked = normalise_labels(parse_query(request.raw_query))
    return Asker(view.catalogue.known.labels(asked), request.raw_query)


def _refusal(answer: Answer) -> Response:
    """404 where no rule takes the machine, 500 where the rule leads to something broken."""
    errors = [entry for entry in answer.report if entry.is_error]
    detail = errors[0].message if errors else "nothing to answer"
    return problem(404 if answer.is_unmatched else 500, detail, answer.report)


def _event(view: View, stage: str, what: str, answer: Answer) -> Event:
    if answer.body is None:
        errors = [entry for entry in answer.report if entry.is_error]
        place = f" ({errors[0].place})" if errors and errors[0].place else ""
        reason = f"{errors[0].message}{place}" if errors else "nothing to answer"
        return Event(view.at, stage, f"no {what}: {reason}", outcome="failed")
    digest = hashlib.sha512(answer.body).hexdigest() if stage == "ignition" else ""
    text = f"{what} of profile `{answer.profile}` by group `{answer.group}`"
    return Event(view.at, stage, text, digest=digest)


def _sightings(asker: Asker, event: Event, answer: Answer) -> tuple[Sighting, ...]:
    identity = identify(asker.labels)
    if not identity.uuid and not identity.mac:
        return ()
    return (Sighting(identity, (event,), asker.labels, answer.group, answer.profile),)
