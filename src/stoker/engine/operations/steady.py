"""Operations of the steady reading: a file of known bytes, a path put back, a unit enabled or disabled.

Unlike those of first boot they replace what is there, since whatever it is it can be put back; see `engine.steady`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from stoker.engine.before import NOTHING, Before, is_there, put_back
from stoker.engine.operations.files import PathOperation, holds
from stoker.engine.operations.operation import Altered, Touch, Undoable, quoted
from stoker.engine.originals import Originals, digest_of
from stoker.fetch import Fetch, Source
from stoker.system import System
from stoker.system.protocol import FILE
from stoker.system.unit_files import disable, enablements


class SetFile(PathOperation, frozen=True, kw_only=True):
    """Make a file of what was there before any config, if that counts, and then of each of the sources.

    `base` is the digest of what was there, empty for nothing; `originals` is the directory where its bytes are kept.
    Extended attributes of a file that is replaced stay.
    """

    sources: tuple[Source, ...]
    base: str = ""
    originals: str = ""
    mode: int

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"setting file {quoted(root + self.path)}"

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found = system.look(self.path)
        if found is None or found.kind != FILE or found.mode != self.mode or not self.has_owner(system, found):
            return False
        if len(self.sources) == 1 and not self.base:
            return holds(system, self.path, found.size, self.sources[0], fetch)
        if self.base and not Originals(system, self.originals).has(self.base):
            return False  # it is what the file holds now, and is kept when that is about to change
        digest = hashlib.sha256()
        self._pour(system, fetch, digest.update)
        return digest_of(system, self.path) == digest.hexdigest()

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        owner, found = self._ids(system), system.look(self.path)
        attributes = {} if found is None or found.kind != FILE else system.attributes(self.path)
        if found is not None and found.kind != FILE:
            system.remove_tree(self.path)
        pour = partial(self._pour, system, fetch)
        system.write_file(self.path, pour, mode=self.mode, owner=owner, replace=True)
        if attributes:
            system.set_attributes(self.path, attributes)

    def _pour(self, system: System, fetch: Fetch, write: Callable[[bytes], object]) -> None:
        if self.base:
            Originals(system, self.originals).pour(self.base, write)
        for source in self.sources:
            fetch.copy_to(source, write)


class PutBack(Undoable, frozen=True):
    """Make a path what it was before any config. A directory that was not there goes when it is empty, or `whole`."""

    path: str
    past: Before
    originals: str
    whole: bool = False

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"{'removing' if self.past.kind == NOTHING else 'putting back'} {quoted(root + self.path)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("path", self.path),)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return (Altered(self.path, self.whole),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return is_there(system, self.path, self.past)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        put_back(system, self.path, self.past, Originals(system, self.originals), whole=self.whole)


class EnableUnit(Undoable, frozen=True):
    """Enable a unit: make the links, each a path and its target, that its section [Install] asks for."""

    unit: str
    links: tuple[tuple[str, str], ...]

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"enabling unit {quoted(self.unit)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (*(Touch("path", path) for path, _ in self.links), Touch("unit", self.unit))

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return tuple(Altered(path) for path, _ in self.links)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return all(system.look(path) is not None for path, _ in self.links)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`. What has the name of a link already stays: it enables the unit, too."""
        for path, target in self.links:
            if system.look(path) is None:
                system.link(path, target)


class DisableUnit(Undoable, frozen=True):
    """Disable a unit: remove every link in the machine's configuration that enables it."""

    unit: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"disabling unit {quoted(self.unit)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (*(Touch("path", path) for path in enablements(system, self.unit)), Touch("unit", self.unit))

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return tuple(map(Altered, enablements(system, self.unit)))

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return not enablements(system, self.unit)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        disable(system, self.unit)
