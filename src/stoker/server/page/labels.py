"""Labels that people give a machine: a Request and a View go in, a form comes out, and of that a file of `labels/`.

The file is the one that is found for the machine already, or a new one that names it. What it says counts in matching
more than what the machine says of itself.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.http import Request, Response
from stoker.machines import Catalogue, Group, Machine
from stoker.machines.record import MAX_LABEL, MAX_LABELS
from stoker.server.page.documents import go_to, show
from stoker.server.page.entrance import explain_refusal
from stoker.server.page.orders import Target, address_of, deed_of, find_target
from stoker.server.page.visitors import read_form, why_refused
from stoker.server.replies import Reply, View, Write
from stoker.store import Condition, Delete, Put

WORD: Final = "labels"


def ask(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`GET /ui/machines/NAME/labels`: the labels that were given, to be changed."""
    target = find_target(request, view, names)
    if isinstance(target, Response):
        return Reply(target)
    return Reply(_form(request, view, target, write_lines(given_labels(view.catalogue, target.machine))))


def give(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`POST /ui/machines/NAME/labels`: a line `NAME=VALUE` for each, in place of all that were given before."""
    target = find_target(request, view, names)
    if isinstance(target, Response):
        return Reply(target)
    form = read_form(request)
    text = form.get("labels", "").replace("\r\n", "\n")
    reason = why_refused(request, target.visitor, form)
    if reason:
        return Reply(_form(request, view, target, text, f"This form does not count: {reason}.", 403))
    labels, reason = read_lines(text)
    if reason:
        return Reply(_form(request, view, target, text, reason, 400))
    change, condition = _change(view.catalogue, target.machine, labels)
    return Reply(
        Response(200),
        change=Write((change,), (condition,), deed_of(request, view, target, "label", change.key)),
        then=lambda _revisions: go_to(address_of(target.machine)),
        otherwise=explain_refusal(request, view, target.visitor),
    )


def given_labels(catalogue: Catalogue, machine: Machine) -> dict[str, str]:
    """What people say of a machine."""
    found = catalogue.known.documents.find(machine.labels)
    return {} if found is None else {name: str(value) for name, value in found.metadata.items()}


def read_lines(text: str) -> tuple[dict[str, str], str]:
    """Labels as a person writes them, and what is wrong with them."""
    labels: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals or not name:
            return {}, f"Line {number} is no `NAME=VALUE`."
        if max(len(name), len(value)) > MAX_LABEL:
            return {}, f"Line {number} is too long: a name and a value have at most {MAX_LABEL} characters."
        if name in labels:
            return {}, f"Line {number} gives `{name}` once more."
        labels[name] = value
    if len(labels) > MAX_LABELS:
        return {}, f"These are {len(labels)} labels, more than the {MAX_LABELS} that are kept."
    return labels, ""


def write_lines(labels: dict[str, str]) -> str:
    """Labels as a person reads them."""
    return "".join(f"{name}={value}\n" for name, value in labels.items())


def _change(catalogue: Catalogue, machine: Machine, labels: dict[str, str]) -> tuple[Put | Delete, Condition]:
    """What becomes of the file, if nobody else changes it before."""
    found = catalogue.known.documents.find(machine.labels)
    if found is None:
        selector = {"uuid": machine.uuid} if machine.uuid else {"mac": machine.name}
        found = Group(machine.name.replace(":", "-"), selector=selector)
    key = f"labels/{found.key}.json"
    known = catalogue.labels.get(found.key)
    condition = Condition(key, known.item.revision if known is not None else "")
    if not labels and known is not None:
        return Delete(key), condition
    document = msgspec.json.encode({"selector": dict(found.selector), "labels": labels})
    return Put(key, msgspec.json.format(document, indent=2) + b"\n"), condition


def _form(request: Request, view: View, target: Target, text: str, problem: str = "", status: int = 200) -> Response:
    values = {"machine": target.machine, "text": text, "problem": problem, "here": address_of(target.machine)}
    return show(request, target.visitor, "labels.html", view, values, status=status)
