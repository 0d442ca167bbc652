"""Which lines gave a part of a config that was sent: configs go in as they are made, events with their lines come out.

A machine names a config by its digest and a part of it by a pointer. What the config was made of is kept for the last
ones that were sent, and after a restart it is found once more if it is still there; it is compiled again only when
somebody asks, and the origins of the last few are kept.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar
from urllib.parse import urlencode

from msgspec.structs import replace

from stoker.butane.explain import Explained
from stoker.ignition.versions import find_target
from stoker.machines import (
    Asker,
    Catalogue,
    Compile,
    Group,
    Machine,
    Validate,
    find_receipt,
    origins_of,
    place_event,
    render_config,
)
from stoker.machines.catalogue import Source
from stoker.machines.places import Origins
from stoker.machines.rendering import variables
from stoker.machines.versions import bring_to
from stoker.report import Event

MAX_MAKINGS: Final = 4096
MAX_ORIGINS: Final = 32
MAX_TEXT: Final = 2000

# What became of a document that a config is made of, whose file has that name.
Explain = Callable[[bytes, str], Explained]
Value = TypeVar("Value")


class Making(NamedTuple):
    """What a config was made of: a file by its key, for a group and what was asked with."""

    key: str
    source: Source
    group: Group
    asker: Asker


class Traces:
    """The last configs that were sent, by the digest of each; without `explain` nothing is known of their lines."""

    def __init__(self, explain: Explain | None = None) -> None:
        self.explain = explain
        self.makings: OrderedDict[str, Making] = OrderedDict()
        self.origins: OrderedDict[str, Origins] = OrderedDict()

    def keep(self, digest: str, making: Making) -> None:
        """Keep what a config was made of."""
        _keep(self.makings, digest, making, MAX_MAKINGS)

    def placed(self, event: Event, machine: Machine | None, find: Callable[[str, Machine], Making | None]) -> Event:
        """An event whose words name the line that it is about; `find` looks for what is not kept any more."""
        if machine is None or self.explain is None or not event.digest or not event.pointer:
            return event
        making = self.makings.get(event.digest) or find(event.digest, machine)
        if making is None:
            return event
        self.keep(event.digest, making)
        origins = self.origins.get(event.digest) or trace(making, self.explain)
        _keep(self.origins, event.digest, origins, MAX_ORIGINS)
        places = place_event(event, origins).places
        if not places:
            return event
        last = places[-1]  # of several that gave a part the last has the word
        file = making.key if last.file == making.source.item.file else last.file
        return replace(event, text=f"{event.text[:MAX_TEXT]} ({file}:{last.line})")


def trace(making: Making, explain: Explain) -> Origins:
    """The origins of a config, by making it again."""
    file = making.source.item.file
    if making.source.template is None:
        return origins_of(explain(making.source.item.data, file))
    rendered, _ = making.source.template.render(variables(making.group, making.asker))
    if rendered is None:
        return lambda _pointer: ()
    return origins_of(explain(rendered.data, file), rendered, file)


def find_making(
    catalogue: Catalogue, compile_config: Compile, validate: Validate, digest: str, machine: Machine
) -> Making | None:
    """What a config that a machine was sent is made of, if files and labels still make it."""
    receipt = find_receipt(machine.receipts, digest)
    source = catalogue.source(receipt.template) if receipt is not None else None
    if receipt is None or source is None or source.item.revision != receipt.revision:
        return None
    asker = Asker(machine.labels, urlencode(machine.labels))
    answer = render_config(catalogue, asker, compile_config, validate)
    entry = catalogue.groups.get(answer.group)
    if answer.body is None or entry is None or entry.document is None:
        return None
    body, _ = bring_to(answer.body, find_target(receipt.version) if receipt.version else None)
    is_same = body is not None and hashlib.sha512(body).hexdigest() == digest
    return Making(receipt.template, source, entry.document, asker) if is_same else None


def _keep(values: OrderedDict[str, Value], digest: str, value: Value, bound: int) -> None:
    values[digest] = value
    values.move_to_end(digest)
    while len(values) > bound:
        values.popitem(last=False)
