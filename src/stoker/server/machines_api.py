"""`/api/v1/machines` and `/api/v1/match`: machines as they are known, what happened to them, and orders for them."""

from __future__ import annotations

import enum
import functools
from dataclasses import replace
from typing import Annotated, Final

import msgspec

from stoker.http import (
    Finding,
    Request,
    Response,
    entity_tag,
    finding,
    is_fresh,
    json_response,
    problem,
    refused_precondition,
)
from stoker.machines import (
    AnyFact,
    Inventoried,
    Inventory,
    Machine,
    Ordered,
    Receipt,
    Sign,
    State,
    Told,
    parse_name,
    read_inventory,
    told_by,
)
from stoker.machines.explanation import Explanation, explain
from stoker.report import Event
from stoker.server.asked import read_asked, reason_not
from stoker.server.endpoints import read_body, read_query
from stoker.server.notes import Note
from stoker.server.replies import Deed, Order, Reply, View
from stoker.server.roles import Role
from stoker.server.traces import find_making

MAX_POSTED: Final = 100
MAX_PAGE: Final = 1000

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Sentence = Annotated[str, msgspec.Meta(max_length=2000)]
Step = Annotated[str, msgspec.Meta(max_length=200)] | int
Label = Annotated[str, msgspec.Meta(max_length=256)]


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
Post = Posted | Events


class ShownMachine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A machine; who shows no token sees its name, state and times alone. Times are in seconds since 1970."""

    name: str
    state: State
    since: float
    first_seen: float
    last_seen: float
    uuid: str = ""
    macs: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    group: str = ""
    profile: str = ""
    is_armed: bool = False
    failures: int = 0
    failure: str = ""
    reason: str = ""
    refusal: str = ""
    events: int = 0
    inventory: Inventory | None = None


class MachineList(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page of machines in order of their names; `next` is what `after` has to be for the one that follows."""

    machines: tuple[ShownMachine, ...]
    total: int
    next: str = ""


class MachineQuery(msgspec.Struct, frozen=True):
    """Which machines: all that is given has to hold. `label` is `NAME=VALUE`, `text` a part of a name or a label."""

    state: State | None = None
    label: tuple[Label, ...] = ()
    text: Annotated[str, msgspec.Meta(max_length=256)] = ""
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = 100


class Timeline(msgspec.Struct, frozen=True):
    """What happened to a machine last, the oldest first."""

    machine: str
    events: tuple[Event, ...]


class Receipts(msgspec.Struct, frozen=True):
    """Which configs a machine was sent, by digest, the oldest first."""

    machine: str
    receipts: tuple[Receipt, ...]


class Action(enum.StrEnum):
    """What a person can do with a machine."""

    REPROVISION = "reprovision"
    QUARANTINE = "quarantine"
    RELEASE = "release"
    RETIRE = "retire"
    FORGET = "forget"


class Command(msgspec.Struct, frozen=True):
    """An order for a machine."""

    action: Action


class Matched(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a machine with these labels gets, and why; `refusal` is why it is given nothing as it is now."""

    explanation: Explanation
    findings: tuple[Finding, ...] = ()
    refusal: str = ""


def list_machines(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/machines`."""
    asked = read_query(request, MachineQuery)
    if isinstance(asked, Response):
        return Reply(asked)
    is_trusted = view.caller.role in {Role.VIEWER, Role.OPERATOR}
    if not is_trusted and (asked.label or asked.text):
        return Reply(problem(403, "to look for labels and text takes a token of role viewer or operator"))
    found = [machine for machine in view.keeper.machines() if _is_asked_for(machine, asked)]
    found.sort(key=lambda machine: machine.name)
    rest = [machine for machine in found if machine.name > asked.after]
    page = rest[: asked.limit]
    more = page[-1].name if len(rest) > len(page) else ""
    return Reply(
        json_response(MachineList(tuple(show(each, is_trusted=is_trusted) for each in page), len(found), more))
    )


def get_machine(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`GET /api/v1/machines/NAME`."""
    machine = view.keeper.find(parse_name(names["name"]))
    if machine is None:
        return Reply(_unknown(names["name"]))
    return Reply(_tagged(request, machine))


def list_events(_request: Request, view: View, names: dict[str, str]) -> Reply:
    """`GET /api/v1/machines/NAME/events`: the timeline of one machine, oldest first."""
    machine = view.keeper.find(parse_name(names["name"]))
    if machine is None:
        return Reply(_unknown(names["name"]))
    return Reply(json_response(Timeline(machine.name, view.keeper.events(machine.name))))


def post_events(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`POST /api/v1/machines/NAME/events`: one event or a list of them, from the machine itself.

    What is kept names the config with references, not what was sent, and the line of the template in its words.
    """
    identity = parse_name(names["name"])
    if not identity.uuid and not identity.mac:
        return Reply(_unknown(names["name"]))
    posted = read_body(request, Post, f"an event or a list of at most {MAX_POSTED} events")
    if isinstance(posted, Response):
        return Reply(posted)
    machine = view.keeper.find(identity)
    is_trusted = view.caller.role is not Role.ANYONE
    facts: list[AnyFact] = []
    for each in posted if isinstance(posted, list) else [posted]:
        event = told_by(each.event(view.at), machine.receipts if machine else (), view.key)
        find = functools.partial(find_making, view.catalogue, view.compile, view.validate)
        facts.append(Told(view.stock.traces.placed(event, machine, find), is_trusted))
    return Reply(Response(204), notes=(Note(identity, tuple(facts), view.at),), promises=True)


def put_inventory(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`PUT /api/v1/machines/NAME/inventory`: what the machine is made of.

    Its addresses become names of the machine if it vouches for them: else anybody could make two machines one.
    """
    identity = parse_name(names["name"])
    if not identity.uuid and not identity.mac:
        return Reply(_unknown(names["name"]))
    inventory, report = read_inventory(request.body)
    if inventory is None:
        return Reply(problem(422, "not an inventory", report))
    if view.caller.role is not Role.ANYONE:
        identity = replace(identity, others=inventory.macs)
    return Reply(Response(204), notes=(Note(identity, (Inventoried(inventory),), view.at),), promises=True)


def list_receipts(_request: Request, view: View, names: dict[str, str]) -> Reply:
    """`GET /api/v1/machines/NAME/receipts`."""
    machine = view.keeper.find(parse_name(names["name"]))
    if machine is None:
        return Reply(_unknown(names["name"]))
    return Reply(json_response(Receipts(machine.name, machine.receipts)))


def order(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`POST /api/v1/machines/NAME/actions`: answered with the machine as it is then, 204 once it is forgotten."""
    identity = parse_name(names["name"])
    machine = view.keeper.find(identity)
    if machine is None:
        return Reply(_unknown(names["name"]))
    command = read_body(request, Command, "an order")
    if isinstance(command, Response):
        return Reply(command)
    refused = refused_precondition(request.headers, _tag(show(machine)))
    if refused is not None:
        return Reply(problem(refused, "the machine has changed since; read it again"))
    note = Note(identity, (Ordered(Sign(command.action), view.caller.name),), view.at)
    deed = Deed(view.at, str(view.caller), command.action, machine.name, request.client, request.id)

    def then(_revisions: object) -> Response:
        after = view.keeper.find(identity)
        return Response(204) if after is None else json_response(show(after))

    return Reply(Response(200), change=Order(note, deed), then=then)


def match(request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/match?mac=...`: each parameter is a label, as in `/ipxe`."""
    asked = read_asked(request, view)
    explanation, report = explain(view.catalogue, asked.asker, view.compile, view.validate)
    template = view.catalogue.template(explanation.profile, "ignition")
    refusal = reason_not(view, asked.machine, template)
    return Reply(json_response(Matched(explanation, tuple(map(finding, report)), refusal)))


def show(machine: Machine, *, is_trusted: bool = True) -> ShownMachine:
    """A machine as answers have it; to who is not trusted its state alone."""
    times = (machine.since, machine.first_seen, machine.last_seen)
    if not is_trusted:
        return ShownMachine(machine.name, machine.state, *times)
    return ShownMachine(
        machine.name,
        machine.state,
        *times,
        uuid=machine.uuid,
        macs=machine.macs,
        labels=machine.labels,
        group=machine.group,
        profile=machine.profile,
        is_armed=machine.armed is not None,
        failures=machine.failures,
        failure=f"{machine.failure.stage}: {machine.failure.text}" if machine.failure else "",
        reason=machine.reason,
        refusal=machine.refusal,
        events=machine.events,
        inventory=machine.inventory,
    )


def _is_asked_for(machine: Machine, asked: MachineQuery) -> bool:
    if asked.state is not None and machine.state is not asked.state:
        return False
    pairs = {f"{name}={value}" for name, value in machine.labels.items()}
    if not pairs.issuperset(asked.label):
        return False
    text = asked.text.lower()
    words = (machine.name, *machine.macs, machine.group, machine.profile, *machine.labels.values())
    return not text or any(text in word.lower() for word in words)


def _tag(shown: ShownMachine) -> str:
    return entity_tag(msgspec.json.encode(shown))


def _tagged(request: Request, machine: Machine) -> Response:
    response = json_response(show(machine))
    tag = _tag(show(machine))
    if is_fresh(request.headers, tag):
        return Response(304, (("etag", tag),))
    return response.with_headers(("etag", tag))


def _unknown(name: str) -> Response:
    return problem(404, f"no machine `{name[:100]}`; a machine is named by its UUID or one of its addresses")
