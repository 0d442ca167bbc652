"""What became of a plan: each operation with how it ended, why it stopped if it did, and the kernel arguments."""

from __future__ import annotations

import msgspec

from stoker.engine.operations import Touch
from stoker.report import Event, Report
from stoker.schema.v3 import KernelArguments

DONE = "done"
REFUSED = "refused"
FAILED = "failed"
NOT_REACHED = "not reached"


class Outcome(msgspec.Struct):
    """The end of a run.

    `events` has one entry per operation, in order; its `outcome` is `done`, `failed` or `not reached`. What was
    `refused` when it was planned comes first. `report` holds warnings and errors with what to do about them, each with
    the pointer to the part of the config that is to blame.
    """

    events: list[Event]
    report: Report
    kernel_arguments: KernelArguments
    touched: list[Touch]

    @property
    def succeeded(self) -> bool:
        """Whether everything was done."""
        return not self.report.has_errors
