"""What stands on top of every page: a View and a visitor go in, out come the things that somebody has to see to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import quote

from stoker.machines import State
from stoker.server.page.places import name_file
from stoker.server.page.visitors import Visitor
from stoker.server.replies import View

SHOWN_FILES: Final = 3


class Alarm(NamedTuple):
    """A line on top of the page: `kind` is `red` for what is broken, else empty; `link` leads to `address`."""

    kind: str
    title: str
    text: str
    address: str = ""
    link: str = ""


def find_alarms(view: View, visitor: Visitor) -> list[Alarm]:
    """The alarms that a visitor may see: of states everybody, of all else those who are logged in."""
    alarms = [*_store(view), *_files(view), *_held(view)] if visitor.may_read else []
    return [*alarms, *_quarantined(view)]


def _store(view: View) -> Iterator[Alarm]:
    for trouble in filter(None, view.keeper.troubles()):
        yield Alarm("red", "Store", f"{trouble}; what was read last is still served")


def _files(view: View) -> Iterator[Alarm]:
    broken = list(dict.fromkeys(each.place.file for each in view.keeper.report if each.is_error and each.place))
    if not broken:
        return
    named = [name_file(view.catalogue, file) for file in broken[:SHOWN_FILES]]
    names = ", ".join(f"`{each.name}`" for each in named)
    more = f" and {len(broken) - SHOWN_FILES} more" if len(broken) > SHOWN_FILES else ""
    text = f"{names}{more} cannot be read; the last version that could is still served, if there was one"
    yield Alarm("red", "Broken files", text, named[0].address, "Show where")


def _held(view: View) -> Iterator[Alarm]:
    """Templates that are given to nobody else, because of what failed."""
    for hold in sorted(view.keeper.holds(), key=lambda hold: hold.template):
        source = view.catalogue.source(hold.template)
        if hold.held_at and source is not None and source.item.revision == hold.revision:
            text = f"{hold.reason()}; no other machine is given it until it changes or somebody releases it"
            yield Alarm("red", "Hold", text, f"/ui/holds/{quote(hold.template)}", "Release")


def _quarantined(view: View) -> Iterator[Alarm]:
    count = sum(machine.state is State.QUARANTINED for machine in view.keeper.machines())
    if count:
        who = "1 machine is" if count == 1 else f"{count:,} machines are"
        text = f"{who} given nothing until somebody looks and releases {'it' if count == 1 else 'them'}"
        yield Alarm("", "Quarantine", text, f"/ui/?state={State.QUARANTINED}", "Show")
