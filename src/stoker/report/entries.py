"""Findings: what is wrong or worth knowing, where, and how to mend it.

Functions that judge a document return `(result, Report)`; they do not raise for what a person wrote. A Report keeps
its entries in the order in which they were found.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator

import msgspec

from stoker.report.places import ROOT, Place, Pointer


class Severity(enum.StrEnum):
    """How bad it is: an error stops, a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Message(msgspec.Struct, frozen=True):
    """A row of a catalogue: a stable code, one sentence (with `{fields}`), and a hint where one is possible."""

    code: str
    text: str
    hint: str | None = None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding. `pointer` leads into what the person wrote where that is known, else into the data judged."""

    severity: Severity
    code: str
    message: str
    pointer: Pointer = ROOT
    place: Place | None = None
    hint: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether it stops what was asked for."""
        return self.severity is Severity.ERROR


class Report:
    """The findings of one run, in order."""

    __slots__ = ("entries",)

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = list(entries)

    def add(
        self,
        severity: Severity,
        message: Message,
        pointer: Pointer = ROOT,
        place: Place | None = None,
        **values: object,
    ) -> None:
        """Append a finding; `values` fill the fields of the message and of its hint."""
        text = message.text.format_map(values) if values else message.text
        hint = message.hint and (message.hint.format_map(values) if values else message.hint)
        self.entries.append(Entry(severity, message.code, text, pointer, place, hint))

    def extend(self, entries: Iterable[Entry]) -> None:
        """Append the findings of another report."""
        self.entries.extend(entries)

    @property
    def has_errors(self) -> bool:
        """Whether anything found stops what was asked for."""
        return any(entry.severity is Severity.ERROR for entry in self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)
