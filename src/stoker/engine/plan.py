"""The planner: in go a config and a machine, out comes a Plan. Nothing is changed; a read-only tree will do.

This is the reading of *first boot*: a config is carried out once, on a machine that has not seen it. What can be known
to fail is found here, before anything is written.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterator

import msgspec

from stoker.engine import disk_messages, messages
from stoker.engine.accounts import draft_of, plan_accounts
from stoker.engine.disks import plan_disks
from stoker.engine.distributions import Distribution
from stoker.engine.earlier import NOTHING, Earlier
from stoker.engine.files import plan_files
from stoker.engine.filesystems import plan_mounts, plan_unmounts
from stoker.engine.operations import Heading, Operation, Step
from stoker.engine.operations.files import WriteFile
from stoker.engine.operations.labels import has_labels
from stoker.engine.operations.result import WriteResult
from stoker.engine.outlook import Outlook
from stoker.engine.units import plan_units
from stoker.engine.volumes import plan_crypttab
from stoker.fetch import Source
from stoker.report import Pointer, Report, Severity
from stoker.schema.v3 import Config, IgnitionConfig, KernelArguments, Storage
from stoker.system import System, SystemFault

PROVIDED_TRAIL = "files: createProviderOutputFiles: createFiles"
RESULT_TRAIL = "files: createResultFile: createFiles"
SECRET_MODE = 0o600
DISKS = ("disks", "raid", "luks", "filesystems")
STAGES = ("disks", "mount", "files", "umount")  # of a first boot, as they follow each other


class Plan(msgspec.Struct, frozen=True):
    """What is to be done, in order; what is known to be impossible or worth knowing; the kernel arguments wanted."""

    steps: tuple[Step | Heading, ...]
    report: Report
    kernel_arguments: KernelArguments

    def operations(self) -> Iterator[Operation]:
        """All operations, in order."""
        for step in self.steps:
            yield from (each.operation for each in (step.steps if isinstance(step, Heading) else (step,)))


def plan(
    config: Config,
    system: System,
    distribution: Distribution,
    *,
    online: bool = False,
    stages: Collection[str] = STAGES,
    earlier: Earlier = NOTHING,
) -> Plan:
    """Plan a config, validated and merged, for the first boot of a machine: all of it, or some of its `STAGES`.

    `online` tells whether contents can be fetched that the config does not hold itself, `earlier` what earlier stages
    have left where they are planned one by one. A report with errors means that the plan cannot be carried out.
    """
    report = Report()
    steps: list[Step | Heading] = []
    for name, part in _parts(config, system, distribution, online, stages, earlier, report):
        try:
            steps += part
        except SystemFault as error:
            report.add(Severity.ERROR, messages.SYSTEM_FAULT, (name,), reason=error)
    refuse_references(config, report)
    return Plan(tuple(steps), report, config.kernel_arguments or KernelArguments())


Part = tuple[str, Iterator[Step | Heading]]  # the part of the config, and the steps that it asks for


def _parts(
    config: Config,
    system: System,
    distribution: Distribution,
    online: bool,
    stages: Collection[str],
    earlier: Earlier,
    report: Report,
) -> Iterator[Part]:
    """What is planned, in the order in which it is done."""
    storage = config.storage or Storage()
    outlook = None if system.devices is None else Outlook(system.devices)
    if outlook is None:
        _refuse_devices(storage, report)
    if outlook and "disks" in stages:
        yield "storage", plan_disks(storage, outlook, report)
    if report.has_errors:
        outlook = None  # nothing can be said of devices that will not be as planned
    if outlook and "mount" in stages:
        labelled = distribution.relabels and has_labels(system)
        yield "storage", plan_mounts(storage, system, outlook, report, relabels=labelled)
    if "files" in stages:
        draft = draft_of(system)
        yield "passwd", plan_accounts(config, system, distribution, draft, report, earlier)
        is_known = not any(entry.is_error and entry.pointer[:1] == ("passwd",) for entry in report)
        yield "storage", plan_files(config, system, draft if is_known else None, online, report)
        yield "systemd", plan_units(config, system, distribution, report)
        if outlook:
            yield "storage", plan_crypttab(storage, outlook, distribution.volume_keys)
        yield "ignition", _plan_provided(earlier)
        yield "ignition", _plan_result(system, distribution, earlier, report)
    if outlook and "umount" in stages:
        yield "storage", plan_unmounts(storage, system, outlook, of_this_plan="mount" in stages)


def stage_of(pointer: Pointer) -> str:
    """The stage of a first boot that a part of the config belongs to."""
    if pointer[:2] == ("ignition", "config"):
        return "fetch"
    return "disks" if pointer[:1] == ("storage",) and pointer[1:2] and pointer[1] in DISKS else "files"


def _plan_provided(earlier: Earlier) -> Iterator[Step]:
    """Plan the files that the platform itself wants on the machine."""
    for path, content in earlier.files.items():
        source = Source(f"data:;base64,{b64encode(content).decode()}")
        yield Step((), PROVIDED_TRAIL, WriteFile(path=path, overwrite=True, source=source, mode=SECRET_MODE))


def _plan_result(system: System, distribution: Distribution, earlier: Earlier, report: Report) -> Iterator[Step]:
    """Plan the record of the run, and say it when there is one of an earlier run."""
    if distribution.result:
        if system.look(distribution.result) is not None:
            report.add(Severity.WARNING, messages.RAN_BEFORE, path=distribution.result)
        yield Step((), RESULT_TRAIL, WriteResult(distribution.result, earlier.has_user_config))


def refuse_references(config: Config, report: Report) -> None:
    """A plan is of one config: without those that it names, it would be of another machine than was asked for."""
    named = config.ignition.config or IgnitionConfig()
    for index, _ in enumerate(named.merge):
        report.add(Severity.ERROR, messages.NOT_MERGED, ("ignition", "config", "merge", index))
    if named.replace is not None and named.replace.source is not None:
        report.add(Severity.ERROR, messages.NOT_REPLACED, ("ignition", "config", "replace"))


def _refuse_devices(storage: Storage, report: Report) -> None:
    """A tree has no disks: a config that needs them cannot be carried out there."""
    for name in DISKS:
        if getattr(storage, name):
            report.add(Severity.ERROR, disk_messages.NO_DEVICES, ("storage", name), what=f"storage.{name}")
