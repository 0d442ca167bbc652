"""The steady reading of units; see `engine.steady`.

Comes in: a config and what it is laid over. Goes out: the steps that are still to be done, which are units and drop-ins
written, masks, presets and the links that enable; and for what the config no longer names, those that put it back.
"""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine import messages
from stoker.engine.before import ABSENT, NOTHING, UNKNOWN
from stoker.engine.distributions import Distribution
from stoker.engine.ground import Ground
from stoker.engine.operations import Operation, Step
from stoker.engine.operations.steady import DisableUnit, EnableUnit
from stoker.engine.operations.units import MASK, MaskUnit, SetPreset, UnmaskUnit, WriteUnit, is_masked
from stoker.engine.steady_files import plan_file
from stoker.engine.units import check_names, plan_presets
from stoker.fetch import Source
from stoker.report import Pointer, Severity
from stoker.schema import dataurls
from stoker.schema.v3 import Config, Unit
from stoker.system import System
from stoker.system.protocol import FILE, LINK
from stoker.system.unit_files import enablements, enabling_links, is_enabled, unit_file

TRAIL = "steady: units"
DROPPED = "steady: dropped"


def plan_steady_units(config: Config, ground: Ground, distribution: Distribution) -> Iterator[Step]:
    """Plan units, masks, presets and what is enabled."""
    units = [] if config.systemd is None else config.systemd.units
    for index, unit in enumerate(units):
        check_names(unit, index, ground.report)
        pointer = ("systemd", "units", index)
        for place, operation in _writes(unit, f"{distribution.units}/{unit.name}", pointer, ground):
            yield Step(place, TRAIL, operation)
    yield from _presets(units, ground, distribution)
    for index, unit in enumerate(units):
        if unit.enabled is not None:
            yield from _enabled(unit, ("systemd", "units", index), ground, distribution)


def plan_dropped_units(ground: Ground) -> Iterator[Step]:
    """Plan the enabling of units of which the config no longer says anything."""
    for name, was_enabled in ground.record.units.items():
        if name in ground.units:
            continue
        if not was_enabled and enablements(ground.system, name):
            yield Step((), DROPPED, DisableUnit(name))
        elif was_enabled and not is_enabled(ground.system, name):
            links = _links(name, unit_file(ground.system, name))
            if links:
                yield Step((), DROPPED, EnableUnit(name, links))


def _writes(unit: Unit, path: str, pointer: Pointer, ground: Ground) -> Iterator[tuple[Pointer, Operation]]:
    """What is written for a unit. An empty drop-in is written (it hides one of the image), an empty unit is not."""
    for index, dropin in enumerate(unit.dropins):
        if dropin.contents is not None:
            write = WriteUnit(f"{path}.d/{dropin.name}", unit.name, dropin.contents, dropin.name)
            yield from _set(write, write.path, (*pointer, "dropins", index), ground)
    if unit.mask:
        yield from _set(MaskUnit(path, unit.name), path, pointer, ground)
    elif unit.contents:
        yield from _set(WriteUnit(path, unit.name, unit.contents), path, (*pointer, "contents"), ground)
    elif unit.mask is False and _was_masked(path, ground):
        yield from _set(UnmaskUnit(path, unit.name), path, pointer, ground)


def _was_masked(path: str, ground: Ground) -> bool:
    """Whether a unit is masked where no config says anything of it."""
    past = ground.record.places.get(ground.system.resolve(path))
    return is_masked(ground.system, path) if past is None else (past.kind, past.target) == (LINK, MASK)


def _set(operation: Operation, path: str, pointer: Pointer, ground: Ground) -> Iterator[tuple[Pointer, Operation]]:
    """Units replace what is there, whoever wrote it."""
    path = ground.system.resolve(path)
    if ground.is_in_the_way(path, FILE, pointer):
        return
    done = bool(ground.is_done(operation, pointer))
    past = ground.past(path, replaced=not done)
    if ground.take_over(path, past, is_done=done, refusal=None, pointer=pointer) and not done:
        yield pointer, operation


def _presets(units: list[Unit], ground: Ground, distribution: Distribution) -> Iterator[Step]:
    """The preset file, with the lines of first boot: a unit that is not enabled and has none needs none to stay so."""
    path = ground.system.resolve(distribution.preset)
    text = ground.system.read(path).decode(errors="replace") if ground.system.look(path) else ""
    lines = []
    for step in plan_presets(units, distribution):
        if isinstance(step.operation, SetPreset):
            line = step.operation.line(step.operation.instances)
            if step.operation.enabled or line in text or _any_enabled(step.operation, ground.system):
                lines.append(line)
    if lines:
        source = Source(f"data:,{dataurls.percent_encode(''.join(lines).encode())}")
        for operation in plan_file(path, ("systemd", "units"), (source,), ground, owner=None, mode=None):
            yield Step(("systemd", "units"), TRAIL, operation)


def _any_enabled(preset: SetPreset, system: System) -> bool:
    return any(is_enabled(system, name) for name in preset.names())


def _enabled(unit: Unit, pointer: Pointer, ground: Ground, distribution: Distribution) -> Iterator[Step]:
    """Make a unit enabled or disabled by its links; a masked one is neither."""
    system, name = ground.system, unit.name
    path = f"{distribution.units}/{name}"
    place = ground.places.get(system.resolve(path))
    is_ours = place is not None and place.kind in {NOTHING, UNKNOWN}
    enabled = is_enabled(system, name)
    ground.units[name] = ground.record.units.get(name, enabled and not is_ours)
    if not unit.enabled:
        if enablements(system, name):
            yield Step((*pointer, "enabled"), TRAIL, DisableUnit(name))
        return
    for link in enablements(system, name):
        if ground.is_known(link):
            ground.note(link, ABSENT)
    if not enabled and not unit.mask:
        text = (path, unit.contents) if unit.contents else unit_file(system, name)
        links = _links(name, text)
        for link, _ in links:
            ground.note(system.resolve(link), ABSENT)
        if links:
            yield Step((*pointer, "enabled"), TRAIL, EnableUnit(name, links))
        elif text is None:
            ground.report.add(Severity.WARNING, messages.NO_SUCH_UNIT, pointer, name=name)


def _links(name: str, found: tuple[str, str] | None) -> tuple[tuple[str, str], ...]:
    return () if found is None else tuple(enabling_links(name, *found))
