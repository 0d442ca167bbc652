"""Where each part of a compiled config came from.

While sugar is lowered, whatever moves things says so here; plain copies say nothing, since they keep their pointer but
for the spelling of names. `trace` answers: which parts of the Butane document gave this part of the config?
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from stoker.document.nodes import Document
from stoker.ignition.merge import CHILD, Transcript, trace
from stoker.report import Place, Pointer

_CAPITAL = re.compile(r"(MiB|[A-Z])")
# Sugar that stays in place: the name in the config, and the names in the document that may stand for it.
_IN_PLACE = {
    "source": ("inline", "local"),
    "compression": ("inline", "local"),
    "contents": ("contents_local",),
    "sshAuthorizedKeys": ("ssh_authorized_keys_local",),
}
# What no document has, and what says it there.
_SAID_ELSEWHERE: dict[Pointer, Pointer] = {("ignition",): ("version",), ("ignition", "version"): ("version",)}


@functools.cache
def snake(name: str) -> str:
    """Butane's spelling of an Ignition name: `homeDir` is `home_dir`."""
    return _CAPITAL.sub(r"_\1", name).lower()


def snake_pointer(pointer: Pointer) -> Pointer:
    """Butane's spelling of an Ignition pointer."""
    return tuple(snake(step) if isinstance(step, str) else step for step in pointer)


class Origin(NamedTuple):
    """A place in the document, and `more` where it was made from several.

    `whole`: what lies below in the config lies below the same place.
    """

    pointer: Pointer
    whole: bool = False
    more: tuple[Pointer, ...] = ()


class _Merged(NamedTuple):
    transcript: Transcript
    made: dict[Pointer, Origin]


class Origins:
    """The layers of lowering, first to last: parts made from somewhere, and merges with a generated parent."""

    __slots__ = ("layers",)

    def __init__(self) -> None:
        self.layers: list[dict[Pointer, Origin] | _Merged] = []

    def make(self, result: Pointer, source: Pointer, *more: Pointer, whole: bool = False) -> None:
        """Say that the part of the config at `result`, as it is now, was made from `source`, and from `more`."""
        if not self.layers or isinstance(self.layers[-1], _Merged):
            self.layers.append({})
        layer = self.layers[-1]
        if isinstance(layer, dict):
            layer[result] = Origin(source, whole, more)

    def merge(self, transcript: Transcript, made: dict[Pointer, Origin]) -> None:
        """Say that the config is now the merge of a generated parent (`made`) and the config so far."""
        self.layers.append(_Merged(transcript, made))

    @property
    def has_merged(self) -> bool:
        """Whether anything generated was put under the config."""
        return any(isinstance(layer, _Merged) for layer in self.layers)

    def trace(self, pointer: Pointer) -> list[Pointer]:
        """The pointers into the document that gave the part at `pointer`; what was generated comes first."""
        return self._trace(pointer, len(self.layers))

    def sources(self, pointer: Pointer, document: Document) -> list[tuple[Pointer, Place]]:
        """The parts of the document that gave the part at `pointer`, and where they stand."""
        settled = [settle(document, source) for source in self.trace(pointer)]
        # What is written although nobody said it (a required name, an empty object) is put down to what it is in.
        said = [source[: document.find(source)[1]] for source in settled]
        return [(source, document.place(source)) for source in said]

    def _trace(self, pointer: Pointer, count: int) -> list[Pointer]:
        for index in range(count - 1, -1, -1):
            layer = self.layers[index]
            if isinstance(layer, dict):
                found = _longest(layer, pointer)
                if found:
                    return found
                continue
            sources = trace(layer.transcript, pointer)
            if not sources:
                continue
            pointers: list[Pointer] = []
            for source in sources:
                if source.side == CHILD:
                    pointers += self._trace(source.pointer, index)
                else:
                    pointers += _longest(layer.made, source.pointer)
            return pointers
        return [snake_pointer(pointer)]


def _longest(made: dict[Pointer, Origin], pointer: Pointer) -> list[Pointer]:
    """What gave the part at `pointer`, or the nearest part above it of which that is known."""
    for length in range(len(pointer), -1, -1):
        origin = made.get(pointer[:length])
        if origin is not None:
            below = snake_pointer(pointer[length:]) if origin.whole else ()
            return [origin.pointer + below, *origin.more]
    return []


def settle(document: Document, pointer: Pointer) -> Pointer:
    """The pointer under which the document really has it: `source` may be written as `inline`.

    A part that the document does not have keeps its pointer.
    """
    if not pointer or document.has(pointer):
        return pointer
    for index in range(len(pointer) - 1, -1, -1):
        for other in _IN_PLACE.get(camel(pointer[index]), ()):
            candidate = (*pointer[:index], other)
            if document.has(candidate):
                return candidate
    return _SAID_ELSEWHERE.get(pointer, pointer)


def camel(step: str | int) -> str:
    """Ignition's spelling of a step, for looking it up."""
    return "sshAuthorizedKeys" if step == "ssh_authorized_keys" else str(step)
