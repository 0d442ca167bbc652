"""What stands on top of every page: a View and a visitor go in, out come the things that somebody has to see to."""

from __future__ import annotations

from typing import NamedTuple

from stoker.server.page.visitors import Visitor
from stoker.server.replies import View


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
    broken = {entry.place.file for entry in view.keeper.report if entry.is_error and entry.place}
    if broken:
        names = ", ".join(f"`{name.rpartition('/')[2]}`" for name in sorted(broken)[:3])
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        text = f"{names}{more} cannot be read; what they last said is still served"
        alarms.append(Alarm("red", "Broken files", text, "/ui/templates", "Show them"))
    return alarms
