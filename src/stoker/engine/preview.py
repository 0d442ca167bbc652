"""What a plan would do, before it is done: in go a Plan and the machine, out comes a Preview that people can read.

Steps are gathered into changes as a person thinks of them: a disk, a file, a user, a unit with all that belongs to it,
a kernel argument; each with what it costs a machine that runs. Nothing is changed and nothing is fetched: a read-only
machine will do. `preview_text` lays it out; as JSON its form is that of the classes here (docs/planning.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import msgspec

from stoker.engine.disk_drawing import INDENTED, draw_disk
from stoker.engine.disks import draft_disks
from stoker.engine.filesystems import MOUNT
from stoker.engine.impact import Judged, allowed_in_vain, judge, readers_of
from stoker.engine.operations import Operation
from stoker.engine.operations.losses import Loss
from stoker.engine.outlook import Outlook
from stoker.engine.partitions import DiskPlan
from stoker.engine.parts import CHANGE, CREATE, DISKS, GROUPS, KERNEL_ARGUMENTS, REMOVE, USERS, Part, parts_of
from stoker.engine.plan import Plan
from stoker.engine.policy import Impact
from stoker.engine.summary import Finding, finding_of
from stoker.fetch import Embedded
from stoker.report import Entry, Pointer, Report
from stoker.schema.v3 import Config, Storage
from stoker.system import System, Table

KEEP = "keep"
_SEVERAL = frozenset({DISKS, USERS})  # groups where one name may be of several things: a user and a group
_MANNER = frozenset({"overwrite", "losses", "wipe"})

# Turns a pointer into the config to one into what the person wrote, and the place of that, both as text.
Locate = Callable[[Pointer], tuple[str, str]]


class Lost(msgspec.Struct, frozen=True):
    """Data that a change destroys, the names by which that may be allowed, the plainest first, and whether it is."""

    what: str
    labels: tuple[str, ...]
    allowed: bool


class Change(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A change of one thing.

    `group` is disks, files, users, units or kernel arguments; `action` create, change, remove, or keep for what is
    already so. `facts` says what it will be (None: nothing any more), `was` what it is, by the same names. `units` are
    reloaded or restarted.
    `digest` is that of all that is asked for (SHA-256): two changes that agree in it end alike.
    """

    group: str
    name: str
    action: str
    impact: Impact
    facts: dict[str, Any] = {}
    was: dict[str, Any] = {}
    units: tuple[str, ...] = ()
    losses: tuple[Lost, ...] = ()
    pointer: str = ""
    place: str = ""
    digest: str = ""


class Stretch(msgspec.Struct, frozen=True):
    """A partition; `start` and `size` are in bytes."""

    number: int
    label: str
    start: int
    size: int


class DiskView(msgspec.Struct, frozen=True):
    """A disk of the config: its partitions before (null: no table) and after, and both as a drawing, line by line.

    One that is `assumed` is made up: nobody has the machine yet, and its size is one that all fits on.
    """

    node: str
    size: int
    assumed: bool
    before: tuple[Stretch, ...] | None
    after: tuple[Stretch, ...]
    drawing: tuple[str, ...]


class Preview(msgspec.Struct, frozen=True):
    """What a plan would do to `machine`. `impact` is the worst of its changes."""

    machine: str
    impact: Impact
    disks: tuple[DiskView, ...]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]

    @property
    def pending(self) -> list[Change]:
        """What is not so yet."""
        return [change for change in self.changes if change.action != KEEP]

    @property
    def not_allowed(self) -> list[Lost]:
        """Data that would be lost and that nobody has allowed to be; each once."""
        losses = (lost for change in self.changes for lost in change.losses)
        return [lost for lost in dict.fromkeys(losses) if not lost.allowed]

    @property
    def is_refused(self) -> bool:
        """Whether it would be refused."""
        return any(finding.severity == "error" for finding in self.findings)


def preview(
    config: Config,
    planned: Plan,
    system: System,
    *,
    machine: str,
    is_fresh: bool = False,
    are_disks_assumed: bool = False,
    kernel_arguments: Collection[str] = (),
    allowed: frozenset[str] = frozenset(),
    findings: Iterable[Entry] = (),
    locate: Locate,
) -> Preview:
    """Gather what a plan of a config would do to a system.

    `machine` says in words what that is; on one that `is_fresh` nothing can be lost; `are_disks_assumed` tells that its
    disks are made up. `kernel_arguments` are those that
    it has, `allowed` the labels of what may be lost; `findings` stand before those of the plan.
    """
    judged = list(judge(planned.steps, system, Embedded(), readers_of(config, system), is_fresh=is_fresh))
    changes = [*_changes(judged, system, allowed, locate)]
    changes += _kernel_arguments(planned, frozenset(kernel_arguments), locate)
    losses = [(lost.labels[0], lost.labels) for change in changes for lost in change.losses]
    changes.sort(key=lambda change: GROUPS.index(change.group))  # stable: within a group, the order of the plan
    return Preview(
        machine,
        max((change.impact for change in changes), key=lambda impact: impact.rank, default=Impact.NONE),
        tuple(_disk_view(draft, is_fresh, are_disks_assumed) for draft in _drafts(config, system)),
        tuple(changes),
        tuple(_finding(entry, locate) for entry in (*findings, *planned.report, *allowed_in_vain(allowed, losses))),
    )


def _changes(judged: Iterable[Judged], system: System, allowed: frozenset[str], locate: Locate) -> Iterator[Change]:
    """The changes, each of all the parts that are about one thing."""
    gathered: dict[tuple[str, str, str], list[tuple[Part, Judged]]] = {}
    for row in judged:
        for part in parts_of(row.step.operation, system):
            kind = str(part.facts.get("kind", "")) if part.group in _SEVERAL else ""
            gathered.setdefault((part.group, kind, part.name), []).append((part, row))
    for rows in gathered.values():
        yield _change(rows, allowed, locate)


def _change(rows: list[tuple[Part, Judged]], allowed: frozenset[str], locate: Locate) -> Change:
    """One change of its parts; what is already so is only told when all of it is."""
    pending = [row for row in rows if row[1].impact is not Impact.NONE]
    first, worst = (pending or rows)[0], max(rows, key=lambda row: row[1].impact.rank)
    pointer, place = locate(first[1].step.pointer)
    actions = [part.action for part, _ in rows]
    facts: dict[str, Any] = {}
    for part, judged in rows:
        if not pending or judged.impact is not Impact.NONE or judged.step.stage == MOUNT:
            _join(facts, part.facts)
    return Change(
        group=first[0].group,
        name=first[0].name,
        action=_action(actions) if pending else KEEP,
        impact=worst[1].impact,
        facts=facts,
        was=dict(first[0].was),
        units=tuple(dict.fromkeys(unit for _, row in pending for unit in row.units)),
        losses=tuple(dict.fromkeys(_lost(loss, allowed) for _, row in rows for loss in row.losses)),
        pointer=pointer,
        place=place,
        digest=_digest(row.step.operation for _, row in rows),
    )


def _digest(operations: Iterable[Operation]) -> str:
    """The digest of what operations ask for; how they go about it (what may be replaced or lost) is left out."""
    digest = hashlib.sha256()
    for operation in operations:
        asked = {name: value for name, value in msgspec.to_builtins(operation).items() if name not in _MANNER}
        digest.update(msgspec.json.encode([type(operation).__name__, asked]))
    return digest.hexdigest()


def _action(actions: list[str]) -> str:
    """What is done to a thing: made, when any part of it is what the thing begins with."""
    if REMOVE in actions:
        return REMOVE
    return CREATE if actions[0] == CREATE else CHANGE


def _join(facts: dict[str, Any], more: dict[str, Any]) -> None:
    """Add facts: lists grow, appended sizes add up, and of anything else the last counts."""
    for name, value in more.items():
        both = isinstance(value, list) or (name == "appended" and isinstance(value, int))
        if both and isinstance(facts.get(name), type(value)):
            facts[name] = facts[name] + value
        else:
            facts[name] = value


def _lost(loss: Loss, allowed: frozenset[str]) -> Lost:
    labels = tuple(dict.fromkeys([loss.name, *sorted(loss.labels)]))
    return Lost(str(loss), labels, loss.is_allowed(allowed))


def _kernel_arguments(planned: Plan, present: frozenset[str], locate: Locate) -> Iterator[Change]:
    wanted = planned.kernel_arguments
    for key, names, action in (
        ("shouldExist", wanted.should_exist, CREATE),
        ("shouldNotExist", wanted.should_not_exist, REMOVE),
    ):
        for index, name in enumerate(names):
            pointer, place = locate(("kernelArguments", key, index))
            is_so = (name in present) == (action == CREATE)
            yield Change(
                group=KERNEL_ARGUMENTS,
                name=name,
                action=KEEP if is_so else action,
                impact=Impact.NONE if is_so else Impact.REBOOT,
                pointer=pointer,
                place=place,
            )


def _drafts(config: Config, system: System) -> list[DiskPlan]:
    if system.devices is None:
        return []
    return draft_disks(config.storage or Storage(), Outlook(system.devices), Report())


def _disk_view(draft: DiskPlan, is_fresh: bool, is_assumed: bool) -> DiskView:
    if is_fresh:
        draft = msgspec.structs.replace(draft, losses=())
    return DiskView(
        draft.disk.node,
        draft.disk.size,
        is_assumed,
        None if draft.before is None else _stretches(draft.before),
        _stretches(draft.after),
        tuple(draw_disk(draft, INDENTED, is_assumed=is_assumed)),
    )


def _stretches(table: Table) -> tuple[Stretch, ...]:
    unit = table.sector_size
    return tuple(
        Stretch(partition.number, partition.label, partition.start * unit, partition.size * unit)
        for partition in table.partitions
    )


def _finding(entry: Entry, locate: Locate) -> Finding:
    found = finding_of(entry)
    if entry.place is not None or not entry.pointer:
        return found
    pointer, place = locate(entry.pointer)
    return msgspec.structs.replace(found, pointer=pointer, place=place)
