"""The planner: in go a config and a machine, out comes a Plan. Nothing is changed; a read-only tree will do.

This is the reading of *first boot*: a config is carried out once, on a machine that has not seen it. What can be known
to fail is found here, before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stoker.engine import messages
from stoker.engine.accounts import plan_accounts
from stoker.engine.distributions import Distribution
from stoker.engine.files import plan_files
from stoker.engine.operations import Heading, Step
from stoker.engine.operations.result import WriteResult
from stoker.engine.units import plan_units
from stoker.report import Report, Severity
from stoker.schema.v3 import Config, KernelArguments
from stoker.system import System, SystemFault

RESULT_TRAIL = "files: createResultFile: createFiles"
DISKS = ("disks", "raid", "luks", "filesystems")


class Plan(msgspec.Struct, frozen=True):
    """What is to be done, in order; what is known to be impossible or worth knowing; the kernel arguments wanted."""

    steps: tuple[Step | Heading, ...]
    report: Report
    kernel_arguments: KernelArguments


def plan(config: Config, system: System, distribution: Distribution, *, online: bool = False) -> Plan:
    """Plan a config, validated and merged, for the first boot of a machine.

    `online` tells whether contents can be fetched that the config does not hold itself. A report with errors means
    that the plan cannot be carried out.
    """
    report = Report()
    _say_what_is_left_out(config, report)
    steps: list[Step | Heading] = []
    stages: dict[str, Iterator[Step | Heading]] = {
        "passwd": plan_accounts(config, system, distribution),
        "storage": plan_files(config, system, online, report),
        "systemd": plan_units(config, system, distribution),
        "ignition": _plan_result(system, distribution, report),
    }
    for name, stage in stages.items():
        try:
            steps += stage
        except SystemFault as error:
            report.add(Severity.ERROR, messages.SYSTEM_FAULT, (name,), reason=error)
    return Plan(tuple(steps), report, config.kernel_arguments or KernelArguments())


def _plan_result(system: System, distribution: Distribution, report: Report) -> Iterator[Step]:
    """Plan the record of the run, and say it when there is one of an earlier run."""
    if distribution.result:
        if system.look(distribution.result) is not None:
            report.add(Severity.WARNING, messages.RAN_BEFORE, path=distribution.result)
        yield Step((), RESULT_TRAIL, WriteResult(distribution.result))


def _say_what_is_left_out(config: Config, report: Report) -> None:
    """A tree has no disks: what a config says of them waits for a machine."""
    for name in DISKS:
        if config.storage is not None and getattr(config.storage, name):
            report.add(Severity.WARNING, messages.NOT_IN_A_TREE, ("storage", name), what=f"storage.{name}")
