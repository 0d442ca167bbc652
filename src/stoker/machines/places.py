"""Where the part of a config that an event is about was written: an event and origins go in, places come out.

A machine holds only JSON, and names a config by its digest and a part of it by a pointer. Whoever compiles that config
again knows the lines of the rendered document that gave the part, and of which lines of the template those are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from stoker.butane.explain import Explained
from stoker.report import Event, Place, Pointer
from stoker.templates.gotext import Rendered

# The origins of a config: a pointer into it, and the places in what people wrote that gave the part at it.
Origins = Callable[[Pointer], Sequence[Place]]


class Placed(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event and the places of what it is about, in the order in which they were merged: the last has the word."""

    event: Event
    places: tuple[Place, ...] = ()


def place_event(event: Event, origins: Origins | None) -> Placed:
    """An event with the places of the part of the config that it is about.

    `origins` are those of the config of the event's digest; None when nobody has them any more.
    """
    return Placed(event, tuple(origins(event.pointer)) if origins is not None and event.pointer else ())


def origins_of(compiled: Explained, rendered: Rendered | None = None, file: str = "") -> Origins:
    """The origins of a compiled document; with `rendered`, of the template whose text `file` is the document's."""

    def origins(pointer: Pointer) -> list[Place]:
        return list(dict.fromkeys(_in_template(place) for _, place in compiled.sources(pointer)))

    def _in_template(place: Place) -> Place:
        if rendered is None or place.file != file:
            return place
        return place._replace(line=rendered.template_line(place.line))

    return origins
