"""What a store holds at one moment: items by key, each with the revision of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Item:
    """One value: its key (`groups/node1.json`), its bytes, and where a person finds it."""

    key: str
    data: bytes
    revision: str
    file: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Items by key, sorted; equal revisions mean equal items."""

    items: Mapping[str, Item] = field(default_factory=lambda: MappingProxyType({}))
    revision: str = ""

    def under(self, folder: str) -> Iterator[tuple[str, Item]]:
        """Items directly in a folder, by the rest of the key."""
        start = folder + "/"
        for key, item in self.items.items():
            if key.startswith(start) and "/" not in key[len(start) :]:
                yield key[len(start) :], item


def digest(data: bytes) -> str:
    """The revision of some bytes."""
    return hashlib.sha256(data).hexdigest()


def take_snapshot(items: Mapping[str, Item]) -> Snapshot:
    """Make a snapshot of items."""
    ordered = dict(sorted(items.items()))
    total = hashlib.sha256()
    for key, item in ordered.items():
        total.update(f"{key}\0{item.revision}\n".encode("utf-8", "surrogateescape"))
    return Snapshot(MappingProxyType(ordered), total.hexdigest())
