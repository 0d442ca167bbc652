"""What stands on top of every page: a View and a visitor go in, out come the things that somebody has to see to."""

from __future__ import annotations

from typing import Final, NamedTuple

from stoker.server.page.places import name_file
from stoker.server.page.visitors import Visitor
from stoker.server.replies import View

SHOWN_FILES: Final = 3


class Alarm(NamedTuple):
    """A line on top of the page: `kind` is `red` for what is broken; `link` leads to `address`."""

    kind: str
    title: str
    text: str
    address: str = ""
    link: str = ""


def find_alarms(view: View, visitor: Visitor) -> list[Alarm]:
    """The alarms that a visitor may see."""
    if not visitor.may_read:
        return []
    alarms: list[Alarm] = []
    broken = list(dict.fromkeys(each.place.file for each in view.keeper.report if each.is_error and each.place))
    if broken:
        named = [name_file(view.catalogue, file) for file in broken[:SHOWN_FILES]]
        names = ", ".join(f"`{each.name}`" for each in named)
        more = f" and {len(broken) - SHOWN_FILES} more" if len(broken) > SHOWN_FILES else ""
        text = f"{names}{more}: what was read before of {'it' if len(broken) == 1 else 'them'} is still served"
        alarms.append(Alarm("red", "Broken files", text, named[0].address, "Show where"))
    return alarms
