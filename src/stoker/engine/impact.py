"""What each step of a plan means for who owns the machine: its class by the policy, and the data that are lost by it.

Comes in: steps of a plan, and the machine as it is. Goes out: each step with its Impact, the units that have to be
reloaded or restarted for it, and its losses by the labels that a person would name to allow them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from shlex import quote
from typing import NamedTuple

from stoker.engine import messages
from stoker.engine.errors import EngineFault
from stoker.engine.operations import Heading, Operation, Step
from stoker.engine.operations.accounts import RemoveUser
from stoker.engine.operations.files import KeepFile, PathOperation
from stoker.engine.operations.losses import Loss
from stoker.engine.operations.result import WriteResult
from stoker.engine.operations.units import MaskUnit, UnmaskUnit
from stoker.engine.plan import Plan
from stoker.engine.policy import Effect, Impact, effect_of_path, effect_of_unit
from stoker.fetch import Fetch, FetchFault
from stoker.report import Pointer, Report, Severity
from stoker.schema.v3 import Config
from stoker.system import System, SystemFault
from stoker.system.protocol import DIRECTORY

DISK_STAGES = {"disks"}
PASSING = {"mount", "umount"}  # what is only there while a machine is provisioned
STEADY = "steady"  # where a machine runs, units are enabled by their links: nothing waits for presets to be read
_NONE, _LIVE = Effect(Impact.NONE), Effect(Impact.LIVE)
_PATH = re.compile(r"/[\w./@+:~-]+")  # a path as it stands in a unit

Readers = Mapping[str, tuple[str, ...]]


class Judged(NamedTuple):
    """A step, its class, the units that are reloaded or restarted for it, and what is lost by it."""

    step: Step
    impact: Impact
    units: tuple[str, ...]
    losses: tuple[Loss, ...]


def judge(
    steps: Iterable[Step | Heading], system: System, fetch: Fetch, readers: Readers, *, is_fresh: bool = False
) -> Iterator[Judged]:
    """Judge the steps of a plan.

    `readers` are the units of the config by the paths that they name. A machine that `is_fresh` has nothing to lose.
    Nothing is fetched beyond what `fetch` gets: where it cannot be told whether a step is done, it counts as not done.
    """
    for step in flat(steps):
        losses = () if is_fresh else losses_of(step.operation, system)
        effect = _NONE if not losses and _is_done(step, system, fetch) else _effect(step, system, readers)
        yield Judged(step, Impact.DATA_LOSS if losses else effect.impact, effect.units, losses)


def refuse_losses(planned: Plan, system: System, allowed: Collection[str]) -> Plan:
    """A plan that is not begun where it would lose data that nobody has `allowed` to be: each is an error of it."""
    lost: dict[Loss, Pointer] = {}
    for step in flat(planned.steps):
        for loss in losses_of(step.operation, system):
            lost.setdefault(loss, step.pointer)
    for loss, pointer in lost.items():
        if not loss.is_allowed(allowed):
            planned.report.add(Severity.ERROR, messages.DATA_LOSS, pointer, what=loss, label=quote(loss.name))
    if not all(loss.is_allowed(allowed) for loss in lost):
        planned.report.extend(allowed_in_vain(allowed, [(loss.name, loss.labels) for loss in lost]))
    return planned


def allowed_in_vain(allowed: Collection[str], losses: Collection[tuple[str, Collection[str]]]) -> Report:
    """Labels that nothing has of what would be lost (name and labels): one that was mistyped allows nothing."""
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(name for name, _ in losses))
    report = Report()
    for label in sorted(set(allowed).difference(*(labels for _, labels in losses))):
        report.add(Severity.WARNING, messages.ALLOWED_IN_VAIN, label=label, names=names or "nothing")
    return report


def flat(steps: Iterable[Step | Heading]) -> Iterator[Step]:
    """The steps, those below headings among them."""
    for step in steps:
        if isinstance(step, Heading):
            yield from step.steps
        else:
            yield step


def losses_of(operation: Operation, system: System) -> tuple[Loss, ...]:
    """What an operation destroys that was not its to destroy: devices, homes of users, directories with all in them."""
    known: tuple[Loss, ...] = getattr(operation, "losses", ())
    if known:
        return known
    try:
        if isinstance(operation, RemoveUser):
            if operation.keep_home:
                return ()
            user = system.accounts.user(operation.name)
            found = system.look(user.home) if user else None
            if user is None or found is None or found.uid != user.uid:
                return ()  # userdel leaves what is not the user's own
            return _directory_loss(user.home, f"the home of user {user.name}", system)
        if isinstance(operation, MaskUnit) and not isinstance(operation, UnmaskUnit):
            return _directory_loss(operation.path, "the directory", system)
        overwrites = isinstance(operation, PathOperation) and not isinstance(operation, KeepFile)
        if overwrites and isinstance(operation, PathOperation) and operation.overwrite:
            return _directory_loss(operation.path, "the directory", system)
    except SystemFault:
        pass
    return ()


def _directory_loss(path: str, what: str, system: System) -> tuple[Loss, ...]:
    """The loss of a directory, unless it is not there or has nothing in it."""
    found = system.look(path)
    if found is None or found.kind != DIRECTORY or not system.list(path):
        return ()
    return (Loss(what, path),)


def _is_done(step: Step, system: System, fetch: Fetch) -> bool:
    try:
        return isinstance(step.operation, WriteResult) or step.operation.is_done(system, fetch)
    except (EngineFault, FetchFault, SystemFault):
        return False


def _effect(step: Step, system: System, readers: Readers) -> Effect:
    """What a step costs by the policy: by the units that it touches, or else by its paths."""
    if step.stage in PASSING:
        return _NONE
    if step.stage in DISK_STAGES:
        return Effect(Impact.REPROVISION)
    touched: dict[str, list[str]] = {}
    for kind, name in step.operation.touch(system):
        touched.setdefault(kind, []).append(name)
    if "unit" in touched:
        effects = [effect_of_unit(name) for name in touched["unit"]]
    elif "user" in touched or "group" in touched:
        effects = [_LIVE]
    else:
        effects = [effect_of_named(path, readers) for path in touched.get("path", ())]
    worst = max(effects, key=lambda effect: effect.impact.rank, default=_LIVE)
    if step.stage == STEADY and worst.impact is Impact.REPROVISION:
        return _LIVE
    return worst._replace(units=tuple(dict.fromkeys(unit for effect in effects for unit in effect.units)))


def effect_of_named(path: str, readers: Readers) -> Effect:
    """What a path costs: by the policy, or else by the units of the config that name it, since they will read it."""
    effect = effect_of_path(path)
    units = readers.get(path, ())
    if effect.impact is not Impact.LIVE or not units:
        return effect
    return max((effect_of_unit(name) for name in units), key=lambda one: one.impact.rank)._replace(units=units)


def readers_of(config: Config, system: System) -> Readers:
    """The units of a config by the paths that they name, as those resolve on the machine."""
    found: dict[str, dict[str, None]] = {}
    for unit in config.systemd.units if config.systemd else ():
        for text in (unit.contents or "", *(dropin.contents or "" for dropin in unit.dropins)):
            for path in _PATH.findall(text):
                found.setdefault(path, {})[unit.name] = None
    resolved: dict[str, dict[str, None]] = {}
    for path, units in found.items():
        with suppress(SystemFault):
            resolved.setdefault(system.resolve(path), {}).update(units)
    return {path: tuple(sorted(units)) for path, units in resolved.items()}
