"""What can stop the engine.

    EngineFault          an operation cannot be done
    ├── Refused          the rules of first boot forbid it
    ├── BadConfig        a config cannot be used: it is none, or those that it names lead nowhere
    ├── NeedsNetwork     what is asked for lies on the network, which is not there yet
    ├── BadState         what an earlier stage left cannot be read
    └── BadInventory     what shall be a captured machine is none

Faults of the machine itself are `stoker.system.SystemFault`; bytes that cannot be had are `stoker.fetch.FetchFault`.
"""

from __future__ import annotations

from stoker.engine import messages
from stoker.fetch import FetchFault
from stoker.report import Entry, Message, Pointer, Severity
from stoker.system import SystemFault


class EngineFault(Exception):
    """An operation cannot be done. Carries the catalogue's code and hint."""

    def __init__(self, message: Message, **values: object) -> None:
        super().__init__(message.text.format_map(values))
        self.code = message.code
        self.hint = message.hint and message.hint.format_map(values)


class Refused(EngineFault):
    """The rules of first boot forbid it."""


class BadConfig(EngineFault):
    """A config cannot be used."""


class NeedsNetwork(EngineFault):
    """What is asked for lies on the network, which is not there yet."""


class BadState(EngineFault):
    """What an earlier stage left cannot be read."""


class BadInventory(EngineFault):
    """What shall be a captured machine is none."""


def entry_of(error: EngineFault | FetchFault | SystemFault, pointer: Pointer) -> Entry:
    """The finding that a fault is."""
    if isinstance(error, SystemFault):
        return Entry(Severity.ERROR, messages.SYSTEM_FAULT.code, str(error), pointer)
    return Entry(Severity.ERROR, error.code, str(error), pointer, hint=error.hint)
