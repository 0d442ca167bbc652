"""The journal of inverses: in goes each operation before it acts, out comes the machine as it was before them all.

The inverse of an operation is what was at the paths that it alters. It is on the disk before the operation begins, in
one file of JSON lines beside the old bytes themselves:

    {"stoker": 1, "config": "SHA-512", "at": SECONDS, "reading": "steady"}
    ["/etc/motd", {"kind": "file", ...}, false]         a path, what was there, whether all below it belongs to it
    {"done": {"/etc/motd": {"kind": "file", ...}}}      everything is done, and what is there now
    "dropped"                                           confirmed: what is left of it means nothing

The first word on a path counts, so however often a path is changed the journal grows by one line. A last line that is
cut off belongs to an operation that never began. Undoing goes from the last line to the first and may itself be cut
off: it is begun again. One journal exists at a time; one that is not `done` tells of half-done work, and one that is
waits to be confirmed.

Two readings keep one. *Steady* keeps what is needed to undo. *First boot* is never undone for its own sake, but a run
that follows one that was cut off puts back what that had changed, and so begins where it had begun. It therefore
spares what is overwritten in any case, and never refuses because too much would have to be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.before import ABSENT, DEEPEST, NOTHING, UNKNOWN, Before, is_there, put_back, take
from stoker.engine.errors import EngineFault
from stoker.engine.operations import Altered, Operation, Undoable
from stoker.engine.originals import LIMIT, PRIVATE, Originals, digest_of
from stoker.engine.record import read_record
from stoker.report import Report, Severity
from stoker.system import System
from stoker.system.protocol import DIRECTORY, FILE

FIRST_BOOT: Final = "first boot"
STEADY: Final = "steady"

# What the names of journals begin with, by reading. One of a first boot lies beside what others put there and makes no
# directory: the last call of a run removes it, and with it the last trace.
PLACES: Final = {STEADY: ("/var/lib/stoker/",), FIRST_BOOT: ("/var/lib/.stoker-", "/.stoker-")}
LONGEST: Final = 256 << 20  # bytes of a journal

DONE: Final = "done"
DROPPED: Final = "dropped"


class Head(msgspec.Struct, frozen=True):
    """The first line: the digest of the config that is carried out, when that was begun, and in which reading."""

    stoker: int
    config: str
    at: float
    reading: str


class Line(msgspec.Struct, frozen=True, array_like=True):
    """What was at a path."""

    path: str
    past: Before
    whole: bool = False


class Journal:
    """The journal of a machine. Made by `begin_journal`, or found by `find_journal`."""

    def __init__(self, system: System, place: str, head: Head, *, limit: int = LIMIT, spares: bool = False) -> None:
        self.head = head
        self.path = f"{place}journal"
        self.originals = Originals(system, f"{place}originals", limit)
        self.lines: list[Line] = []
        # What is at each path once everything is done, as far as that is asked: who undoes it learns what is new.
        self.done: dict[str, Before] | None = None
        self._spares = spares
        self._system = system
        self._known: set[str] = set()
        self._present: set[str] = {"/"}
        self._absent: set[str] = set()
        self._whole: tuple[str, ...] = ()

    def keep(self, operations: Iterable[Operation]) -> None:
        """Keep the inverses of operations, which are on the disk when this returns. What is kept already costs nothing.

        Raises `EngineFault` where something cannot be kept, and then none of these operations may be performed.
        """
        lines = self.gather(operations)
        if lines:
            self._system.append_file(self.path, b"".join(map(_encoded, lines)), durable=True)

    def gather(self, operations: Iterable[Operation]) -> list[Line]:
        """The lines that operations need, as far as they are not there yet."""
        before = len(self.lines)
        for operation in operations:
            if isinstance(operation, Undoable):
                spares = self._spares and operation.is_repeatable
                for altered in operation.alters(self._system):
                    self._gather(altered, spares=spares)
        return self.lines[before:]

    def finish(self) -> None:
        """Note that everything is done; in the steady reading, once it would survive a loss of power."""
        self.done = {}
        if self.head.reading == STEADY:
            self._settle()
            digest = partial(digest_of, self._system)
            self.done = {line.path: take(self._system, line.path, digest) for line in self.lines}
        self._note({DONE: self.done})

    def drop(self) -> None:
        """Forget everything: the machine stays as it is."""
        self._note(DROPPED)
        self.remove()

    def remove(self) -> None:
        """Remove the journal, and last of all its file; what the record of an applied config refers to stays."""
        self.originals.keep_only(read_record(self._system).digests() if self.head.reading == STEADY else ())
        self._system.remove_tree(self.path)

    def undo(self) -> Report:
        """Put back what was there before, and forget everything; what had to be left as it is comes out.

        Raises `EngineFault` or `SystemFault` where the machine does not allow it. It may then be begun again.
        """
        report = Report()
        for line in self.lines:
            after = (self.done or {}).get(line.path)
            if after and not any(is_there(self._system, line.path, each) for each in (after, line.past)):
                report.add(Severity.WARNING, messages.CHANGED_SINCE, path=line.path)
        for line in reversed(self.lines):
            if not put_back(self._system, line.path, line.past, self.originals, whole=line.whole):
                message = messages.NOT_KEPT if line.past.kind == UNKNOWN else messages.NOT_EMPTY
                report.add(Severity.WARNING, message, path=line.path)
        self._settle()
        self.remove()
        return report

    def add(self, line: Line) -> None:
        """Add a line that is on the disk, or about to be."""
        self.lines.append(line)
        self._known.add(line.path)
        if line.past.kind == NOTHING:
            self._absent.add(line.path)
        if line.whole:
            self._whole += (f"{line.path.rstrip('/')}/",)

    def _gather(self, altered: Altered, *, spares: bool) -> None:
        path = self._system.resolve(altered.path)
        if path in self._known or (self._whole and path.startswith(self._whole)):
            return
        parent = path.rpartition("/")[0] or "/"
        if parent not in self._present and parent not in self._known:
            self._gather_parent(parent)
        past = ABSENT if parent in self._absent else self._take(path, whole=altered.whole, spares=spares)
        self._known.add(path)
        if past is not None:
            self.add(Line(path, past, altered.whole and (past.kind == NOTHING or past.below is not None)))

    def _gather_parent(self, path: str) -> None:
        if self._system.look(path) is None:
            self._gather(Altered(path), spares=False)
        else:
            self._present.add(path)

    def _take(self, path: str, *, whole: bool, spares: bool) -> Before | None:
        """What is at a path; None where it does not matter. A link always does: other paths may lead through it."""
        found = self._system.look(path)
        if found is None:
            return ABSENT
        if spares and found.kind in {FILE, DIRECTORY}:
            return None
        try:
            past = take(self._system, path, self.originals.keep, whole=whole and found.kind == DIRECTORY)
            _encoded(Line(path, past))
        except EngineFault:
            if self.head.reading == FIRST_BOOT:
                return Before(UNKNOWN)
            raise
        return past

    def _settle(self) -> None:
        """Have all that was changed on the disk: files, and the directories that hold them."""
        changed = {line.path.rpartition("/")[0] or "/" for line in self.lines}
        for line in self.lines:
            changed |= set(_below(self._system, line.path)) if line.whole else {line.path}
        for path in sorted(changed):
            self._system.settle(path)

    def _note(self, words: object) -> None:
        self._system.append_file(self.path, msgspec.json.encode(words) + b"\n", durable=True)


def begin_journal(
    system: System, operations: Iterable[Operation], *, config: str, reading: str, spares: bool = False
) -> Journal:
    """Begin the journal of a run with the inverses of its operations, as far as they can be told; all in one write.

    `config` is the SHA-512 of the config. One that `spares` leaves out what repeatable operations overwrite. No other
    journal may be there: `find_journal` tells. Raises `EngineFault` and `SystemFault`.
    """
    place = next((each for each in PLACES[reading] if system.look(each.rpartition("/")[0] or "/")), PLACES[reading][0])
    if reading == STEADY and system.look(place.rstrip("/")) is None:
        system.make_directory(place.rstrip("/"), PRIVATE)
    journal = Journal(system, place, Head(1, config, system.now(), reading), spares=spares)
    text = b"".join([msgspec.json.encode(journal.head) + b"\n", *map(_encoded, journal.gather(operations))])
    _write(system, journal.path, text)
    return journal


def find_journal(system: System) -> Journal | None:
    """The journal that an earlier run has left. Raises `EngineFault` for one that cannot be read."""
    for place in (each for places in PLACES.values() for each in places):
        path = f"{place}journal"
        if system.look(path) is None:
            continue
        text = system.read(path, LONGEST)
        journal, is_dropped = _read(system, place, text)
        if not is_dropped:
            if not text.endswith(b"\n"):
                _write(system, path, text[: text.rfind(b"\n") + 1])  # what is added goes to a line of its own
            return journal
        journal.remove()
    return None


def _read(system: System, place: str, text: bytes) -> tuple[Journal, bool]:
    """The journal of that text, and whether it has been dropped."""
    head, *lines = text.split(b"\n")[:-1] or [b""]
    number = 1
    try:
        journal = Journal(system, place, msgspec.json.decode(head, type=Head))
        for line in lines:
            number += 1
            said = msgspec.json.decode(line, type=Line | dict[str, dict[str, Before]] | str)
            if isinstance(said, Line):
                journal.add(said)
            elif isinstance(said, dict):
                journal.done = said.get(DONE)
    except msgspec.DecodeError as error:
        raise EngineFault(messages.BROKEN_JOURNAL, path=f"{place}journal", line=number, reason=error) from error
    return journal, bool(lines) and lines[-1] == msgspec.json.encode(DROPPED)


def _write(system: System, path: str, text: bytes) -> None:
    """Write by pieces, since that is under another name until it is complete: there is a whole head, or no journal."""
    system.write_file(path, lambda write: write(text), mode=0o600, replace=True, durable=True)


def _below(system: System, path: str, depth: int = DEEPEST) -> Iterator[str]:
    """A path and all that is below it."""
    yield path
    found = system.look(path)
    if found is not None and found.kind == DIRECTORY and depth:
        for name in system.list(path):
            yield from _below(system, f"{path}/{name}", depth - 1)


def _encoded(line: Line) -> bytes:
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError as error:
        raise EngineFault(messages.ODD_NAME, path=line.path.encode(errors="replace").decode()) from error
