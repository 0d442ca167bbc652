"""What the paths of Matchbox have in common, done right; where it would say only 404, the reason is given.

Each request of a machine that says who it is becomes an event of that machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from stoker.http import Request, Response, problem, text_response
from stoker.http.content_types import OCTETS, TEXT
from stoker.machines import Answer, Asker, Sighting, identify, render_metadata
from stoker.report import Event
from stoker.server.asked import native_asker
from stoker.server.replies import Handler, Reply, View

METADATA_TYPE: Final = "plain/text"
IGNITION_TYPE: Final = "application/json"
SIGNATURES: Final = {".sig": False, ".asc": True}  # what a path ends in, and whether the signature is armoured


def metadata(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/metadata`: what is known of the machine, as lines of an environment file."""
    asker = native_asker(request, view)
    answer = render_metadata(view.catalogue, asker)
    response = refuse(answer) if answer.body is None else text_response(answer.body, content_type=METADATA_TYPE)
    return Reply(response, sightings_of(asker, event_of(view, "metadata", "metadata", answer), answer))


def signed(handler: Handler, *, is_armored: bool) -> Handler:
    """A handler whose answers are detached signatures of what another answers; its refusals stay as they are."""

    def sign(request: Request, view: View, names: dict[str, str]) -> Reply:
        if view.signer is None:
            return Reply(problem(404, f"nothing is at `{request.path}`: no key was given to sign with"))
        whole = replace(request, headers={})
        reply = handler(whole, view, names)
        response = reply.response
        if reply.change is not None or reply.work is not None:
            return Reply(
                problem(404, f"nothing is at `{request.path}`: what has a token or a secret in it is not signed")
            )
        if response.status != 200 or not isinstance(response.body, bytes):
            return Reply(response)
        signature = view.signer.sign(response.body, is_armored=is_armored)
        return Reply(text_response(signature, content_type=TEXT if is_armored else OCTETS))

    return sign


def refuse(answer: Answer, status: int | None = None) -> Response:
    """404 where no rule takes the machine, 500 where the rule leads to something broken, unless a status says more."""
    errors = [entry for entry in answer.report if entry.is_error]
    detail = errors[0].message if errors else "nothing to answer"
    return problem(status or (404 if answer.is_unmatched else 500), detail, answer.report)


def event_of(view: View, stage: str, what: str, answer: Answer, digest: str | None = None) -> Event:
    """What the machine's timeline says of an answer; `digest` is that of a config, made here where it is not known."""
    if answer.body is None:
        errors = [entry for entry in answer.report if entry.is_error]
        place = f" ({errors[0].place})" if errors and errors[0].place else ""
        reason = f"{errors[0].message}{place}" if errors else "nothing to answer"
        return Event(view.at, stage, f"no {what}: {reason}", outcome="failed")
    if digest is None:
        digest = hashlib.sha512(answer.body).hexdigest() if stage == "ignition" else ""
    text = f"{what} of profile `{answer.profile}` by group `{answer.group}`"
    return Event(view.at, stage, text, digest=digest)


def sightings_of(asker: Asker, event: Event, answer: Answer) -> tuple[Sighting, ...]:
    """The sighting of a machine, if it said who it is."""
    identity = identify(asker.labels)
    if not identity.uuid and not identity.mac:
        return ()
    return (Sighting(identity, (event,), asker.labels, answer.group, answer.profile),)
