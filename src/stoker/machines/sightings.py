"""Sightings of machines: what a request said and what came of it goes in, the facts that it stands for come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from stoker.machines.boots import is_installed
from stoker.machines.facts import AnyFact, Booted, Seen, Sent, Told
from stoker.machines.identity import Identity
from stoker.report import Event

# The server's own events of answers, by their stage.
SCRIPTS: Final = frozenset({"ipxe", "grub"})
CONFIGS: Final = frozenset({"ignition", "cloud"})


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a machine was heard of: who it says it is, what happened, which rule it met."""

    identity: Identity
    events: tuple[Event, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    profile: str = ""


def facts_of(sighting: Sighting) -> Iterator[AnyFact]:
    """What a sighting says: of an answer that was given by a profile, that a script or a config was.

    Facts are kept as JSON, which holds only text: in labels and names, what is no text becomes `?`.
    """
    labels = {_text(name): _text(value) for name, value in sighting.labels.items()}
    yield Seen(labels, _text(sighting.group), _text(sighting.profile))
    for event in sighting.events:
        yield Told(event if event.text.isascii() else replace(event, text=_text(event.text)))
        if sighting.profile and event.outcome == "done":
            if event.stage in SCRIPTS:
                yield Booted()
            elif event.stage in CONFIGS:
                yield Sent(is_installed=is_installed(sighting.labels))


def _text(given: str) -> str:
    return given if given.isascii() else given.encode("utf-8", "replace").decode()
