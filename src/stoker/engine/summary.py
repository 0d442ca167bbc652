"""The account of a run: in go an Outcome and the machine it left, out comes what a person wants to know of it.

`summarise` gives plain values, ready for JSON; `summary_text` lays them out in columns. Nothing is printed here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from stoker.engine.columns import count, table
from stoker.engine.operations import Touch
from stoker.engine.operations.units import MASK
from stoker.engine.outcome import DONE, FAILED, NOT_REACHED, Outcome
from stoker.engine.units import template
from stoker.report import Entry, Severity, pointer_text
from stoker.report.native import plain
from stoker.system import Look, System
from stoker.system.protocol import FILE, LINK

DIGITS: Final = 8  # of a digest that people compare at a glance


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """A path that was written. `mode` is octal, `digest` the SHA-256 of a file, `target` where a link points."""

    path: str
    kind: str
    mode: str
    user: str
    group: str
    size: int
    digest: str = ""
    target: str = ""


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """A user or group that was added, changed or, with an id of None, removed."""

    kind: str
    name: str
    id: int | None = None
    groups: tuple[str, ...] = ()
    home: str = ""
    shell: str = ""


class Unit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unit that was touched. `state` is masked, enabled or disabled, where the config says so."""

    name: str
    state: str = ""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something refused, failed or worth knowing, the part of the config it is about, and where that is written."""

    severity: str
    code: str
    message: str
    pointer: str
    place: str = ""
    hint: str = ""


class Summary(msgspec.Struct, frozen=True):
    """The account of a run. `presets` are lines of preset files; `unreached` says what a failure left undone."""

    succeeded: bool
    done: int
    nodes: list[Node]
    accounts: list[Account]
    units: list[Unit]
    presets: list[str]
    kernel_arguments: list[str]
    kernel_arguments_removed: list[str]
    findings: list[Finding]
    unreached: list[str]


def summarise(outcome: Outcome, system: System) -> Summary:
    """Look at everything that was touched and gather what became of it."""
    touched = list(dict.fromkeys(outcome.touched))
    nodes = _nodes(touched, system)
    presets = _presets(touched, system)
    return Summary(
        succeeded=outcome.succeeded,
        done=sum(event.outcome == DONE for event in outcome.events),
        nodes=nodes,
        accounts=[_account(touch, system) for touch in touched if touch.kind in {"user", "group"}],
        units=[_unit(touch.name, nodes, presets) for touch in touched if touch.kind == "unit"],
        presets=presets,
        kernel_arguments=list(outcome.kernel_arguments.should_exist),
        kernel_arguments_removed=list(outcome.kernel_arguments.should_not_exist),
        findings=[finding_of(entry) for entry in outcome.report],
        unreached=[event.text for event in outcome.events if event.outcome in {FAILED, NOT_REACHED}],
    )


def summary_text(summary: Summary) -> str:
    """The summary as lines of plain text, a section for each part that has something in it."""
    end = "provisioned" if summary.succeeded else "NOT provisioned"
    lines = [f"{end}: {count(summary.done, 'operation')} done"]
    if summary.unreached:
        lines[0] += f", {len(summary.unreached)} not"
    sections: list[tuple[str, Iterable[str]]] = [
        ("tree", table(_node_row(node) for node in summary.nodes)),
        ("accounts", table(_account_row(account) for account in summary.accounts)),
        ("units", table((unit.name, unit.state) for unit in summary.units)),
        ("presets", summary.presets),
        ("kernel arguments", _kernel_arguments(summary)),
        ("refused", finding_lines(summary.findings, Severity.ERROR)),
        ("worth knowing", finding_lines(summary.findings, Severity.WARNING)),
        ("not done", summary.unreached),
    ]
    for title, rows in sections:
        found = [plain(f"  {row}").rstrip() for row in rows]
        if found:
            lines += ["", title, *found]
    return "\n".join(lines) + "\n"


# Gathering


def _nodes(touched: list[Touch], system: System) -> list[Node]:
    users = {user.uid: user.name for user in reversed(system.accounts.users())}
    groups = {group.gid: group.name for group in reversed(system.accounts.groups())}
    nodes = []
    for path in sorted({touch.name for touch in touched if touch.kind == "path"}):
        found = system.look(path)
        if found is not None:
            nodes.append(_node(path, found, users, groups, system))
    return nodes


def _node(path: str, found: Look, users: dict[int, str], groups: dict[int, str], system: System) -> Node:
    return Node(
        path,
        found.kind,
        f"{found.mode:04o}",
        users.get(found.uid, str(found.uid)),
        groups.get(found.gid, str(found.gid)),
        found.size if found.kind == FILE else 0,
        _digest(system, path) if found.kind == FILE else "",
        system.read_link(path) if found.kind == LINK else "",
    )


def _digest(system: System, path: str) -> str:
    digest = hashlib.sha256()
    for chunk in system.chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _account(touch: Touch, system: System) -> Account:
    if touch.kind == "group":
        group = system.accounts.group(touch.name)
        return Account("group", touch.name, None if group is None else group.gid)
    user = system.accounts.user(touch.name)
    if user is None:
        return Account("user", touch.name)
    groups = system.accounts.groups()
    primary = next((group.name for group in groups if group.gid == user.gid), str(user.gid))
    further = [group.name for group in groups if user.name in group.members]
    return Account("user", user.name, user.uid, (primary, *further), user.home, user.shell)


def _presets(touched: list[Touch], system: System) -> list[str]:
    """The lines of the preset files that were touched."""
    paths = [touch.name for touch in touched if touch.name.endswith(".preset") and system.look(touch.name)]
    return [line for path in paths for line in system.read(path).decode(errors="replace").splitlines()]


def _unit(name: str, nodes: list[Node], presets: list[str]) -> Unit:
    if any(node.target == MASK and node.path.endswith(f"/{name}") for node in nodes):
        return Unit(name, "masked")
    whole, instance = template(name)
    for words in (line.split() for line in presets):
        if words[1:2] == [whole] and (instance is None or instance in words[2:]):
            return Unit(name, f"{words[0]}d")
    return Unit(name)


def finding_of(entry: Entry) -> Finding:
    """An entry of a report as plain values."""
    place = str(entry.place) if entry.place else ""
    return Finding(entry.severity, entry.code, entry.message, pointer_text(entry.pointer), place, entry.hint or "")


# Text


def _node_row(node: Node) -> tuple[str, ...]:
    path = node.path + ("/" if node.kind == "directory" else "")
    what = f"-> {node.target}" if node.kind == LINK else node.digest and f"{node.digest[:DIGITS]}…"
    size = str(node.size) if node.kind == FILE else ""
    return (path, node.mode, f"{node.user}:{node.group}", size, what)


def _account_row(account: Account) -> tuple[str, ...]:
    if account.id is None:
        return (account.kind, account.name, "removed")
    groups = f"in {', '.join(account.groups)}" if account.groups else ""
    return (account.kind, account.name, f"id {account.id}", groups, account.home, account.shell)


def _kernel_arguments(summary: Summary) -> list[str]:
    wanted = [f"{argument}  wanted" for argument in summary.kernel_arguments]
    return wanted + [f"{argument}  not wanted" for argument in summary.kernel_arguments_removed]


def finding_lines(findings: Iterable[Finding], severity: Severity) -> Iterable[str]:
    """The findings of one severity, each with its place and its hint."""
    for finding in findings:
        if finding.severity == severity:
            where = finding.place or finding.pointer
            yield finding.message if where == "$" else f"{where}: {finding.message}"
            if finding.hint:
                yield f"  hint: {finding.hint}"
