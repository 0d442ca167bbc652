"""A stage that may be cut off and run again: in goes how to plan it, out comes its Outcome, as if nothing had happened.

The rules of first boot would refuse the second run: the files of the first are there, and what was appended would be
appended twice. So the stage keeps a journal of inverses. A run that finds the journal of one that was cut off first
puts back what that had changed, then plans and acts as the first one did; the journal goes when all is done. One that
finds that the last one had come to its end does nothing more. A run that *failed* leaves journal and tree: people look
at the tree, and the next run begins by the journal where this one began. A loss of power is a run cut off; what
it takes of the files when the run had just ended is lost, as with any first boot.
"""

from __future__ import annotations

from collections.abc import Callable

from stoker.engine import messages
from stoker.engine.errors import EngineFault, entry_of
from stoker.engine.execution import Say, carry_out
from stoker.engine.journal import FIRST_BOOT, Journal, begin_journal, find_journal
from stoker.engine.operations import Operation
from stoker.engine.outcome import Outcome
from stoker.engine.plan import Plan
from stoker.engine.record import Record, WriteRecord
from stoker.fetch import Embedded, Fetch
from stoker.report import Report, Severity
from stoker.schema.v3 import KernelArguments
from stoker.system import System, SystemFault


def carry_out_again(
    make_plan: Callable[[], Plan],
    system: System,
    say: Say,
    fetch: Fetch | None = None,
    *,
    config: str,
    make_record: Callable[[], Record] | None = None,
) -> Outcome:
    """Carry out a plan of first boot, whether or not a run before this one was cut off.

    `make_plan` is called once the machine is as it was before that, and so is `make_record` (`steady.record_to_come`),
    if the machine is to know later what was there before any config. `config` is the SHA-512 of the config.
    """
    report = Report()
    try:
        report.extend(put_back_half_done(system, say))
        if report.has_errors:
            return Outcome([], report, KernelArguments(), [])
        finished = _came_to_its_end(system, config)
        planned = make_plan()
        if finished:
            return Outcome([], report, planned.kernel_arguments, [])
        if planned.report.has_errors:
            outcome = carry_out(planned, system, say, fetch)
        else:
            records = [] if make_record is None else [WriteRecord(make_record())]
            journal = _begun(system, [*planned.operations(), *records], config, report, spares=not records)
            outcome = carry_out(planned, system, say, fetch, journal)
            if outcome.succeeded:
                for operation in records:
                    operation.perform(system, Embedded())
                if journal is not None:
                    journal.finish()
                    journal.remove()
    except (EngineFault, SystemFault) as error:
        report.extend([entry_of(error, ())])
        return Outcome([], report, KernelArguments(), [])
    outcome.report.entries[:0] = report.entries
    return outcome


def put_back_half_done(system: System, say: Say) -> Report:
    """Put back what a run of first boot has changed that was cut off; what there is to say of it.

    A journal that cannot be read, or followed, is an error of the report. Raises `SystemFault`.
    """
    report = Report()
    try:
        journal = find_journal(system)
        if journal is not None and journal.head.reading == FIRST_BOOT and journal.done is None:
            report.add(Severity.WARNING, messages.HALF_DONE)
            say(f"files: {messages.HALF_DONE.text} ({len(journal.lines)} paths)")
            report.extend(journal.undo())
    except EngineFault as error:
        report.extend([entry_of(error, ())])
    return report


def _begun(system: System, operations: list[Operation], config: str, report: Report, *, spares: bool) -> Journal | None:
    """The journal of a run; where none can be kept the boot goes on without, and that is said.

    A record tells of what is overwritten, too; so that a run after this one finds that, its journal `spares` nothing.
    """
    try:
        return begin_journal(system, operations, config=config, reading=FIRST_BOOT, spares=spares)
    except SystemFault as error:
        report.add(Severity.WARNING, messages.NO_JOURNAL, reason=error)
        return None


def _came_to_its_end(system: System, config: str) -> bool:
    """Whether a run with this same config was cut off when all but the last trace of its journal was done."""
    journal = find_journal(system)
    if journal is None or journal.head.reading != FIRST_BOOT:
        return False
    journal.remove()
    return journal.head.config == config
