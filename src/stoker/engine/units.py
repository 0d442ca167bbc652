"""The units of a config: in go units with drop-ins, out come steps: written, masked or unmasked, then the presets.

All instances of one template in one state share a line of the preset file (systemd.preset(5), since systemd 240).
"""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine.distributions import Distribution
from stoker.engine.messages import SYSTEM_FAULT, UNIT_ELSEWHERE
from stoker.engine.operations import Heading, Step, quoted
from stoker.engine.operations.units import MaskUnit, SetPreset, UnmaskUnit, WriteUnit, is_masked
from stoker.report import Pointer, Report, Severity
from stoker.schema.v3 import Config, Unit
from stoker.system import System, SystemFault

TRAIL = "files"


def plan_units(config: Config, system: System, distribution: Distribution, report: Report) -> Iterator[Step | Heading]:
    """Plan units, masks and presets. A name with a slash, which would lead elsewhere, is refused."""
    units = [] if config.systemd is None else config.systemd.units
    for index, unit in enumerate(units):
        check_names(unit, index, report)
        pointer = ("systemd", "units", index)
        path = f"{distribution.units}/{unit.name}"
        steps = tuple(_writes(unit, path, pointer))
        for step in steps:
            _check_place(step, system, report)
        if steps:
            yield Heading(pointer, TRAIL, f"processing unit {quoted(unit.name)}", steps)
        if unit.mask:
            yield Step(pointer, TRAIL, MaskUnit(path, unit.name))
        elif unit.mask is False and not unit.contents and is_masked(system, path):
            yield Step(pointer, TRAIL, UnmaskUnit(path, unit.name))
    yield from plan_presets(units, distribution)


def check_names(unit: Unit, index: int, report: Report) -> None:
    """Say it when the name of a unit or drop-in leads elsewhere."""
    for where, name in _names(unit):
        if "/" in name or name in {".", ".."}:
            report.add(Severity.ERROR, UNIT_ELSEWHERE, ("systemd", "units", index, *where), name=name)


def _check_place(step: Step, system: System, report: Report) -> None:
    """Say it when no file can be where a unit is to be, by its name for one."""
    try:
        for kind, name in step.operation.touch(system):
            if kind == "path":
                system.look(name)
    except SystemFault as error:
        report.add(Severity.ERROR, SYSTEM_FAULT, step.pointer, reason=error)


def _names(unit: Unit) -> Iterator[tuple[Pointer, str]]:
    yield ("name",), unit.name
    for index, dropin in enumerate(unit.dropins):
        yield ("dropins", index, "name"), dropin.name


def _writes(unit: Unit, path: str, pointer: Pointer) -> Iterator[Step]:
    """An empty drop-in is written (it hides one of the image), an empty unit is not."""
    for index, dropin in enumerate(unit.dropins):
        if dropin.contents is not None:
            write = WriteUnit(f"{path}.d/{dropin.name}", unit.name, dropin.contents, dropin.name)
            yield Step((*pointer, "dropins", index), TRAIL, write)
    if unit.contents:
        yield Step((*pointer, "contents"), TRAIL, WriteUnit(path, unit.name, unit.contents))


def plan_presets(units: list[Unit], distribution: Distribution) -> Iterator[Step]:
    """One step per line of the preset file, sorted by unit and state."""
    lines: dict[str, tuple[Pointer, str, bool, list[str]]] = {}
    for index, unit in enumerate(units):
        if unit.enabled is None:
            continue
        name, instance = template(unit.name)
        key = f"{name}-{'enabled' if unit.enabled else 'disabled'}"
        line = lines.setdefault(key, (("systemd", "units", index), name, unit.enabled, []))
        if instance is not None:
            line[3].append(instance)
    for _, (pointer, name, enabled, instances) in sorted(lines.items()):
        yield Step(pointer, TRAIL, SetPreset(distribution.preset, name, tuple(instances), enabled))


def template(name: str) -> tuple[str, str | None]:
    """The template and the instance in the name of a unit: `a@b.service` is `a@.service` and `b`."""
    head, at, tail = name.partition("@")
    if not at:
        return name, None
    instance, dot, suffix = tail.rpartition(".")
    return f"{head}@{dot}{suffix}", instance
