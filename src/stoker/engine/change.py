"""A change of a machine that runs: made in the steady reading, then confirmed or undone.

In goes a config; out comes an Outcome. Before each operation its inverse is on the disk, so the change can be undone
until it is confirmed, also when it was cut off at any point; and a change that fails is undone at once. One process
changes a machine at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stoker.engine import messages
from stoker.engine.distributions import Distribution
from stoker.engine.errors import EngineFault, Refused, entry_of
from stoker.engine.execution import Say, carry_out
from stoker.engine.journal import STEADY, begin_journal, find_journal
from stoker.engine.originals import PRIVATE
from stoker.engine.outcome import Outcome
from stoker.engine.steady import plan_steady
from stoker.fetch import Fetch
from stoker.report import Report, Severity
from stoker.schema.v3 import Config, KernelArguments
from stoker.system import System, SystemFault

STATE = "/var/lib/stoker"


def change(
    config: Config, system: System, distribution: Distribution, say: Say, fetch: Fetch | None = None, *, digest: str
) -> Outcome:
    """Make a machine what a config says, validated and merged; `digest` is the SHA-512 of it.

    What a change before this one had half done is put back first, which is said; one that is done has to be confirmed
    or undone. A plan without steps changes nothing, and there is nothing to confirm.
    """
    report = Report()
    try:
        with _alone(system):
            _recover(system, report)
            planned = plan_steady(config, system, distribution, fetch, digest=digest)
            if planned.report.has_errors or not planned.steps:
                outcome = carry_out(planned, system, say, fetch)
            else:
                journal = begin_journal(system, planned.operations(), config=digest, reading=STEADY)
                outcome = carry_out(planned, system, say, fetch, journal)
                if outcome.succeeded:
                    journal.finish()
                else:
                    say("steady: putting back what was changed")
                    outcome.report.extend(journal.undo())
    except (EngineFault, SystemFault) as error:
        report.extend([entry_of(error, ())])
        return Outcome([], report, config.kernel_arguments or KernelArguments(), [])
    outcome.report.entries[:0] = report.entries
    return outcome


def confirm(system: System) -> bool:
    """Let a change stand; whether there was one that is done. Raises `EngineFault` and `SystemFault`."""
    with _alone(system):
        journal = find_journal(system)
        if journal is None or journal.done is None:
            return False
        journal.drop()
        return True


def undo(system: System) -> Report | None:
    """Put back what was there before the last change, done or half-done; None when there is none.

    The report says what had to be left as it is. Raises `EngineFault` and `SystemFault`; then it can be begun again.
    """
    with _alone(system):
        journal = find_journal(system)
        return None if journal is None else journal.undo()


def _recover(system: System, report: Report) -> None:
    journal = find_journal(system)
    if journal is not None and journal.done is not None and journal.head.reading == STEADY:
        raise Refused(messages.UNCONFIRMED)
    if journal is not None:
        report.add(Severity.WARNING, messages.HALF_DONE)
        report.extend(journal.undo())


@contextmanager
def _alone(system: System) -> Iterator[None]:
    """Keep other processes from changing the machine meanwhile."""
    if system.look(STATE) is None:
        system.make_directory(STATE, PRIVATE)
    with system.lock(f"{STATE}/lock"):
        yield
