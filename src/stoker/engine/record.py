"""The record of the config that a machine has: what was there before any config, for all that it names.

It is what the steady reading stands on: a config is laid over what the record tells of, and what an earlier config
named and a new one does not becomes again what the record says it was. Comes in: a machine. Goes out: its Record.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.before import Before
from stoker.engine.errors import EngineFault
from stoker.engine.operations import Altered, Touch, Undoable, quoted
from stoker.fetch import Fetch
from stoker.system import System, UserFields

RECORD: Final = "/var/lib/stoker/applied.json"
LONGEST: Final = 64 << 20  # bytes of a record


class UserRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A user that a config names: as it was, None when it was not there; and the fields that the config says."""

    before: UserFields | None = None
    said: tuple[str, ...] = ()


class GroupRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group that a config names: the id it had, None when it was not there."""

    before: int | None = None


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a machine was like before any config: by path, by user, by group; by unit, whether it was enabled.

    `config` is the SHA-512 of the config that it has now.
    """

    config: str = ""
    places: dict[str, Before] = {}
    users: dict[str, UserRecord] = {}
    groups: dict[str, GroupRecord] = {}
    units: dict[str, bool] = {}

    def digests(self) -> set[str]:
        """The digests of all the old bytes that it refers to."""
        return set[str]().union(*(past.digests() for past in self.places.values()))


class WriteRecord(Undoable, frozen=True):
    """Write the record."""

    record: Record

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"writing file {quoted(root + RECORD)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("path", RECORD),)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return (Altered(RECORD),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return read_record(system) == self.record

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        text = msgspec.json.encode(self.record, order="sorted") + b"\n"
        system.write_file(RECORD, lambda write: write(text), mode=0o600, replace=True, durable=True)


def read_record(system: System) -> Record:
    """The record of a machine, an empty one where there is none. Raises `EngineFault` for one that cannot be read."""
    if system.look(RECORD) is None:
        return Record()
    try:
        return msgspec.json.decode(system.read(RECORD, LONGEST), type=Record)
    except msgspec.DecodeError as error:
        raise EngineFault(messages.BROKEN_RECORD, path=RECORD, reason=error) from error
