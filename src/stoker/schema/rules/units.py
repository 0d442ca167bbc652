"""Rules for units and drop-ins. Source: Ignition's `types/unit.go` and `types/systemd.go`, systemd.unit(5)."""

from __future__ import annotations

import re
from typing import Final

from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.rules import Say, rule
from stoker.schema.unitfiles import UnitFileError, go_quote, has_install_option
from stoker.schema.v3 import Dropin, Systemd, Unit

SUFFIXES: Final = frozenset(
    {".service", ".socket", ".device", ".mount", ".automount", ".swap"}
    | {".target", ".path", ".timer", ".snapshot", ".slice", ".scope"}
)
_INSTANCE: Final = re.compile(r"(.+?)@(.+?)\.service")


def suffix(name: str) -> str:
    """The part of a file name from its last dot on."""
    base = name.rpartition("/")[2]
    dot = base.rfind(".")
    return base[dot:] if dot >= 0 else ""


def _has_install(contents: str | None) -> bool | None:
    """Whether there is an [Install] option; None when the text cannot be read."""
    try:
        return has_install_option(contents or "")
    except UnitFileError:
        return None


@rule(Systemd)
def templates_install(systemd: Systemd, at: Pointer, say: Say) -> None:
    """An enabled instance needs an [Install] section in its template."""
    instances = [
        (index, unit, found)
        for index, unit in enumerate(systemd.units)
        if unit.enabled and "@" in unit.name and (found := _INSTANCE.fullmatch(unit.name))
    ]
    if not instances:
        return
    names = {found[1] + "@.service" for _, _, found in instances}
    templates = {unit.name: unit.contents for unit in systemd.units if unit.name in names}
    without = {name for name, contents in templates.items() if contents and _has_install(contents) is False}
    for index, unit, found in instances:
        name = found[1] + "@.service"
        if name in without:
            here = (*at, "units", index, "contents")
            say.warn(m.NO_TEMPLATE_INSTALL, here, template=go_quote(name), name=go_quote(unit.name))


@rule(Unit)
def unit(unit: Unit, at: Pointer, say: Say) -> None:
    """A unit has a known suffix and a text that can be read; an enabled one says how it is enabled."""
    if suffix(unit.name) not in SUFFIXES:
        say.error(m.UNIT_SUFFIX, (*at, "name"))
    if not unit.contents:
        return
    try:
        has_install = has_install_option(unit.contents)
    except UnitFileError as error:
        say.error(m.UNIT_CONTENT, (*at, "contents"), fault=error)
        return
    if unit.enabled and not has_install:
        say.warn(m.NO_INSTALL, (*at, "contents"), name=go_quote(unit.name))


@rule(Dropin)
def dropin(dropin: Dropin, at: Pointer, say: Say) -> None:
    """A drop-in ends in `.conf` and has a text that can be read."""
    if dropin.contents:
        try:
            has_install_option(dropin.contents)
        except UnitFileError as error:
            say.error(m.UNIT_CONTENT, (*at, "contents"), fault=error)
    if suffix(dropin.name) != ".conf":
        say.error(m.DROPIN_SUFFIX, (*at, "name"))
