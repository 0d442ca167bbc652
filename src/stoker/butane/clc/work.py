"""What the steps of lowering share: the Ignition config as it grows, what was found, and where things came from."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from stoker.butane.origins import Origins
from stoker.report import Pointer
from stoker.schema import v2
from stoker.schema.clc import Config
from stoker.schema.decode import all_rows
from stoker.schema.objects import Object
from stoker.schema.rules import Say
from stoker.schema.specs import CLC

VERSION: Final = "2.3.0"

AnyObject = TypeVar("AnyObject", bound=Object)


class Work:
    """A document on its way to a config.

    `source` is what the person wrote, `config` what becomes of it; findings of `said` have pointers into the document.
    `files_dir` is where local files are (none: they are refused), `as_reference` lets them be outside of it.
    """

    __slots__ = ("as_reference", "config", "files_dir", "origins", "platform", "said", "source")

    def __init__(self, source: Config, platform: str, files_dir: str, *, as_reference: bool) -> None:
        self.source = source
        self.config = v2.Config(ignition=v2.Ignition(version=VERSION))
        self.platform = platform
        self.files_dir = files_dir
        self.as_reference = as_reference
        self.origins = Origins()
        self.said = Say(CLC)

    def add_unit(self, unit: v2.Unit, source: Pointer, *lines: Pointer) -> None:
        """Add a unit made from the section at `source`; `lines` are the parts of it that gave its drop-in."""
        here: Pointer = ("systemd", "units", len(self.config.systemd.units))
        self.config.systemd.units.append(unit)
        self.origins.make(here, source)
        if lines:
            self.origins.make((*here, "dropins", 0, "contents"), *lines)

    def add_file(self, file: v2.File, *lines: Pointer) -> None:
        """Add a file made from the parts of the document at `lines`."""
        here: Pointer = ("storage", "files", len(self.config.storage.files))
        self.config.storage.files.append(file)
        self.origins.make(here, *lines)


def dropin(unit: str, name: str, text: str, *, enable: bool = False, enabled: bool | None = None) -> v2.Unit:
    """A unit of the system that gets a drop-in."""
    return v2.Unit(name=unit, enable=enable, enabled=enabled, dropins=[v2.SystemdDropin(name=name, contents=text)])


def copied(thing: Object, cls: type[AnyObject]) -> AnyObject:
    """An object of another table that has all that has the same name in both; what only the other has is at its zero.

    Whatever has the same name in Container Linux Config and in Ignition 2.3 means the same.
    """
    values: dict[str, Any] = {}
    for row, _ in all_rows(cls):
        value = getattr(thing, row.name, None)
        if row.is_object and row.is_list:
            value = [copied(item, row.type) for item in value or ()]
        elif row.is_object and isinstance(value, Object):
            value = copied(value, row.type)
        elif row.is_list:
            value = list(value or ())
        elif value is None and row.required:
            value = row.type()
        if value is not None:
            values[row.name] = value
    return cls(**values)
