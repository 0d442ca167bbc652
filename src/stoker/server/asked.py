"""Who asks for a boot script or a config: a Request goes in; labels and the machine's record come out."""

from __future__ import annotations

from dataclasses import dataclass

from stoker.http import Request, parse_query
from stoker.machines import Asker, Identity, Machine, Seen, identify, normalise_labels
from stoker.machines.boots import reason_held
from stoker.server.replies import View


@dataclass(frozen=True, slots=True)
class Asked:
    """A machine that asks, with its record: a new one if it is not known, without a name if it names nobody."""

    asker: Asker
    identity: Identity
    machine: Machine

    def seen(self, group: str = "", profile: str = "") -> Seen:
        """That it was heard of; the rule is named where it was given what that leads to."""
        return Seen(dict(self.asker.labels), group, profile)


def asker_of(request: Request) -> Asker:
    """Who asks, by the query: labels as they are compared."""
    return Asker(normalise_labels(parse_query(request.raw_query)), request.raw_query)


def native_asker(request: Request, view: View) -> Asker:
    """The same with what people say of the machine."""
    asker = asker_of(request)
    return Asker(view.catalogue.known.labels(asker.labels), asker.raw_query)


def read_asked(request: Request, view: View) -> Asked:
    """Who asks, and what is known of them."""
    asker = native_asker(request, view)
    identity = identify(asker.labels)
    name = identity.uuid or identity.mac
    machine = (view.keeper.find(identity) if name else None) or Machine(name, view.at, view.at, since=view.at)
    return Asked(asker, identity, machine)


def reason_not(view: View, machine: Machine, template: str) -> str:
    """Why a machine is given nothing that a template makes: its state, or a hold; empty where nothing is against it."""
    return reason_held(machine) or hold_reason(view, machine, template)


def hold_reason(view: View, machine: Machine, template: str) -> str:
    """Why a template, by its key, is held back from a machine; empty where it is not."""
    known = view.keeper.hold(template) if template else None
    source = view.catalogue.source(template) if known else None
    if known is None or source is None or not known[0].holds(source.item.revision, machine.name):
        return ""
    return f"{known[0].reason()}; change it, or release it"
