"""Disks: sizes with units become whole MiB, words for types become GUIDs.

In goes the work with the document decoded; out come the disks of the result. Source: doc/configuration.md of the
project container-linux-config-transpiler; github.com/alecthomas/units for what a size is.
"""

from __future__ import annotations

import re
from typing import Final

from stoker.butane.clc.work import Work
from stoker.report import Message, Pointer
from stoker.schema import clc_messages as m
from stoker.schema import v2
from stoker.schema.clc import PARTITION_TYPES, Disk, Partition
from stoker.schema.unitfiles import go_quote

_MEBIBYTE: Final = 1 << 20
_LETTERS: Final = "KMGTPE"
# Both spellings are powers of 1024; one size is in one spelling.
_SPELLINGS: Final = tuple(
    {"B": 1} | {letter + suffix: 1024**power for power, letter in enumerate(_LETTERS, 1)} for suffix in ("iB", "B")
)
_TERM: Final = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?(?P<unit>[^0-9.]*)")
_DIGITS: Final = 18  # what surely fits in 64 bits; more are refused
_LIMIT: Final = 2.0**63


class SizeError(ValueError):
    """A size that cannot be read; carries the message and its values."""

    def __init__(self, message: Message, **values: object) -> None:
        super().__init__(message.text)
        self.message = message
        self.values = values


def lower_disks(work: Work) -> None:
    """Lower all disks."""
    for index, disk in enumerate(work.source.storage.disks):
        work.config.storage.disks.append(_lower_disk(work, disk, ("storage", "disks", index)))


def _lower_disk(work: Work, disk: Disk, at: Pointer) -> v2.Disk:
    made = v2.Disk(device=disk.device, wipe_table=disk.wipe_table)
    for index, partition in enumerate(disk.partitions):
        lowered = _lower_partition(work, partition, (*at, "partitions", index))
        if lowered is not None:
            made.partitions.append(lowered)
    return made


def _lower_partition(work: Work, partition: Partition, at: Pointer) -> v2.Partition | None:
    made = v2.Partition(
        label=partition.label,
        number=partition.number,
        guid=partition.guid,
        type_guid=PARTITION_TYPES.get(partition.type_guid, partition.type_guid),
    )
    for name, text in (("size", partition.size), ("start", partition.start)):
        try:
            setattr(made, f"{name}_mib", mebibytes(text))
        except SizeError as error:
            work.said.error(error.message, (*at, name), **error.values)
            return None
        work.origins.make((*at, f"{name}MiB"), (*at, name))
    return made


def mebibytes(text: str) -> int | None:
    """A size in whole MiB, None when it is not given. Raises SizeError."""
    if not text:
        return None
    size = parse_size(text)
    if size < 0:
        raise SizeError(m.SIZE_NEGATIVE, size=go_quote(text))
    if size % _MEBIBYTE:
        raise SizeError(m.SIZE_UNEVEN)
    return size // _MEBIBYTE


def parse_size(text: str) -> int:
    """A size in bytes: a sign, then numbers with units that are added up, or a bare 0. Raises SizeError."""
    try:
        return _sum(text, _SPELLINGS[0])
    except SizeError:
        return _sum(text, _SPELLINGS[1])


def _sum(text: str, units: dict[str, int]) -> int:
    rest = text[1:] if text.startswith(("-", "+")) else text
    if rest == "0":
        return 0
    total, position = 0.0, 0
    while position < len(rest) or not rest:
        term = _TERM.match(rest, position)
        if term is None or not (term["whole"] or term["part"]):
            raise SizeError(m.SIZE_INVALID, size=text)
        if term["unit"] not in units:
            raise SizeError(m.SIZE_UNIT, unit=term["unit"], size=text)
        total += _value(term["whole"], term["part"] or "", text) * units[term["unit"]]
        position = term.end()
    if total >= _LIMIT:
        raise SizeError(m.SIZE_OVERFLOW)
    return -int(total) if text.startswith("-") else int(total)


def _value(whole: str, part: str, text: str) -> float:
    """The value of digits before and after a point, in floating point as the reference has it."""
    if max(len(whole), len(part)) > _DIGITS:
        raise SizeError(m.SIZE_INVALID, size=text)
    return int(whole or 0) + int(part or 0) / 10.0 ** len(part)
