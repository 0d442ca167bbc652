"""What a machine that runs has to change for another config: in go its record and the config, out comes a Preview.

Where a machine has a record of what was there before any config, that is better than to compare two configs: what was
changed by hand is seen, and what a dropped part of the old config becomes again. This is the steady reading
(`engine.steady`); what only a first boot makes is compared, and has to be provisioned anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stoker.engine import messages
from stoker.engine.contents import digest_of_config
from stoker.engine.parts import CHANGE, DISKS, KERNEL_ARGUMENTS, REMOVE
from stoker.engine.plan import DISKS as DISK_LISTS
from stoker.engine.policy import Impact
from stoker.engine.preview import Change, Locate, Preview, preview
from stoker.engine.record import RECORD, read_record
from stoker.engine.steady import plan_steady
from stoker.engine.targets import Target
from stoker.fetch import Fetch
from stoker.report import Report, Severity
from stoker.schema.v3 import Config, KernelArguments, Storage
from stoker.system import System


def has_record(system: System) -> bool:
    """Whether a machine has a record of the config that it runs with."""
    return system.look(RECORD) is not None


def preview_change(
    old: Config, new: Config, target: Target, fetch: Fetch, *, allowed: frozenset[str] = frozenset(), locate: Locate
) -> Preview:
    """Preview what a machine with a record would have to change for `new`.

    The record has no disks and no kernel arguments: what `new` says of them is compared with what `old` does.

    Contents that the config does not hold are fetched to be compared. See `preview` for the rest. Raises `EngineFault`
    when the record cannot be read, `SystemFault` when the machine cannot.
    """
    notes = Report()
    if read_record(target.system).config != digest_of_config(old):
        notes.add(Severity.WARNING, messages.OTHER_RECORD)
    planned = plan_steady(new, target.system, target.distribution, fetch, digest=digest_of_config(new))
    storage = new.storage and msgspec.structs.replace(new.storage, disks=[])  # there is nothing to draw
    found = preview(
        msgspec.structs.replace(new, storage=storage),
        planned,
        target.system,
        machine=target.machine,
        kernel_arguments=target.kernel_arguments,
        allowed=allowed,
        findings=[*target.notes, *notes],
        locate=locate,
    )
    dropped = _dropped_arguments(old, new, target.kernel_arguments)
    changes = (*_devices(old.storage or Storage(), new.storage or Storage(), locate), *found.changes, *dropped)
    impact = max((change.impact for change in changes), key=lambda one: one.rank, default=Impact.NONE)
    return msgspec.structs.replace(found, impact=impact, changes=changes)


def _devices(old: Storage, new: Storage, locate: Locate) -> Iterator[Change]:
    """The disks, arrays, volumes and file systems that the old config did not ask for in the same words."""
    for name in DISK_LISTS:
        for index, said in enumerate(getattr(new, name)):
            if said not in getattr(old, name):
                pointer, place = locate(("storage", name, index))
                yield Change(
                    group=DISKS,
                    name=str(getattr(said, "device", None) or said.name),
                    action=CHANGE,
                    impact=Impact.REPROVISION,
                    facts={"reason": "only a first boot makes it"},
                    pointer=pointer,
                    place=place,
                )


def _dropped_arguments(old: Config, new: Config, present: tuple[str, ...]) -> Iterator[Change]:
    """The kernel arguments that only the old config wanted, but for those that the machine, if it tells, has not."""
    asked, wanted = (config.kernel_arguments or KernelArguments() for config in (old, new))
    for name in asked.should_exist:
        if name not in {*wanted.should_exist, *wanted.should_not_exist} and (not present or name in present):
            yield Change(group=KERNEL_ARGUMENTS, name=name, action=REMOVE, impact=Impact.REBOOT)
