"""Groups, profiles and templates, as lists and one by one; a Request and a View go in, a Reply comes out.

All of it is for those who are logged in; anybody else is sent to the form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stoker.http import Request, Response
from stoker.machines import Group, Machine, Profile
from stoker.report import Entry
from stoker.server.page.configs import by_line, text_lines
from stoker.server.page.documents import show
from stoker.server.page.entrance import refuse, to_login
from stoker.server.page.fleet import Asked, read_asked
from stoker.server.page.paging import cut
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
    asked = read_asked(request.raw_query, visitor)
    order = {group.key: rank for rank, group in enumerate(view.catalogue.selection.groups, 1)}
    names = sorted(view.catalogue.groups, key=lambda name: (order.get(name, 0), name))
    page = cut(
        [name for name in names if _has(asked, name, _words_of(view.catalogue.groups[name].document))], asked.page
    )
    matches = Counter(_group_of(view, machine) for machine in view.keeper.machines())
    findings = _by_file(view)
    rows = [
        (name, known.document, matches[name], findings.get(known.item.file, ()), order.get(name))
        for name, known in ((name, view.catalogue.groups[name]) for name in page.rows)
    ]
    values = {"page": page, "rows": rows, "asked": asked, "unmatched": matches[""]}
    return show(request, visitor, "groups.html", view, values)


def _group(request: Request, view: View, visitor: Visitor, names: dict[str, str]) -> Response:
    known = view.catalogue.groups.get(names["name"])
    if known is None:
        return refuse(request, view, visitor, 404, f"No group is called {names['name'][:100]}.")
    machines = [machine for machine in view.keeper.machines() if _group_of(view, machine) == names["name"]]
    values = _file(view, known.item) | {"group": known.document, "name": names["name"], "section": "Groups"}
    return show(request, visitor, "group.html", view, values | _machines(view, machines))


def _profiles(request: Request, view: View, visitor: Visitor, _names: dict[str, str]) -> Response:
    asked = read_asked(request.raw_query, visitor)
    files = {name: " ".join(keys) for name, keys in _files_of(view).items()}
    page = cut([name for name in sorted(view.catalogue.profiles) if _has(asked, name, files.get(name, ""))], asked.page)
    used = Counter(group.profile for group in view.catalogue.selection.groups)
    findings = _by_file(view)
    rows = [
        (name, known.document, used[name], findings.get(known.item.file, ()))
        for name, known in ((name, view.catalogue.profiles[name]) for name in page.rows)
    ]
    return show(request, visitor, "profiles.html", view, {"page": page, "rows": rows, "asked": asked})


def _profile(request: Request, view: View, visitor: Visitor, names: dict[str, str]) -> Response:
    known = view.catalogue.profiles.get(names["name"])
    if known is None:
        return refuse(request, view, visitor, 404, f"No profile is called {names['name'][:100]}.")
    groups = [group.key for group in view.catalogue.selection.groups if group.profile == names["name"]]
    taken = set(groups)
    machines = [machine for machine in view.keeper.machines() if _group_of(view, machine) in taken]
    files = [name_key(view.catalogue, key) for key in _files_of(view).get(names["name"], ())]
    values = _file(view, known.item) | {"profile": known.document, "name": names["name"], "section": "Profiles"}
    values |= {"groups": groups, "files": files}
    return show(request, visitor, "profile.html", view, values | _machines(view, machines))


def _templates(request: Request, view: View, visitor: Visitor, _names: dict[str, str]) -> Response:
    asked = read_asked(request.raw_query, visitor)
    page = cut([key for key in sorted(view.catalogue.sources) if _has(asked, key)], asked.page)
    used = Counter(key for keys in _files_of(view).values() for key in keys)
    findings = _by_file(view)
    rows = [
        (key, known.document, used[key], findings.get(known.item.file, ()), len(known.item.data))
        for key, known in ((key, view.catalogue.sources[key]) for key in page.rows)
    ]
    return show(request, visitor, "templates.html", view, {"page": page, "rows": rows, "asked": asked})


def _template(request: Request, view: View, visitor: Visitor, names: dict[str, str]) -> Response:
    known = view.catalogue.sources.get(names["key"])
    if known is None:
        return refuse(request, view, visitor, 404, f"No template is called {names['key'][:100]}.")
    users = [profile for profile, keys in _files_of(view).items() if names["key"] in keys]
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


def _has(asked: Asked, *texts: str) -> bool:
    """Whether all words that are asked for are in these texts."""
    whole = " ".join(texts).lower()
    return all(word in whole for word in asked.words.lower().split())


def _words_of(group: Group | None) -> str:
    return f"{group.profile} {group.selector_text}" if group is not None else ""


def _files_of(view: View) -> dict[str, tuple[str, ...]]:
    """The keys of the files that each profile names."""
    found: dict[str, tuple[str, ...]] = {}
    for name, known in view.catalogue.profiles.items():
        named = known.document or Profile("", "")
        keys = {"ignition": named.ignition_id, "cloud": named.cloud_id, "generic": named.generic_id}
        found[name] = tuple(f"{folder}/{key}" for folder, key in keys.items() if key)
    return found


def _by_file(view: View) -> dict[str, list[Entry]]:
    """What is found in each file: in it alone, and in what it names."""
    found: dict[str, list[Entry]] = {}
    for entry in view.keeper.report:
        if entry.place is not None:
            found.setdefault(entry.place.file, []).append(entry)
    return found


def _file(view: View, item: Item) -> dict[str, object]:
    """A file as text, with what is found in it."""
    findings = _by_file(view).get(item.file, [])
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
