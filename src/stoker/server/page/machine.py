"""The page of one machine; a Request and a View go in, a Reply comes out.

Who is not logged in is shown its state and when it was seen, and nothing that a config, a label or a log has put there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

from stoker.engine.disk_drawing import size_text
from stoker.http import Request, Response
from stoker.machines import Asker, Catalogue, Machine, Selection, Sign, State, parse_name, step
from stoker.machines.explanation import explain
from stoker.machines.fold import MAX_FAILURES
from stoker.machines.states import MEANINGS, SIGNS
from stoker.report import Event, Severity, pointer_text
from stoker.server.page.configs import Shown, show_config
from stoker.server.page.disks import draw_disks
from stoker.server.page.documents import show
from stoker.server.page.entrance import refuse
from stoker.server.page.labels import given_labels
from stoker.server.page.orders import possible_orders
from stoker.server.page.places import Named, name_file, name_findings, name_place
from stoker.server.page.visitors import Visitor, read_visitor
from stoker.server.replies import Reply, View

LOG: Final = "log"
BAD: Final = frozenset({"failed", "refused", "alarm"})
MOST_EXPLAINED: Final = 100  # groups; of more, the one that takes a machine and the CLOSEST
CLOSEST: Final = 12


class Step(NamedTuple):
    """An event of the timeline with the lines of the log that tell of it; `day` where it is the first of one."""

    key: str
    at: float
    day: str
    kind: str
    stage: str
    text: str
    took: str
    places: tuple[Named, ...]
    log: tuple[str, ...]


def machine(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`/ui/machines/NAME`: everything about a machine, as far as the visitor may see it."""
    visitor = read_visitor(request, view.desk.sessions, view.at)
    found = view.keeper.find(parse_name(names["name"]))
    if found is None:
        return Reply(missing(request, view, visitor, names["name"]))
    values: dict[str, object] = {
        "machine": found,
        "meaning": MEANINGS[found.state],
        "ways": ways(found.state),
        "here": f"/ui/machines/{found.name}",
        "host": "",
        "orders": possible_orders(found.state) if visitor.may_act else (),
    }
    if visitor.may_read:
        values |= _details(view, found, view.keeper.events(found.name))
    return Reply(show(request, visitor, "machine.html", view, values))


def missing(request: Request, view: View, visitor: Visitor, name: str) -> Response:
    """That there is no machine of that name."""
    return refuse(request, view, visitor, 404, f"No machine goes by {name[:100]}: by no UUID, and no address.")


def _details(view: View, found: Machine, events: Sequence[Event]) -> dict[str, object]:
    """What only those see who are logged in."""
    labels = view.catalogue.known.labels(found.labels)
    shown = show_config(view.catalogue, labels)
    why, report = explain(_near(view.catalogue, labels), Asker(labels), view.compile, view.validate)
    failure = found.failure
    is_same = failure is not None and failure.digest == shown.digest
    return {
        "host": labels.get("hostname", ""),
        "steps": list(read_steps(events, shown, view)),
        "shown": shown,
        "shown_file": name_file(view.catalogue, shown.file),
        "findings": name_findings(view.catalogue, [entry for entry in report if entry.severity != Severity.INFO]),
        "why": why,
        "groups": len(view.catalogue.selection.groups),
        "drawings": draw_disks(shown.config, shown.distribution, found),
        "given": tuple(given_labels(view.catalogue, found).items()),
        "told": tuple(pair for pair in found.labels.items() if pair[1] and pair[0] not in {"mac", "uuid"}),
        "hardware": list(_hardware(found)),
        "pointer": pointer_text(failure.pointer) if failure else "",
        "failure_places": _places(view, shown, failure.pointer) if failure and is_same else (),
        "failures": f"{found.failures} of {MAX_FAILURES} tries in a row failed.",
    }


def _near(catalogue: Catalogue, labels: dict[str, str]) -> Catalogue:
    """A catalogue with the groups that are worth explaining: all, or of many the one that counts and the closest."""
    selection = catalogue.selection
    if len(selection.groups) <= MOST_EXPLAINED:
        return catalogue
    chosen = selection.find(labels)
    names = {verdict.group for verdict in selection.closest(labels, CLOSEST)} | {chosen.key if chosen else ""}
    return replace(catalogue, selection=Selection(group for group in selection.groups if group.key in names))


def ways(state: State) -> list[tuple[str, str]]:
    """Where a state leads, and by what, in the order of the states."""
    leads: dict[str, list[str]] = {}
    for sign in Sign:
        taken = step(state, sign)
        target = "forgotten" if taken.state is None else taken.state
        if not taken.refusal and target != state:
            leads.setdefault(target, []).append(SIGNS[sign].partition(":")[0])
    order = [*State, "forgotten"]
    return sorted(
        ((target, "; or ".join(signs)) for target, signs in leads.items()), key=lambda way: order.index(way[0])
    )


def read_steps(events: Sequence[Event], shown: Shown, view: View) -> Iterator[Step]:
    """The timeline, the newest event first; lines of a log go with the event before them."""
    day = ""
    for event, log in reversed(list(_with_logs(events))):
        date = day_of(event.at)
        is_known = event.digest == shown.digest and bool(event.pointer)
        yield Step(
            f"{event.at:.3f} {event.stage[:40]} {event.outcome[:40]}",
            event.at,
            date if date != day else "",
            "failed" if event.outcome in BAD else "plain" if event.stage in {"identity", "state"} else "done",
            event.stage,
            event.text.removeprefix(f"{event.stage}: "),
            _took(event.milliseconds),
            _places(view, shown, event.pointer) if is_known else (),
            log,
        )
        day = date


def _with_logs(events: Sequence[Event]) -> Iterator[tuple[Event, tuple[str, ...]]]:
    """Events, each with the lines of the log of its stage that follow it."""
    told = [(event, list[str]()) for event in events if event.outcome != LOG]
    lines = {id(event): log for event, log in told}
    last: dict[str, Event] = {}
    for event in events:
        if event.outcome != LOG:
            last[event.stage] = event
        elif event.stage in last:
            lines[id(last[event.stage])].append(event.text)
    return ((event, tuple(log)) for event, log in told)


def _places(view: View, shown: Shown, pointer: tuple[str | int, ...]) -> tuple[Named, ...]:
    return tuple(name_place(view.catalogue, place) for place in shown.places(pointer))


def _took(milliseconds: float) -> str:
    if not milliseconds:
        return ""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def day_of(at: float) -> str:
    """The day of a time, in UTC."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%-d %B %Y")
    except (ValueError, OverflowError, OSError):
        return "no day"


def _hardware(found: Machine) -> Iterator[tuple[str, str]]:
    """What a machine is made of, in words."""
    has = found.inventory
    if has is None:
        return
    yield from ((name, value) for name, value in (("Made by", f"{has.vendor} {has.product}".strip()),) if value)
    if has.serial:
        yield "Serial", has.serial
    if has.cpus or has.cpu:
        yield "Processor", f"{has.cpus} x {has.cpu}" if has.cpu else f"{has.cpus} processors"
    if has.memory:
        yield "Memory", size_text(has.memory)
    for disk in has.disks:
        yield "Disk", f"{disk.name} {size_text(disk.size)} {disk.model}"
