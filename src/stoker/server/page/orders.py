"""What an operator may order of a machine: a Request and a View go in, first a question comes out, then the order.

Every order is asked back on a document of its own: it says what will happen, and works without scripts.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stoker.http import Request, Response
from stoker.machines import Machine, Ordered, Sign, State, parse_name, step
from stoker.server.notes import Note
from stoker.server.page.documents import go_to, show
from stoker.server.page.entrance import HOME, explain_refusal, refuse, to_login
from stoker.server.page.visitors import Visitor, read_form, read_visitor, why_refused
from stoker.server.replies import Deed, Order, Reply, View


class Possible(NamedTuple):
    """An order: the word of its address, what its button says, what it does; `is_grave` is what cannot be undone."""

    word: str
    sign: Sign
    title: str
    meaning: str
    is_grave: bool = False


ORDERS: Final = {
    order.word: order
    for order in (
        Possible(
            "reprovision",
            Sign.REPROVISION,
            "Reprovision",
            "Arms one install: when it boots from the network the next time, it is installed anew, and what its config "
            "wipes is lost. It does not restart it.",
            is_grave=True,
        ),
        Possible(
            "release",
            Sign.RELEASE,
            "Release",
            "Lets it go on: its failures are forgotten, and at its next network boot it is given what its group says.",
        ),
        Possible(
            "quarantine",
            Sign.QUARANTINE,
            "Quarantine",
            "Holds it back: it is given nothing until it is released. What runs on it goes on.",
        ),
        Possible(
            "retire",
            Sign.RETIRE,
            "Retire",
            "Takes it out of service: it is given nothing any more until it is released.",
            is_grave=True,
        ),
        Possible(
            "forget",
            Sign.FORGET,
            "Forget",
            "Removes its record: labels, receipts and timeline. If it calls again, it is a new machine.",
            is_grave=True,
        ),
    )
}


def possible_orders(state: State) -> list[Possible]:
    """What may be ordered of a machine in that state."""
    return [order for order in ORDERS.values() if not step(state, order.sign).refusal]


class Target(NamedTuple):
    """Who wants something of which machine."""

    visitor: Visitor
    machine: Machine


def ask(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`GET /ui/machines/NAME/ORDER`: the question."""
    target = find_target(request, view, names)
    return Reply(target if isinstance(target, Response) else _question(request, view, target, names["order"]))


def do(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`POST /ui/machines/NAME/ORDER`: the order."""
    target = find_target(request, view, names)
    if isinstance(target, Response):
        return Reply(target)
    order = ORDERS[names["order"]]
    reason = why_refused(request, target.visitor, read_form(request))
    if reason:
        return Reply(_question(request, view, target, order.word, f"This form does not count: {reason}.", 403))
    if step(target.machine.state, order.sign).refusal:
        return Reply(_question(request, view, target, order.word, status=409))
    goal = HOME if order.sign is Sign.FORGET else address_of(target.machine)
    note = Note(parse_name(target.machine.name), (Ordered(order.sign, target.visitor.caller.name),), view.at)
    change = Order(note, deed_of(request, view, target, order.word, target.machine.name))
    otherwise = explain_refusal(request, view, target.visitor)
    return Reply(Response(200), change=change, then=lambda _revisions: go_to(goal), otherwise=otherwise)


def find_operator(request: Request, view: View) -> Visitor | Response:
    """Somebody who may give orders, or the answer that refuses it."""
    visitor = read_visitor(request, view.desk.sessions, view.at)
    if not visitor.may_read:
        return to_login(request)
    if not visitor.may_act:
        return refuse(request, view, visitor, 403, "This takes the token of an operator; yours is that of a viewer.")
    return visitor


def find_target(request: Request, view: View, names: dict[str, str]) -> Target | Response:
    """The machine of an order by somebody who may give it, or the answer that refuses it."""
    visitor = find_operator(request, view)
    if isinstance(visitor, Response):
        return visitor
    machine = view.keeper.find(parse_name(names["name"]))
    if machine is None or names.get("order", "release") not in ORDERS:
        return refuse(request, view, visitor, 404, f"Nothing is at {request.path[:200]}.")
    return Target(visitor, machine)


def deed_of(request: Request, view: View, target: Target, what: str, subject: str) -> Deed:
    """The line of the audit."""
    return Deed(view.at, str(target.visitor.caller), what, subject, request.client, request.id)


def _question(
    request: Request, view: View, target: Target, word: str, problem: str = "", status: int = 200
) -> Response:
    refusal = step(target.machine.state, ORDERS[word].sign).refusal
    problem = problem or (f"Refused: {refusal}." if refusal else "")
    values = {"machine": target.machine, "order": ORDERS[word], "here": address_of(target.machine)}
    values |= {"problem": problem, "is_possible": not refusal}
    return show(request, target.visitor, "order.html", view, values, status=status)


def address_of(machine: Machine) -> str:
    """Where the page of a machine is."""
    return f"{HOME}machines/{machine.name}"
