"""`/boot.ipxe`, `/ipxe` and `/grub`: what a machine boots, by its rule, its state, its arming and what is held.

Where a group takes a token, it is made here and put into the script, which is given once the token is stored.
"""

from __future__ import annotations

import secrets
from typing import Final

import msgspec

from stoker.http import Problem, Request, Response, problem, text_response
from stoker.machines import (
    BOOTSTRAP,
    Answer,
    AnyFact,
    Demands,
    Give,
    NetworkBoot,
    Refused,
    Tokened,
    Told,
    boot,
    read_demands,
    refusal_script,
    render_grub,
    render_script,
)
from stoker.machines.boots import LOCAL_SCRIPT
from stoker.machines.rendering import reason_script
from stoker.machines.tokens import mint, put_token
from stoker.report import Event, Report
from stoker.server.asked import Asked, hold_reason, read_asked
from stoker.server.matchbox import event_of, refuse, sightings_of
from stoker.server.notes import Note
from stoker.server.replies import Order, Reply, View

TOKEN_BYTES: Final = 32
NO_STORE: Final = ("cache-control", "no-store")
LOCAL_GRUB: Final = b"exit\n"
NOBODY: Final = "this group's demands need to know the machine: ask with its `uuid` or `mac`"
NO_GRUB: Final = "the config of this machine takes a token, which is given to iPXE alone: let it boot by iPXE"


def boot_script(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/boot.ipxe`: the script that makes iPXE say who it is."""
    asked = read_asked(request, view)
    event = Event(view.at, "boot", "asked for the first script")
    return Reply(text_response(BOOTSTRAP), sightings_of(asked.asker, event, Answer(None, Report())))


def ipxe(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/ipxe`: what to boot; iPXE itself is told of a failure in a script, since it shows nobody a document."""
    asked = read_asked(request, view)
    answer = render_script(view.catalogue, asked.asker)
    if answer.body is None:
        is_shown = _is_ipxe(request)
        response = text_response(refusal_script(answer)) if is_shown else refuse(answer)
        return Reply(response, sightings_of(asked.asker, event_of(view, "ipxe", "boot script", answer), answer))
    booted = _decide(view, asked, answer)
    event = event_of(view, "ipxe", "boot script", answer)
    if booted.mints:
        return _mint(request, view, asked, answer, booted, event)
    return _reply(request, view, asked, answer, booted, event, LOCAL_SCRIPT)


def grub(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`/grub`: what to boot, for GRUB, which is given no token."""
    asked = read_asked(request, view)
    answer = render_grub(view.catalogue, asked.asker)
    event = event_of(view, "grub", "boot configuration", answer)
    if answer.body is None:
        return Reply(refuse(answer), sightings_of(asked.asker, event, answer))
    booted = _decide(view, asked, answer)
    if booted.mints:
        booted = booted._replace(give=Give.REFUSE, facts=(Refused(NO_GRUB),), reason=NO_GRUB)
    return _reply(request, view, asked, answer, booted, event, LOCAL_GRUB)


def _decide(view: View, asked: Asked, answer: Answer) -> NetworkBoot:
    """What a machine whose rule has a script for it is given."""
    group = view.catalogue.groups[answer.group].document
    demands = read_demands(group)[0] if group is not None else Demands()
    if any(demands) and not asked.machine.name:
        return NetworkBoot(Give.REFUSE, reason=NOBODY)
    template = view.catalogue.template(answer.profile, "ignition")
    return boot(asked.machine, demands, view.at, hold_reason(view, asked.machine, template))


def _reply(
    request: Request, view: View, asked: Asked, answer: Answer, booted: NetworkBoot, event: Event, local: bytes
) -> Reply:
    """The answer to what was decided, and what becomes known by it."""
    if booted.give is Give.REFUSE:
        refused = Note(asked.identity, (asked.seen(), *booted.facts), view.at)
        return Reply(_refusal(request, booted.reason), notes=(refused,))
    if booted.give is Give.LOCAL:
        event = Event(view.at, event.stage, "is installed, and was led to its disk")
    body = local if booted.give is Give.LOCAL else answer.body
    return Reply(text_response(body or b""), notes=(_given(view, asked, answer, booted, event),))


def _mint(request: Request, view: View, asked: Asked, answer: Answer, booted: NetworkBoot, event: Event) -> Reply:
    """The script with a new token in it, given when the token is stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    ruling = mint(asked.machine.token, token, view.key, view.at)
    note = _given(view, asked, answer, booted, event, Tokened(ruling.token, ruling.event))
    response = text_response(put_token(answer.body or b"", token)).with_headers(NO_STORE)
    return Reply(
        Response(200),
        change=Order(note),
        then=lambda _revisions: response,
        otherwise=lambda refused: _refusal(request, f"it takes a token: {_detail(refused)}", refused),
    )


def _given(view: View, asked: Asked, answer: Answer, booted: NetworkBoot, event: Event, *more: AnyFact) -> Note:
    """What becomes known of a machine that is given what it shall boot, in the order in which it happened."""
    first, last = booted.facts[:-1], booted.facts[-1:]
    seen = asked.seen(answer.group, answer.profile)
    return Note(asked.identity, (seen, *first, Told(event), *last, *more), view.at)


def _refusal(request: Request, reason: str, document: Response | None = None) -> Response:
    """A reason on the machine's screen, or a document for anybody else."""
    if _is_ipxe(request):
        return text_response(reason_script([reason])).with_headers(NO_STORE)
    return document or problem(403, reason)


def _detail(refused: Response) -> str:
    body = refused.body if isinstance(refused.body, bytes) else b""
    return msgspec.json.decode(body, type=Problem).detail


def _is_ipxe(request: Request) -> bool:
    return request.headers.get("user-agent", "").startswith("iPXE/")
