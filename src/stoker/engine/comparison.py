"""What changes from one config to another: in go the config that a machine has and a new one, out comes a Preview.

Files, users, units and kernel arguments are compared as a first boot by either config would leave them. For disks,
the old config is carried out on paper, and the new one planned on what that left; what cannot be made of it has to be
provisioned anew, and is said to be so rather than refused.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import msgspec

from stoker.engine.distributions import Distribution
from stoker.engine.execution import carry_out
from stoker.engine.imagined import imagine
from stoker.engine.messages import OLD_NOT_DONE
from stoker.engine.parts import CHANGE, CREATE, DISKS, KERNEL_ARGUMENTS, REMOVE, USERS
from stoker.engine.plan import DISKS as DISK_LISTS
from stoker.engine.plan import Plan, plan
from stoker.engine.policy import Impact
from stoker.engine.preview import KEEP, Change, Locate, Preview, preview
from stoker.engine.targets import scratch_machine
from stoker.fetch import Embedded, Source
from stoker.fetch.source import COPY_LIMIT, READ_LIMIT, Write
from stoker.report import Entry, Pointer, Report, Severity, pointer_text
from stoker.schema.v3 import Config, Storage
from stoker.system.scratch_devices import Inventory


class Named(Embedded):
    """Gets what the config holds; of what would have to be fetched only its name, which is enough to tell two apart."""

    def read(self, source: Source, limit: int = READ_LIMIT) -> bytes:
        """See `Fetch.read`."""
        return super().read(source, limit) if source.is_embedded else source.url.encode()

    def copy_to(self, source: Source, write: Write, limit: int = COPY_LIMIT) -> int:
        """See `Fetch.copy_to`."""
        content = self.read(source)
        write(content)
        return len(content)


def compare(
    old: Config,
    new: Config,
    distribution: Distribution,
    *,
    inventory: Inventory | None,
    machine: str,
    allowed: frozenset[str] = frozenset(),
    locate: Locate,
) -> Preview:
    """Preview what a machine that `old` was carried out on would have to change for `new`.

    `inventory` has its disks as they were before that; without one they are imagined. See `preview` for the rest.
    """
    disks = inventory or _imagined(old, new, distribution)
    drawn, anew = _disks(old, new, distribution, disks, inventory is None, machine, allowed, locate)
    with scratch_machine(distribution, disks) as system:
        before, after = (
            preview(
                config,
                plan(config, system, distribution, online=True, stages=("files",)),
                system,
                machine=machine,
                is_fresh=True,
                kernel_arguments=_arguments(old) if config is new else (),
                locate=locate,
            )
            for config in (old, new)
        )
    changes = (*(change for change in drawn.changes if change.group == DISKS), *anew, *_differences(before, after))
    return Preview(
        machine,
        max((change.impact for change in changes), key=lambda impact: impact.rank, default=Impact.NONE),
        drawn.disks,
        changes,
        (*drawn.findings, *after.findings),
    )


# Disks


def _disks(
    old: Config,
    new: Config,
    distribution: Distribution,
    disks: Inventory,
    are_assumed: bool,
    machine: str,
    allowed: frozenset[str],
    locate: Locate,
) -> tuple[Preview, list[Change]]:
    """What is done to the disks that the old config leaves, and what cannot be done without beginning anew."""
    with scratch_machine(distribution, copy.deepcopy(disks)) as system:
        first = plan(old, system, distribution, online=True, stages=("disks",))
        carry_out(first, system, lambda _line: None, Named())
        planned = plan(new, system, distribution, online=True, stages=("disks",))
        same = _unchanged(old.storage or Storage(), new.storage or Storage())
        steps = tuple(step for step in planned.steps if step.pointer[:3] not in same)
        entries = [entry for entry in planned.report if entry.pointer[:3] not in same]
        kept = Report(entry for entry in entries if not entry.is_error)
        for entry in first.report:
            if entry.is_error and entry.pointer[:1] == ("storage",):
                kept.add(Severity.WARNING, OLD_NOT_DONE, reason=entry.message)
        changed = msgspec.structs.replace(new, storage=_drawn(new.storage or Storage(), same), kernel_arguments=None)
        rest = Plan(steps, kept, planned.kernel_arguments)
        drawn = preview(
            changed,
            rest,
            system,
            machine=machine,
            are_disks_assumed=are_assumed,
            allowed=allowed,
            locate=locate,
        )
    errors = [entry for entry in entries if entry.is_error and entry.pointer[:1] == ("storage",)]
    return drawn, [_anew(entry, new, locate) for entry in errors]


def _imagined(old: Config, new: Config, distribution: Distribution) -> Inventory:
    """Disks for both configs."""
    disks = imagine(new, distribution.name).disks | imagine(old, distribution.name).disks
    return Inventory(disks=disks)


def _unchanged(old: Storage, new: Storage) -> set[Pointer]:
    """The disks, arrays, volumes and file systems that the old config asks for in the same words."""
    return {
        ("storage", name, index)
        for name in DISK_LISTS
        for index, said in enumerate(getattr(new, name))
        if said in getattr(old, name)
    }


def _drawn(storage: Storage, same: set[Pointer]) -> Storage:
    """The disks that are worth a drawing."""
    return Storage(disks=[disk for index, disk in enumerate(storage.disks) if ("storage", "disks", index) not in same])


def _anew(entry: Entry, config: Config, locate: Locate) -> Change:
    """What a first boot refuses to do to a disk in use, it does to a machine that is provisioned anew."""
    pointer, place = locate(entry.pointer)
    name = pointer_text(entry.pointer)
    if entry.pointer[:1] == ("storage",) and len(entry.pointer) > 2:
        said = getattr(config.storage, str(entry.pointer[1]))[entry.pointer[2]]
        name = str(getattr(said, "device", None) or said.name)
    return Change(
        group=DISKS,
        name=name,
        action=CHANGE,
        impact=Impact.REPROVISION,
        facts={"reason": entry.message},
        pointer=pointer,
        place=place,
    )


# The rest


def _differences(before: Preview, after: Preview) -> Iterator[Change]:
    """The changes of the new config that the old one does not make alike, and the end of those that it alone made."""
    old, new = ({_key(change): change for change in found.changes} for found in (before, after))
    for key, change in new.items():
        known = old.get(key)
        if change.group == KERNEL_ARGUMENTS:
            yield change
        elif known is None or (known.action, known.digest) != (change.action, change.digest):
            yield change if known is None else _changed(known, change)
        else:
            yield msgspec.structs.replace(change, action=KEEP, impact=Impact.NONE)
    for key, change in old.items():
        if key not in new and change.action in {CREATE, CHANGE}:
            yield msgspec.structs.replace(change, action=REMOVE, facts=_kind(change), was=change.facts, pointer="")


def _changed(known: Change, change: Change) -> Change:
    """A change of what the old config made; what it said and the new one does not is nothing now."""
    dropped: dict[str, object] = dict.fromkeys(known.facts.keys() - change.facts.keys())
    action = CHANGE if change.action == CREATE == known.action else change.action
    return msgspec.structs.replace(change, action=action, facts=dropped | change.facts, was=known.facts)


def _arguments(config: Config) -> list[str]:
    """The kernel arguments that a config leaves."""
    return config.kernel_arguments.should_exist if config.kernel_arguments else []


def _kind(change: Change) -> dict[str, object]:
    return {name: value for name, value in change.facts.items() if name == "kind"}


def _key(change: Change) -> tuple[str, str, str]:
    return change.group, str(change.facts.get("kind", "")) if change.group == USERS else "", change.name
