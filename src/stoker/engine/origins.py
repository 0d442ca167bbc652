"""Who gave a part of a merged config: in go the transcripts of its merges, out come a config's digest and a pointer.

A booting machine holds no text of what a person wrote, only JSON. Whoever holds the config of that digest, and knows
the lines it came from, turns the pointer into a place.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import NamedTuple

import msgspec

from stoker.ignition.merge import CHILD, Transcript, trace
from stoker.ignition.merge import Source as Giver
from stoker.report import Pointer, pointer_text


class Origin(NamedTuple):
    """A part of a config as it was fetched: the SHA-512 of its text, where it came from, the pointer into it."""

    digest: str
    name: str
    pointer: Pointer

    def __str__(self) -> str:
        return f"{pointer_text(self.pointer)} of {self.name} (SHA512 {self.digest[:16]}…)"


class Single(msgspec.Struct, frozen=True, tag=True):
    """One config, as it was fetched."""

    digest: str
    name: str

    def find(self, pointer: Pointer) -> Origin:
        """Who gave the part at a pointer."""
        return Origin(self.digest, self.name, pointer)


Row = tuple[list[str | int], list[tuple[str, list[str | int], bool]]]


class Laid(msgspec.Struct, frozen=True, dict=True):
    """A config that was merged over others, and the transcript of that."""

    child: Single | Joined
    rows: list[Row]

    @cached_property
    def transcript(self) -> Transcript:
        """The transcript as it was."""
        return {
            tuple(result): [Giver(side, tuple(place), whole) for side, place, whole in givers]
            for result, givers in self.rows
        }


class Joined(msgspec.Struct, frozen=True, tag=True):
    """A config and those that were merged over it, one after the other: a list, since a config may name a thousand."""

    first: Single
    rest: list[Laid]

    def find(self, pointer: Pointer) -> Origin:
        """Who gave the part at a pointer; of several, the one that had the last word."""
        for laid in reversed(self.rest):
            givers = trace(laid.transcript, pointer)
            if not givers:
                return laid.child.find(pointer)
            last = givers[-1]
            if last.side == CHILD:
                return laid.child.find(last.pointer)
            pointer = last.pointer
        return self.first.find(pointer)


Origins = Single | Joined


def joined(parent: Origins, child: Origins, transcript: Transcript) -> Joined:
    """The origins of what was merged of two."""
    rows: list[Row] = [
        (list(result), [(giver.side, list(giver.pointer), giver.whole) for giver in givers])
        for result, givers in transcript.items()
    ]
    first, rest = (parent.first, parent.rest) if isinstance(parent, Joined) else (parent, [])
    return Joined(first, [*rest, Laid(child, rows)])


def single(text: bytes, name: str) -> Single:
    """The origins of a config by its text."""
    return Single(hashlib.sha512(text).hexdigest(), name)


def encode_origins(origins: Origins) -> bytes:
    """Origins as JSON."""
    return msgspec.json.encode(origins)


def decode_origins(text: bytes) -> Origins | None:
    """Origins from JSON; None when they are none, since nothing but a message depends on them."""
    try:
        found: Origins = msgspec.json.decode(text, type=Single | Joined)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return found
