"""The steady planner: in go a config and a machine that runs, out comes a Plan of what differs. Nothing is changed.

The steady reading has one rule: **the wanted state is what was there before any config, with the config laid over it.**
What was there is told by the record of the applied config (`engine.record`). From the rule follows all else:

- A file with contents is those bytes and then what is appended; 0644 and root's where the config is silent. A file
  that is only appended to is what was there and then the appends, however often that is planned. Of a file with
  neither, a directory or a link, mode and owner count where the config names them; else what was there does.
- What an earlier config named and this one does not becomes again what it was: removed, if it was not there. Of an
  account that an earlier config added the home directory stays; one that a config removed does not come back.
- `overwrite` matters once: whether a path that no config has named yet may be taken, when it is not yet as it is
  wanted. What is taken is kept in the record. A directory that holds anything but what configs put there never goes.
- A unit is enabled by its links, since presets speak only on a first boot; the preset file is a file with appends.
- A path that no config has named but that is as it is wanted already was most likely written by a first boot that
  left no record: it is taken as it is, and what was there before is not known.

Disks, file systems and volumes are for first boot alone. Links that lead to paths of the config are resolved when it is
planned, so to turn such a link elsewhere is refused: that takes two changes. So does making a file of a hard link.

Once a plan is carried out, a second one has no steps; so drift is a plan against the same config.
"""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine import messages
from stoker.engine.distributions import Distribution
from stoker.engine.files import nodes
from stoker.engine.ground import ORIGINALS, Ground
from stoker.engine.operations import Heading, Step
from stoker.engine.operations.steady import DisableUnit
from stoker.engine.originals import Originals
from stoker.engine.plan import Plan, refuse_references
from stoker.engine.record import Record, WriteRecord, read_record
from stoker.engine.steady_accounts import plan_steady_accounts
from stoker.engine.steady_files import plan_dropped_places, plan_steady_files
from stoker.engine.steady_units import plan_dropped_units, plan_steady_units
from stoker.fetch import Embedded, Fetch
from stoker.report import Report, Severity
from stoker.schema.v3 import Config, KernelArguments
from stoker.system import System
from stoker.system.protocol import LINK

TRAIL = "steady: record"


def plan_steady(
    config: Config, system: System, distribution: Distribution, fetch: Fetch | None = None, *, digest: str
) -> Plan:
    """Plan a config, validated and merged, for a machine that runs. `digest` is the SHA-512 of the config.

    Without `fetch` only contents that the config itself holds, or whose digest it tells, can be compared. Raises
    `EngineFault` when the record of the machine cannot be read, `SystemFault` when the machine cannot.
    """
    report = Report()
    old = _resolved(read_record(system), system)
    ground = Ground(system, old, fetch or Embedded(), report)
    files = list(plan_steady_files(config, ground))
    units = list(plan_steady_units(config, ground, distribution))
    accounts = list(plan_steady_accounts(config, ground, distribution))
    # What was enabled goes first: the directory of its links may then be empty, and go too.
    dropped = [step for step in units if isinstance(step.operation, DisableUnit)]
    dropped += plan_dropped_units(ground)
    links = {name for step in dropped for kind, name in step.operation.touch(system) if kind == "path"}
    units = [step for step in units if step not in dropped]
    dropped += plan_dropped_places(ground, links)
    _refuse_turns(config, ground, [*dropped, *files], report)
    refuse_references(config, report)
    steps: list[Step | Heading] = [*dropped, *accounts, *files, *units, *_record(ground, digest)]
    return Plan(tuple(steps), report, config.kernel_arguments or KernelArguments())


def record_to_come(config: Config, system: System, distribution: Distribution, *, digest: str) -> Record:
    """The record that a machine is to have of its first config, taken before that is carried out, old bytes kept.

    Raises `EngineFault` and `SystemFault`.
    """
    planned = plan_steady(config, system, distribution, digest=digest)
    records = [operation.record for operation in planned.operations() if isinstance(operation, WriteRecord)]
    record = records[0] if records else Record(digest)
    originals = Originals(system, ORIGINALS)
    for path, before in record.places.items():
        if before.digest:
            originals.keep(path)
    return record


def _refuse_turns(config: Config, ground: Ground, steps: list[Step], report: Report) -> None:
    """Say it when a link is about to change through which a path of the config leads."""
    changed = (name for step in steps for kind, name in step.operation.touch(ground.system) if kind == "path")
    looks = {name: ground.system.look(name) for name in changed}
    links = {name for name, look in looks.items() if look is not None and look.kind == LINK}
    for pointer, node in nodes(config):
        for link in links:
            if node.path.startswith(f"{link}/"):
                report.add(Severity.ERROR, messages.LINK_TURNS, pointer, path=node.path, link=link)


def _record(ground: Ground, digest: str) -> Iterator[Step]:
    """Plan the record of what is planned, where it says something new."""
    record = Record(digest, ground.places, ground.users, ground.groups, ground.units)
    if record != ground.record:
        yield Step((), TRAIL, WriteRecord(record))


def _resolved(record: Record, system: System) -> Record:
    """The record with its paths as they are now: what was a directory then may be reached through a link by now."""
    places = {system.resolve(path): past for path, past in record.places.items()}
    return Record(record.config, places, record.users, record.groups, record.units)
