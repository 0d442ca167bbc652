"""Operations on systemd units: write, mask, enable by preset. Source: the Ignition specification, `systemd`."""

from __future__ import annotations

from stoker.engine.operations.operation import Altered, Touch, Undoable, quoted
from stoker.fetch import Fetch
from stoker.system import System
from stoker.system.protocol import FILE, LINK
from stoker.system.unit_files import disable, enablements, is_enabled

UNIT_MODE = 0o644
MASK = "/dev/null"


class WriteUnit(Undoable, frozen=True):
    """Write a unit, or a drop-in of it, over what is there."""

    path: str
    unit: str
    text: str
    dropin: str | None = None

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        what = f"unit {quoted(self.unit)}" if self.dropin is None else f"systemd drop-in {quoted(self.dropin)}"
        return f"writing {what} at {quoted(root + self.path)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("path", self.path), Touch("unit", self.unit))

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return (Altered(self.path, whole=True),)

    @property
    def is_repeatable(self) -> bool:
        """See `Undoable.is_repeatable`."""
        return True

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found = system.look(self.path)
        if found is None or found.kind != FILE or found.mode != UNIT_MODE:
            return False
        return system.read(self.path) == self.text.encode()

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.write_file(self.path, self.text.encode(), mode=UNIT_MODE, replace=True)


class MaskUnit(Undoable, frozen=True):
    """Make a unit impossible to start: a link to /dev/null in its place."""

    path: str
    unit: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"masking unit {quoted(self.unit)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("path", self.path), Touch("unit", self.unit))

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return (Altered(self.path, whole=True),)

    @property
    def is_repeatable(self) -> bool:
        """See `Undoable.is_repeatable`."""
        return True

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return is_masked(system, self.path)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.remove_tree(self.path)
        system.link(self.path, MASK)


class UnmaskUnit(MaskUnit, frozen=True):
    """Remove the link to /dev/null in a unit's place."""

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"unmasking unit {quoted(self.unit)}"

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return not is_masked(system, self.path)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        if is_masked(system, self.path):
            system.remove_tree(self.path)


class SetPreset(Undoable, frozen=True):
    """Add a line to the preset file. `instances` belong to the template `unit`; they stand on its line.

    A unit is only disabled where it is enabled: its links are removed, and the line keeps it from coming back.
    """

    path: str
    unit: str
    instances: tuple[str, ...]
    enabled: bool

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        state = "enabled" if self.enabled else "disabled"
        return f"setting preset to {state} for {quoted(' '.join((self.unit, *self.instances)))}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("path", self.path), *(Touch("unit", name) for name in self.names()))

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        links = () if self.enabled else (path for name in self.names() for path in enablements(system, name))
        return (Altered(self.path), *map(Altered, links))

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        lines = system.read(self.path).decode(errors="replace").split("\n") if system.look(self.path) else []
        return self.line(self.instances).strip() in lines

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        instances = self.instances
        if not self.enabled:
            names = self.names()
            enabled = [name for name in names if is_enabled(system, name)]
            if not enabled:
                return
            for name in enabled:
                disable(system, name)
            instances = tuple(names[name] for name in enabled if names[name])
        system.append_file(self.path, self.line(instances).encode())

    def names(self) -> dict[str, str]:
        """The units by their full names, each with its instance."""
        head, _, tail = self.unit.partition("@")
        return {f"{head}@{instance}{tail}": instance for instance in self.instances} or {self.unit: ""}

    def line(self, instances: tuple[str, ...]) -> str:
        """The line of the preset file for some of the instances (systemd.preset(5))."""
        return " ".join(("enable" if self.enabled else "disable", self.unit, *instances)) + "\n"


def is_masked(system: System, path: str) -> bool:
    """Whether the unit at the path is a link to /dev/null."""
    found = system.look(path)
    return found is not None and found.kind == LINK and system.read_link(path) == MASK
