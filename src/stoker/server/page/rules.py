"""Groups, profiles and templates, as lists and one by one; a Request and a View go in, a Reply comes out.

All of it is for those who are logged in; anybody else is sent to the form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stoker.http import Request, Response
from stoker.machines import Machine
from stoker.report import Entry
from stoker.server.page.configs import by_line, text_lines
from stoker.server.page.documents import show
from stoker.server.page.entrance import refuse, to_login
from stoker.server.page.places import name_findings, name_key
from stoker.server.page.visitors import Visitor, read_visitor
from stoker.server.replies import Handler, Reply, View
from stoker.store import Item

SHOWN_MACHINES: Final = 200
LONGEST_FILE: Final = 512 << 10

Answer = Callable[[Request, View, Visitor, dict[str, str]], Response]


@dataclass(frozen=True, slots=True)
class Match:
    """A machine that a rule takes."""

    name: str
    host: str
    state: str


def readers_only(answer: Answer) -> Handler:
    """A handler that answers those who are logged in."""

    def handle(request: Request, view: View, names: dict[str, str]) -> Reply:
        visitor = read_visitor(request, view.desk.sessions, view.at)
        return Reply(answer(request, view, visitor, names) if visitor.may_read else to_login(request))

    return handle


def _groups(request: Request, view: View, visitor: Visitor, _names: dict[str, str]) -> Response:
    matches = Counter(_group_of(view, machine) for machine in view.keeper.machines())
    ranks = {group.key: rank for rank, group in enumerate(view.catalogue.selection.groups, 1)}
    entries = sorted(view.catalogue.groups.items(), key=lambda pair: (ranks.get(pair[0], 0), pair[0]))
    rows = [
        (name, known.document, matches[name], _findings(view, known.item), ranks.get(name)) for name, known in entries
    ]
    return show(request, visitor, "groups.html", view, {"rows": rows, "unmatched": matches[""]})


def _group(request: Request, view: View, visitor: Visitor, names: dict[str, str]) -> Response:
    known = view.catalogue.groups.get(names["name"])
    if known is None:
        return refuse(request, view, visitor, 404, f"No group is called {names['name'][:100]}.")
    machines = [machine for machine in view.keeper.machines() if _group_of(view, machine) == names["name"]]
    values = _file(view, known.item) | {"group": known.document, "name": names["name"], "section": "Groups"}
    return show(request, visitor, "group.html", view, values | _machines(view, machines))


def _profiles(request: Request, view: View, visitor: Visitor, _names: dict[str, str]) -> Response:
    used = Counter(group.profile for group in view.catalogue.selection.groups)
    rows = [
        (name, known.document, used[name], _findings(view, known.item))
        for name, known in sorted(view.catalogue.profiles.items())
    ]
    return show(request, visitor, "profiles.html", view, {"rows": rows})


def _profile(request: Request, view: View, visitor: Visitor, names: dict[str, str]) -> Response:
    known = view.catalogue.profiles.get(names["name"])
    if known is None:
        return refuse(request, view, visitor, 404, f"No profile is called {names['name'][:100]}.")
    groups = [group.key for group in view.catalogue.selection.groups if group.profile == names["name"]]
    machines = [machine for machine in view.keeper.machines() if _group_of(view, machine) in set(groups)]
    profile = known.document
    named = profile and {"ignition": profile.ignition_id, "cloud": profile.cloud_id, "generic": profile.generic_id}
    files = [name_key(view.catalogue, f"{folder}/{name}") for folder, name in (named or {}).items() if name]
    values = _file(view, known.item) | {"profile": profile, "name": names["name"], "section": "Profiles"}
    return show(
        request, visitor, "profile.html", view, values | {"groups": groups, "files": files} | _machines(view, machines)
    )


def _templates(request: Request, view: View, visitor: Visitor, _names: dict[str, str]) -> Response:
    used = Counter(key for _, key in _uses(view))
    rows = [
        (key, known.document, used[key], _findings(view, known.item), len(known.item.data))
        for key, known in sorted(view.catalogue.sources.items())
    ]
    return show(request, visitor, "templates.html", view, {"rows": rows})


def _template(request: Request, view: View, visitor: Visitor, names: dict[str, str]) -> Response:
    known = view.catalogue.sources.get(names["key"])
    if known is None:
        return refuse(request, view, visitor, 404, f"No template is called {names['key'][:100]}.")
    users = [profile for profile, key in _uses(view) if key == names["key"]]
    values = _file(view, known.item) | {"name": names["key"], "section": "Templates"}
    return show(request, visitor, "template.html", view, values | {"users": users})


groups = readers_only(_groups)
group = readers_only(_group)
profiles = readers_only(_profiles)
profile = readers_only(_profile)
templates = readers_only(_templates)
template = readers_only(_template)


def _group_of(view: View, machine: Machine) -> str:
    """The group that a machine would meet now; empty for none."""
    found = view.catalogue.selection.find(view.catalogue.known.labels(machine.labels))
    return found.key if found else ""


def _uses(view: View) -> list[tuple[str, str]]:
    """Which profile names which file."""
    found = []
    for name, known in view.catalogue.profiles.items():
        if known.document is not None:
            named = known.document
            keys = {"ignition": named.ignition_id, "cloud": named.cloud_id, "generic": named.generic_id}
            found += [(name, f"{folder}/{key}") for folder, key in keys.items() if key]
    return found


def _findings(view: View, item: Item) -> list[Entry]:
    """What is found in a file: in it alone, and in what it names."""
    return [entry for entry in view.keeper.report if entry.place is not None and entry.place.file == item.file]


def _file(view: View, item: Item) -> dict[str, object]:
    """A file as text, with what is found in it."""
    findings = _findings(view, item)
    text = item.data[:LONGEST_FILE].decode("utf-8", "replace")
    return {
        "findings": name_findings(view.catalogue, findings),
        "lines": tuple(text_lines(text, by_line(findings))),
        "key": item.key,
    }


def _machines(view: View, machines: Sequence[Machine]) -> dict[str, object]:
    rows = [
        Match(machine.name, view.catalogue.known.labels(machine.labels).get("hostname", ""), machine.state)
        for machine in machines[:SHOWN_MACHINES]
    ]
    return {"machines": sorted(rows, key=lambda row: (row.host, row.name)), "count": len(machines)}
