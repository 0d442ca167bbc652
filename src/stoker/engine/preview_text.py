"""A Preview as lines of plain text: disks with their bars, files as a tree, users, units, kernel arguments.

    files
      /etc
        + hostname     reboot  0644 root:root 6 B
        ~ motd         live    8 B appended
      + /opt/bin/      live    0750 root:root

A plus stands for what is made, a minus for what goes, a tilde for what changes. What is already so is only counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from shlex import quote
from typing import Any, Final, NamedTuple

from stoker.engine.columns import count
from stoker.engine.disk_drawing import size_text
from stoker.engine.parts import DISKS, FILES, GROUPS, REMOVE, UNITS, USERS
from stoker.engine.policy import Impact
from stoker.engine.preview import Change, Preview
from stoker.engine.summary import finding_lines
from stoker.report import Severity
from stoker.report.native import plain
from stoker.system.protocol import DIRECTORY

MARKS: Final = {"create": "+", "change": "~", "remove": "-"}
NAMES: Final = 36  # columns that names get at most before the cost; longer ones push it aside
NOTHING: Final = "none"  # what a fact is that is no more asked for
COSTS: Final = 24  # columns that the cost gets at most before what a thing will be

# Facts in the order in which they are told, each with its words.
_TOLD: Final[dict[str, Callable[[Any], str]]] = {
    "unit": lambda _: "unit",
    "dropins": lambda names: ", ".join(f"drop-in {name}" for name in names),
    "format": str,
    "level": str,
    "on": lambda node: f"on {node}",
    "devices": lambda nodes: f"of {', '.join(nodes)}",
    "spares": lambda number: count(number, "spare"),
    "unlocked_by": lambda pin: f"unlocked by {pin}",
    "label": lambda label: f"`{label}`",
    "uuid": str,
    "mount": lambda path: f"at {path}",
    "mode": str,
    "owner": str,
    "id": lambda number: f"id {number}",
    "groups": lambda names: f"in {', '.join(names)}",
    "home": str,
    "shell": str,
    "comment": lambda text: f"`{text}`",
    "password": lambda _: "password",
    "keys": lambda number: count(number, "ssh key"),
    "size": size_text,
    "source": lambda url: f"from {url}",
    "appended": lambda what: f"{size_text(what)} appended" if isinstance(what, int) else f"appended from {what}",
    "volumes": lambda names: f"opens {', '.join(names)}",
    "target": lambda path: f"-> {path}",
    "state": str,
    "does": str,
}
_KINDS_TOLD: Final = {"array", "encrypted volume", "hard link", "partition table"}


class _Row(NamedTuple):
    """A line: what stands to the left, what it costs, what it will be. A heading has only the first."""

    left: str
    cost: str = ""
    words: str = ""


def preview_text(preview: Preview) -> str:
    """The preview as text; without any escape sequence."""
    lines = [f"plan for {preview.machine}"]
    for group in GROUPS:
        rows = _aligned(list(_rows(group, preview)))
        drawings = [line for disk in preview.disks for line in disk.drawing] if group == DISKS else []
        if rows or drawings:
            lines += ["", group, *(f"  {line}" for line in (*drawings, *rows))]
    for title, severity in (("refused", Severity.ERROR), ("worth knowing", Severity.WARNING)):
        found = [f"  {line}" for line in finding_lines(preview.findings, severity)]
        lines += ["", title, *found] if found else []
    lines += ["", *_losses(preview), _verdict(preview)]
    return "\n".join(plain(line).rstrip() for line in lines) + "\n"


def _aligned(rows: list[_Row]) -> list[str]:
    """Rows in columns; what a thing will be comes last, for it may be long."""
    left = max((min(len(row.left), NAMES) for row in rows if row.cost), default=0)
    cost = max((min(len(row.cost), COSTS) for row in rows), default=0)
    return [f"{row.left:{left}}  {row.cost:{cost}}  {row.words}" for row in rows]


def _rows(group: str, preview: Preview) -> Iterator[_Row]:
    changes = [change for change in preview.pending if change.group == group]
    if group == FILES:
        yield from _tree(changes)
        return
    for change in changes:
        yield _row(change, f"{change.facts['kind']} {change.name}" if group == USERS else change.name)
        if "reason" in change.facts:
            yield _Row(f"  {change.facts['reason']}")


def _row(change: Change, name: str, indent: str = "") -> _Row:
    slash = "/" if change.facts.get("kind") == DIRECTORY and not name.endswith("/") else ""
    return _Row(f"{indent}{MARKS[change.action]} {name}{slash}", _cost(change), _words(change))


def _words(change: Change) -> str:
    """What a change makes of its thing, and what it was where that differs."""
    kind = change.facts.get("kind")
    words = [str(kind)] if kind in _KINDS_TOLD else []
    differs = False
    for name, tell in _TOLD.items():
        if name not in change.facts:
            continue
        value, was = change.facts[name], change.was.get(name)
        now = NOTHING if value is None else tell(value)
        changed = was is not None and was != value
        differs = differs or changed or name not in change.was
        words.append(f"{tell(was)} -> {now}" if changed and name != "target" else now)
    if change.was and change.facts and not differs and change.action != REMOVE:
        words.append("other content")  # of the same size and so on: else it would be no change
    return (", " if change.group in {UNITS, USERS} else " ").join(words)


def _cost(change: Change) -> str:
    """The class of a change, with the units that it concerns beside its own, as short as systemctl(1) takes them."""
    others = [unit.removesuffix(".service") for unit in change.units if unit != change.name]
    return " ".join([change.impact, ", ".join(others)]).rstrip()


# Files


class _Directory:
    """A directory of the tree: what becomes of it, if anything, and what is in it."""

    def __init__(self) -> None:
        self.change: Change | None = None
        self.entries: dict[str, _Directory] = {}


def _tree(changes: Iterable[Change]) -> Iterator[_Row]:
    """The files as a tree; directories with one entry and no change of their own share a line with it."""
    root = _Directory()
    for change in changes:
        here = root
        for name in [part for part in change.name.split("/") if part]:
            here = here.entries.setdefault(name, _Directory())
        here.change = change
    if root.change is not None:
        yield _row(root.change, "/")
    for name, directory in sorted(root.entries.items()):
        yield from _branch(f"/{name}", directory, "")


def _branch(name: str, directory: _Directory, indent: str) -> Iterator[_Row]:
    stack = [(name, directory, indent)]
    while stack:
        name, directory, indent = stack.pop()
        while directory.change is None and len(directory.entries) == 1:
            ((below, directory),) = directory.entries.items()
            name = f"{name}/{below}"
        yield _row(directory.change, name, indent) if directory.change else _Row(f"{indent}{name}")
        below_here = sorted(directory.entries.items(), reverse=True)
        stack.extend((below, entry, indent + "  ") for below, entry in below_here)


# The end


def _losses(preview: Preview) -> Iterator[str]:
    """What would be lost, and what allows it."""
    places = {lost: change.place for change in preview.changes for lost in change.losses}
    if not places:
        return
    yield "data that would be lost"
    for lost, place in places.items():
        allowed = "allowed" if lost.allowed else f"--allow-wipe {quote(lost.labels[0])}"
        yield f"  {place + ': ' if place else ''}{lost.what}  ({allowed})"
    yield ""


def _verdict(preview: Preview) -> str:
    """How many changes of which class, the worst first."""
    pending = preview.pending
    same = len(preview.changes) - len(pending)
    already = f"; {same} already so" if same else ""
    if preview.is_refused:
        return f"it would be refused{already}"
    if not pending:
        return f"nothing to do{already}"
    counts = Counter(change.impact for change in pending)
    ranked = ", ".join(f"{counts[impact]} {impact}" for impact in reversed(Impact) if counts[impact])
    return f"{count(len(pending), 'change')}: {ranked}{already}"
