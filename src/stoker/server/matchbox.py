"""The paths of Matchbox, done right: what it would answer, and where it would say only 404, the reason.

Each request of a machine that says who it is becomes an event of that machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from stoker.http import Request, Response, content_response, entity_tag, parse_query, problem, text_response
from stoker.http.content_types import OCTETS, TEXT, sniff
from stoker.machines import (
    BOOTSTRAP,
    Answer,
    Asker,
    Sighting,
    identify,
    normalise_labels,
    refusal_script,
    render_cloud,
    render_config,
    render_generic,
    render_grub,
    render_metadata,
    render_script,
)
from stoker.report import Event, Report
from stoker.server.replies import Handler, Reply, View

METADATA_TYPE: Final = "plain/text"
IGNITION_TYPE: Final = "application/json"
SIGNATURES: Final = {".sig": False, ".asc": True}  # what a path ends in, and whether the signature is armoured


def boot_script(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/boot.ipxe`: the script that makes iPXE say who it is."""
    asker = _asker(request, view)
    event = Event(view.at, "boot", "asked for the first script")
    return Reply(text_response(BOOTSTRAP), sightings_of(asker, event, Answer(None, Report())))


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
    return Reply(response, sightings_of(asker, event_of(view, "ipxe", "boot script", answer), answer))


def ignition(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ignition`: the machine's config."""
    asker = _asker(request, view)
    answer = render_config(view.catalogue, asker, view.compile, view.validate)
    response = _refusal(answer) if answer.body is None else text_response(answer.body, content_type=IGNITION_TYPE)
    return Reply(response, sightings_of(asker, event_of(view, "ignition", "config", answer), answer))


def grub(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/grub`: what to boot, for GRUB."""
    asker = _asker(request, view)
    return _text(view, asker, "grub", "boot configuration", render_grub(view.catalogue, asker))


def cloud(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/cloud`: the machine's cloud-config or script."""
    asker = _asker(request, view)
    return _text(view, asker, "cloud", "cloud-config", render_cloud(view.catalogue, asker), request)


def generic(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/generic`: any other text for the machine."""
    asker = _asker(request, view)
    return _text(view, asker, "generic", "text", render_generic(view.catalogue, asker), request)


def metadata(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/metadata`: what is known of the machine, as lines of an environment file."""
    asker = _asker(request, view)
    answer = render_metadata(view.catalogue, asker)
    response = _refusal(answer) if answer.body is None else text_response(answer.body, content_type=METADATA_TYPE)
    return Reply(response, sightings_of(asker, event_of(view, "metadata", "metadata", answer), answer))


def signed(handler: Handler, *, is_armored: bool) -> Handler:
    """A handler whose answers are detached signatures of what another answers; its refusals stay as they are."""

    def sign(request: Request, view: View, names: dict[str, str]) -> Reply:
        if view.signer is None:
            return Reply(problem(404, f"nothing is at `{request.path}`: no key was given to sign with"))
        whole = replace(request, headers={})
        response = handler(whole, view, names).response
        if response.status != 200 or not isinstance(response.body, bytes):
            return Reply(response)
        signature = view.signer.sign(response.body, is_armored=is_armored)
        return Reply(text_response(signature, content_type=TEXT if is_armored else OCTETS))

    return sign


def asker_of(request: Request) -> Asker:
    """Who asks, by the query: labels as they are compared."""
    return Asker(normalise_labels(parse_query(request.raw_query)), request.raw_query)


def _asker(request: Request, view: View) -> Asker:
    """The same with what people say of the machine."""
    asker = asker_of(request)
    return replace(asker, labels=view.catalogue.known.labels(asker.labels))


def _text(view: View, asker: Asker, stage: str, what: str, answer: Answer, request: Request | None = None) -> Reply:
    """A text whose type its bytes tell; a part of it, or that it is known, where a request is looked at for that."""
    if answer.body is None:
        response = _refusal(answer)
    elif request is None:
        response = text_response(answer.body)
    else:
        response = content_response(request, answer.body, sniff(answer.body), entity_tag(answer.body))
    return Reply(response, sightings_of(asker, event_of(view, stage, what, answer), answer))


def _refusal(answer: Answer) -> Response:
    """404 where no rule takes the machine, 500 where the rule leads to something broken."""
    errors = [entry for entry in answer.report if entry.is_error]
    detail = errors[0].message if errors else "nothing to answer"
    return problem(404 if answer.is_unmatched else 500, detail, answer.report)


def event_of(view: View, stage: str, what: str, answer: Answer) -> Event:
    """What the machine's timeline says of an answer."""
    if answer.body is None:
        errors = [entry for entry in answer.report if entry.is_error]
        place = f" ({errors[0].place})" if errors and errors[0].place else ""
        reason = f"{errors[0].message}{place}" if errors else "nothing to answer"
        return Event(view.at, stage, f"no {what}: {reason}", outcome="failed")
    digest = hashlib.sha512(answer.body).hexdigest() if stage == "ignition" else ""
    text = f"{what} of profile `{answer.profile}` by group `{answer.group}`"
    return Event(view.at, stage, text, digest=digest)


def sightings_of(asker: Asker, event: Event, answer: Answer) -> tuple[Sighting, ...]:
    """The sighting of a machine, if it said who it is."""
    identity = identify(asker.labels)
    if not identity.uuid and not identity.mac:
        return ()
    return (Sighting(identity, (event,), asker.labels, answer.group, answer.profile),)
