"""What a config is laid over: in goes the record of a machine, out comes what was there before, and the record to come.

Whatever a plan asks for is noted for the next record. What no config has named yet is looked at.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.before import ABSENT, UNKNOWN, Before, take
from stoker.engine.errors import EngineFault
from stoker.engine.journal import PLACES, STEADY
from stoker.engine.operations import Operation
from stoker.engine.originals import digest_of
from stoker.engine.record import GroupRecord, Record, UserRecord
from stoker.fetch import Fetch, FetchFault
from stoker.report import Message, Pointer, Report, Severity
from stoker.system import System, SystemFault
from stoker.system.protocol import DIRECTORY, FILE, LINK

ORIGINALS: Final = f"{PLACES[STEADY][0]}originals"


class Ground:
    """A machine while a plan for it is made: its record, and what the next one will say."""

    def __init__(self, system: System, record: Record, fetch: Fetch, report: Report) -> None:
        self.system = system
        self.record = record
        self.fetch = fetch
        self.report = report
        self.places: dict[str, Before] = {}
        self.named: set[str] = set()  # of the places, those that are no mere directories on the way
        self.users: dict[str, UserRecord] = {}
        self.groups: dict[str, GroupRecord] = {}
        self.units: dict[str, bool] = {}

    def is_known(self, path: str) -> bool:
        """Whether an earlier config has named a path."""
        return path in self.record.places

    def past(self, path: str, *, replaced: bool) -> Before:
        """What was at a path before any config; its bytes only where they are about to go."""
        past = self.record.places.get(path)
        if past is None:
            return take(self.system, path, partial(digest_of, self.system) if replaced else _no_digest)
        if replaced and past.kind == FILE and not past.digest and self.system.look(path) is not None:
            return msgspec.structs.replace(past, digest=digest_of(self.system, path))
        return past

    def is_in_the_way(self, path: str, kind: str, pointer: Pointer) -> bool:
        """Whether a directory that holds what no config has put there stands where another kind is wanted; say it."""
        found = self.system.look(path)
        if found is None or found.kind != DIRECTORY or kind == DIRECTORY or self._is_all_ours(path):
            return False
        self.note(path, Before(UNKNOWN))  # a first boot may replace it
        self.report.add(Severity.ERROR, messages.FULL_DIRECTORY, pointer, path=path)
        return True

    def note(self, path: str, past: Before) -> None:
        """Note for the record what was at a path that the config names, and what was missing on the way to it."""
        self.places[path] = past
        self.named.add(path)
        is_new = not self.is_known(path)  # what is missing now was missing then, too
        parent = path.rpartition("/")[0]
        while parent and parent not in self.places:
            known = self.record.places.get(parent)
            if known == ABSENT or (known is None and is_new and self.system.look(parent) is None):
                self.places[parent] = ABSENT
            parent = parent.rpartition("/")[0]

    def take_over(self, path: str, past: Before, *, is_done: bool, refusal: Message | None, pointer: Pointer) -> bool:
        """Note a path that the config names. Whether it may be changed; where not, that is said.

        Where something is that no config has named, it has to be as it is wanted, or there is a `refusal`, unless that
        is None: then it may be overwritten.
        """
        if self.is_known(path) or past == ABSENT:
            self.note(path, past)
        elif is_done:
            self.note(path, Before(UNKNOWN))  # a first boot has written it, most likely, and left no record
        elif refusal is None:
            self.note(path, past)
        else:
            found = self.system.read_link(path) if past.kind == LINK else ""
            self.report.add(Severity.ERROR, refusal, pointer, path=path, found=found, target="another place")
            return False
        return True

    def is_done(self, operation: Operation, pointer: Pointer) -> bool | None:
        """Whether the machine is already as an operation would make it; None, which is said, where nobody can tell."""
        try:
            return operation.is_done(self.system, self.fetch)
        except EngineFault:
            return False  # a name that is still to be added, or that performing will complain about
        except FetchFault as error:
            self.report.add(Severity.ERROR, Message(error.code, "{reason}", error.hint), pointer, reason=error)
        except SystemFault as error:
            self.report.add(Severity.ERROR, messages.SYSTEM_FAULT, pointer, reason=error)
        return None

    def _is_all_ours(self, path: str) -> bool:
        """Whether earlier configs have put there all that is below a directory."""
        for name in self.system.list(path):
            child = f"{path}/{name}"
            found = self.system.look(child)
            if self.record.places.get(child) != ABSENT:
                return False
            if found is not None and found.kind == DIRECTORY and not self._is_all_ours(child):
                return False
        return True


def _no_digest(_path: str) -> str:
    return ""
