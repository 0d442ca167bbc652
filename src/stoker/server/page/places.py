"""Places in the files of the server, as links: a file and a line go in, what to write and where it leads come out.

People see `ignition/web.bu:12`, not where the server keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import quote

from stoker.machines import Catalogue
from stoker.report import Entry, Place

FOLDERS: Final = {"groups": "groups", "profiles": "profiles"}
LONGEST: Final = 200


class Named(NamedTuple):
    """What to call a place, and the address of what is there, empty where the page does not show it."""

    name: str
    address: str = ""


class Finding(NamedTuple):
    """A finding as it is shown."""

    severity: str
    message: str
    hint: str
    place: Named | None


def quoted(name: str) -> str:
    """A name as a part of an address, also where it is no text: names of files need not be."""
    try:
        return quote(name, errors="surrogateescape")
    except UnicodeEncodeError:  # JSON can say what no file can be called
        return quote(name, errors="replace")


def name_key(catalogue: Catalogue, key: str) -> Named:
    """A file by its key, such as `groups/web.json` or `ignition/web.bu`."""
    folder, _, rest = key.partition("/")
    if folder in FOLDERS:
        return Named(key, f"/ui/{folder}/{quoted(rest.removesuffix('.json'))}")
    return Named(key, f"/ui/templates/{quoted(key)}") if key in catalogue.sources else Named(key)


def name_file(catalogue: Catalogue, file: str) -> Named:
    """A file by its name, which ends in its key; any other is called by its last part."""
    parts = file.split("/")
    for depth in range(2, min(len(parts), 8) + 1):
        key = "/".join(parts[-depth:])
        folder, _, rest = key.partition("/")
        if _item(catalogue, folder, rest, key) == file:
            return name_key(catalogue, key)
    return Named(parts[-1][:LONGEST])


def _item(catalogue: Catalogue, folder: str, rest: str, key: str) -> str:
    """The file of a key; empty where there is none."""
    name = rest.removesuffix(".json")
    if folder == "groups":
        return catalogue.groups[name].item.file if name in catalogue.groups else ""
    if folder == "profiles":
        return catalogue.profiles[name].item.file if name in catalogue.profiles else ""
    return catalogue.sources[key].item.file if key in catalogue.sources else ""


def name_place(catalogue: Catalogue, place: Place) -> Named:
    """A line of a file."""
    named = name_file(catalogue, place.file)
    return Named(f"{named.name}:{place.line}", f"{named.address}#L{place.line}" if named.address else "")


def name_findings(catalogue: Catalogue, entries: Iterable[Entry]) -> list[Finding]:
    """Findings with the names of their places."""
    return [
        Finding(
            entry.severity,
            entry.message,
            entry.hint or "",
            name_place(catalogue, entry.place) if entry.place is not None else None,
        )
        for entry in entries
    ]
