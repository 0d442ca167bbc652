"""Who gave a part of a config: the lines of the document it comes from.

In goes what became of a Butane or Ignition document, and what a person asks about: a pointer, the path of a file, the
name of a unit or user, a kernel argument. Out come the contributors in the order of the document, its
fragments' before its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from stoker.document.nodes import Document
from stoker.ignition.parts import leaves, part_at
from stoker.report import Entry, Place, Pointer, Report
from stoker.schema.objects import Object


class Explained(Protocol):
    """What became of a document, in whichever language it is written."""

    report: Report

    @property
    def config(self) -> Object | None:
        """The config, when there is one."""
        ...

    @property
    def documents(self) -> list[Document]:
        """The documents that it was made of."""
        ...

    @property
    def texts(self) -> Mapping[str, bytes]:
        """The texts that places count in, by file."""
        ...

    def sources(self, result: Pointer) -> list[tuple[Pointer, Place]]:
        """The parts of the document that gave a part of the config, and where they stand."""
        ...


class Contribution(NamedTuple):
    """A part of the config, the part of the document that gave it, and where that stands."""

    result: Pointer
    source: Pointer
    place: Place


# How a list names its entries: list to the keys under which a person may ask for one.
_NAMES: dict[Pointer, tuple[str, ...]] = {
    ("storage", "files"): ("path",),
    ("storage", "directories"): ("path",),
    ("storage", "links"): ("path",),
    ("storage", "filesystems"): ("path", "device", "label"),
    ("storage", "disks"): ("device",),
    ("storage", "raid"): ("name",),
    ("storage", "luks"): ("name", "device"),
    ("systemd", "units"): ("name",),
    ("networkd", "units"): ("name",),
    ("passwd", "users"): ("name",),
    ("passwd", "groups"): ("name",),
    ("kernelArguments", "shouldExist"): (),
    ("kernelArguments", "shouldNotExist"): (),
}
# What makes a device of a name.
_DEVICES: dict[Pointer, str] = {("storage", "raid"): "/dev/md/", ("storage", "luks"): "/dev/mapper/"}
# Where the units of a section are written.
_UNITS = {"systemd": "/etc/systemd/system/", "networkd": "/etc/systemd/network/"}


def find(config: Object, asked: str) -> list[Pointer]:
    """The parts of a config that `asked` names, most often one.

    `$.storage.files.0` and `/storage/files/0` (RFC 6901) are pointers; anything else is the path, name, device or
    text of an entry. The path of a unit or drop-in is found too.
    """
    data = msgspec.to_builtins(config)
    if asked == "$":
        return [()]
    found = [pointer for pointer in (_dotted(asked), _slashed(asked)) if pointer and part_at(data, pointer) is not None]
    if found:
        return found[:1]
    return [*_entries(data, asked), *_unit_paths(data, asked)]


def contributions(done: Explained, config: Object, pointer: Pointer) -> list[Contribution]:
    """Every line of the document, or of its fragments, that gave the part at `pointer` or anything below it."""
    found: dict[tuple[str, Pointer], Contribution] = {}
    for result in leaves(part_at(msgspec.to_builtins(config), pointer), pointer):
        for source, place in done.sources(result):
            found.setdefault((place.file, source), Contribution(result, source, place))
    order = {document.file: index for index, document in enumerate(done.documents)}
    return sorted(found.values(), key=lambda one: (order[one.place.file], one.place))


def placed(entry: Entry, done: Explained) -> Entry:
    """A finding about the config, with the first line that asked for what it is about; about all of it has none."""
    for pointer, place in done.sources(entry.pointer) if entry.pointer else ():
        return msgspec.structs.replace(entry, pointer=pointer, place=place)
    return entry


def _dotted(asked: str) -> Pointer:
    if not asked.startswith("$"):
        return ()
    steps = asked[1:].replace("[", ".").replace("]", "").split(".")
    return tuple(int(step) if step.isdigit() else step for step in steps if step)


def _slashed(asked: str) -> Pointer:
    if not asked.startswith("/"):
        return ()
    steps = [step.replace("~1", "/").replace("~0", "~") for step in asked[1:].split("/")]
    return tuple(int(step) if step.isdigit() else step for step in steps)


def _entries(data: Any, asked: str) -> Iterator[Pointer]:
    for where, names in _NAMES.items():
        for index, entry in enumerate(part_at(data, where) or ()):
            makes = where in _DEVICES and asked == _DEVICES[where] + str(entry.get("name"))
            if makes or (entry == asked if not names else any(entry.get(name) == asked for name in names)):
                yield (*where, index)


def _unit_paths(data: Any, asked: str) -> Iterator[Pointer]:
    for section, directory in _UNITS.items():
        if not asked.startswith(directory):
            continue
        for index, unit in enumerate(part_at(data, (section, "units")) or ()):
            if asked == directory + unit["name"]:
                yield (section, "units", index)
            for number, dropin in enumerate(unit.get("dropins", ())):
                if asked == f"{directory}{unit['name']}.d/{dropin['name']}":
                    yield (section, "units", index, "dropins", number)
