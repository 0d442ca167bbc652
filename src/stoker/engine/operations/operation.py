"""What every operation can do, and how operations stand in a plan: with the part of the config they come from.

An operation decides nothing: whether it is wanted was settled when it was planned. It may still find that the machine
forbids it, and then raises `Refused`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import msgspec

from stoker.engine import messages
from stoker.engine.errors import Refused
from stoker.fetch import Fetch
from stoker.report import Pointer
from stoker.system import Accounts, System
from stoker.system.protocol import KEEP

HIGHEST_ID = (1 << 32) - 2  # 2**32 - 1 means "no change" to chown(2)


class Touch(NamedTuple):
    """Something that an operation touches: `kind` is path, user, group, unit, device or mount."""

    kind: str
    name: str


class Operation(Protocol):
    """One change of a machine."""

    def describe(self, root: str = "") -> str:
        """What it does, in Ignition's words; paths begin with `root`."""

    def touch(self, system: System) -> tuple[Touch, ...]:
        """What it touches, as far as the machine can tell yet (a user that is not there has no home)."""

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """Whether the machine is already as it would be afterwards. Raises what `perform` does."""

    def perform(self, system: System, fetch: Fetch) -> None:
        """Do it. Raises `EngineFault`, `stoker.fetch.FetchFault` or `stoker.system.SystemFault`."""


class Altered(NamedTuple):
    """A path that an operation may change, by its own name or, if `whole`, with all that is below it."""

    path: str
    whole: bool = False


class Undoable(msgspec.Struct, frozen=True):
    """An operation whose undoing is promised: its inverse is to put back what was at the paths that it alters.

    They are told before it is performed, and are all that a run of it may change, however early it is cut off.
    Directories on the way to them need not be named.
    """

    def alters(self, system: System) -> tuple[Altered, ...]:
        """The paths that it may change, as far as the machine can tell yet."""
        raise NotImplementedError

    @property
    def is_repeatable(self) -> bool:
        """Whether what was there does not matter: cut off and performed again, it ends the same."""
        return False


class Step(msgspec.Struct, frozen=True):
    """An operation in a plan, the part of the config it comes from, and where Ignition's log says it stands."""

    pointer: Pointer
    trail: str
    operation: Operation
    is_cleanup: bool = False  # done even when something before it failed

    @property
    def stage(self) -> str:
        """The stage of a first boot that it belongs to: the first word of the trail."""
        return self.trail.partition(":")[0]


class Heading(msgspec.Struct, frozen=True):
    """Steps that belong together under one line of the log."""

    pointer: Pointer
    trail: str
    text: str
    steps: tuple[Step, ...]


class Owner(msgspec.Struct, frozen=True):
    """Who shall own a file: ids, or names that are looked up on the machine when the time has come. None: as it is."""

    user: int | str | None = None
    group: int | str | None = None

    def ids(self, accounts: Accounts) -> tuple[int, int]:
        """The ids of user and group, `KEEP` where nothing is said. Raises `Refused` for an unknown name."""
        uid = gid = KEEP
        if isinstance(self.user, str):
            user = accounts.user(self.user)
            if user is None:
                raise Refused(messages.NO_SUCH_USER, name=self.user)
            uid = user.uid
        elif self.user is not None:
            uid = _checked(self.user)
        if isinstance(self.group, str):
            group = accounts.group(self.group)
            if group is None:
                raise Refused(messages.NO_SUCH_GROUP, name=self.group)
            gid = group.gid
        elif self.group is not None:
            gid = _checked(self.group)
        return uid, gid


def quoted(text: str) -> str:
    """Text in double quotes as Go's %q writes it: nothing in it can break a line of the log."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _checked(number: int) -> int:
    if not 0 <= number <= HIGHEST_ID:
        raise Refused(messages.BAD_ID, number=number)
    return number
