"""The operation on the kernel's arguments: a helper of the distribution changes them, and boots anew if it has to."""

from __future__ import annotations

import msgspec

from stoker.engine import messages
from stoker.engine.errors import Refused
from stoker.engine.operations.operation import Touch
from stoker.fetch import Fetch
from stoker.system import CommandFault, System
from stoker.system.errors import MISSING

HELPER = "ignition-kargs-helper"
LONG = 3600.0  # seconds; the helper may end by a reboot


class ChangeKernelArguments(msgspec.Struct, frozen=True):
    """Have arguments on the kernel command line of every later boot, and others not."""

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return "updating kernel arguments"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return ()

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`: only the helper knows."""
        return False

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        options = [word for argument in self.wanted for word in ("--should-exist", argument)]
        options += [word for argument in self.unwanted for word in ("--should-not-exist", argument)]
        try:
            system.run([HELPER, *options], b"", LONG)
        except CommandFault as fault:
            if fault.status == MISSING:
                raise Refused(messages.NO_KARGS_HELPER, reason=fault, name=HELPER) from fault
            raise
