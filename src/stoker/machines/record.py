"""The record of one machine, as it is kept: one frozen value that encodes to JSON, one key of a store.

Nothing here changes a record: `fold.py` makes the next one of it. Times are in seconds since 1970.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.machines.inventory import Inventory
from stoker.machines.receipts import Receipt
from stoker.machines.states import State
from stoker.machines.tokens import LABEL as TOKEN_LABEL
from stoker.machines.tokens import Token
from stoker.report import ROOT, Pointer

MAX_LABELS: Final = 32
MAX_LABEL: Final = 256  # characters of a name or a value
MAX_RECEIPTS: Final = 16
MAX_ADDRESSES: Final = 32


class Armed(msgspec.Struct, frozen=True, omit_defaults=True):
    """That a person wants one install: when and who, and whether the machine has been given its script since.

    It lasts until that install is done, or has failed for good.
    """

    at: float
    by: str = ""
    is_used: bool = False


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last thing that failed: the stage, the words, and the part of the config that asked for it."""

    at: float
    stage: str
    text: str
    digest: str = ""
    pointer: Pointer = ROOT


class Machine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one machine.

    `name` is its UUID or else its boot address, `macs` all its addresses, that one first. `shared_uuid` is a UUID that
    it gives and another machine gives too, so that it stands for neither. `labels` are those it last asked with.
    `since` is when it came into its state, `reason` why it is quarantined, `refusal` why it was given no boot script
    when it asked last, such as a template that is held. `events` is how many events it has had: the ring that keeps the
    last of them counts on.
    """

    name: str
    first_seen: float
    last_seen: float
    uuid: str = ""
    shared_uuid: str = ""
    macs: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    inventory: Inventory | None = None
    state: State = State.DISCOVERED
    since: float = 0.0
    group: str = ""
    profile: str = ""
    armed: Armed | None = None
    failures: int = 0
    failure: Failure | None = None
    reason: str = ""
    refusal: str = ""
    receipts: tuple[Receipt, ...] = ()
    token: Token | None = None
    events: int = 0


def encode_machine(machine: Machine) -> bytes:
    """A record as JSON, the same bytes for the same record."""
    return msgspec.json.encode(machine, order="sorted")


def decode_machine(text: bytes) -> Machine:
    """A record from JSON; fields that it does not know are left out. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Machine)


def shorten(labels: dict[str, str]) -> dict[str, str]:
    """Labels as far as they are worth keeping; what a token is asked with is no label."""
    kept = [(key, value) for key, value in labels.items() if key != TOKEN_LABEL]
    return {key[:MAX_LABEL]: value[:MAX_LABEL] for key, value in kept[:MAX_LABELS]}
