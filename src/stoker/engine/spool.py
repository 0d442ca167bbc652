"""The spool of what happens in a boot: in go events, out come those that are still to be sent, and the time spent.

It is a directory that outlives the stages, which are processes of their own, but need not outlive the boot:

    events.jsonl     every event, one a line; it begins anew when it would grow too large
    pending.jsonl    those that are still to be sent
    boot             the id of the boot and the seconds spent in it
    failure.json     the record of the last failure; it stays until the stage that failed succeeds
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from stoker.report import Event
from stoker.system.replace import replace_file

LARGEST: Final = 16 << 20  # bytes of a file
FAILURE: Final = "failure.json"
MOST_PENDING: Final = 400  # events
PRIVATE: Final = 0o700
MODE: Final = 0o600


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """The record of a failure, for whoever comes to the machine: what failed and why, and what asked for it."""

    at: float
    boot: str
    stage: str
    operation: str
    reason: str
    digest: str = ""
    pointer: str = ""
    hint: str = ""
    log: tuple[str, ...] = ()


class Spent(msgspec.Struct, frozen=True):
    """The seconds that the stages of a boot have waited for a server."""

    boot: str
    seconds: float


class Spool:
    """A spool directory, made when missing. Its verbs raise OSError."""

    def __init__(self, directory: Path, *, largest: int = LARGEST) -> None:
        self._directory = directory
        self._largest = largest
        self.failure_file = directory / FAILURE

    def keep(self, events: Sequence[Event]) -> None:
        """Keep events for whoever looks at the machine."""
        self._add("events.jsonl", events)

    def queue(self, events: Sequence[Event]) -> None:
        """Add events to those that are still to be sent."""
        self._add("pending.jsonl", events)

    def pending(self) -> list[Event]:
        """The events that are still to be sent; the oldest are lost when they are too many."""
        try:
            with (self._directory / "pending.jsonl").open("rb") as file:
                lines = file.read(self._largest).split(b"\n")
        except FileNotFoundError:
            return []
        events = []
        for line in lines:
            try:
                events.append(msgspec.json.decode(line, type=Event))
            except msgspec.DecodeError:
                continue  # cut off, or what follows the last line
        return events[-MOST_PENDING:]

    def leave_pending(self, events: Sequence[Event]) -> None:
        """Leave these to be sent, and no others."""
        replace_file(str(self._directory / "pending.jsonl"), _lines(events), MODE)

    def keep_failure(self, failure: Failure) -> None:
        """Keep the record of a failure."""
        text = msgspec.json.format(msgspec.json.encode(failure), indent=2)
        replace_file(str(self.failure_file), text + b"\n", MODE)

    def forget_failure(self, stage: str) -> None:
        """A stage has succeeded: if the last failure was one of it, that is over."""
        try:
            if msgspec.json.decode(self.failure_file.read_bytes(), type=Failure).stage == stage:
                self.failure_file.unlink()
        except (FileNotFoundError, msgspec.DecodeError):
            return

    def spent(self, boot: str) -> float:
        """The seconds that have been spent in a boot."""
        try:
            spent = msgspec.json.decode((self._directory / "boot").read_bytes(), type=Spent)
        except (FileNotFoundError, msgspec.DecodeError):
            return 0.0
        return spent.seconds if spent.boot == boot else 0.0

    def note_spent(self, boot: str, seconds: float) -> None:
        """Note the seconds that have been spent in a boot."""
        replace_file(str(self._directory / "boot"), msgspec.json.encode(Spent(boot, round(seconds, 3))), MODE)

    def _add(self, name: str, events: Sequence[Event]) -> None:
        text, path = _lines(events)[: self._largest], self._directory / name
        self._directory.mkdir(PRIVATE, parents=True, exist_ok=True)
        is_full = path.exists() and path.stat().st_size + len(text) > self._largest
        with path.open("wb" if is_full else "ab") as file:
            path.chmod(MODE)
            file.write(text)


def _lines(events: Iterable[Event]) -> bytes:
    return b"".join(msgspec.json.encode(event) + b"\n" for event in events)
