"""The executor: in goes a Plan and a machine, out comes an Outcome; on the way, the lines of Ignition's log.

A first boot is all or nothing: a plan with errors is not begun, and the first operation that fails is the last.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from stoker.engine.errors import EngineFault, entry_of
from stoker.engine.journal import Journal
from stoker.engine.operations import Heading, Step
from stoker.engine.outcome import DONE, FAILED, NOT_REACHED, REFUSED, Outcome
from stoker.engine.plan import Plan, stage_of
from stoker.fetch import Embedded, Fetch, FetchFault
from stoker.report import Event, Level, Line, Report
from stoker.system import System, SystemFault

Say = Callable[[str], None]


def carry_out(
    plan: Plan, system: System, say: Say, fetch: Fetch | None = None, journal: Journal | None = None
) -> Outcome:
    """Carry out a plan.

    Whatever happens on the way ends in the Outcome; only what is no fault of machine or config is raised.

    `say` gets each line of the log: `TRAIL: op(N): [started]  TEXT` and then `[finished] TEXT` or
    `[failed]   TEXT: REASON`; N is in hexadecimal and counts from 1. Without `fetch` only contents that the config
    itself holds can be had. With a `journal`, the inverse of each operation is kept before it begins.
    """
    refused = [
        Event(system.now(), stage_of(entry.pointer), entry.message, REFUSED, pointer=entry.pointer)
        for entry in plan.report
        if entry.is_error
    ]
    outcome = Outcome(refused, Report(plan.report), plan.kernel_arguments, [])
    run = _Run(system, say, fetch or Embedded(), outcome, journal)
    for step in plan.steps:
        run.take(step, "")
    return outcome


class _Run:
    """One run: the count of its operations, and the outcome that grows."""

    def __init__(self, system: System, say: Say, fetch: Fetch, outcome: Outcome, journal: Journal | None) -> None:
        self._system = system
        self._say = say
        self._fetch = fetch
        self._outcome = outcome
        self._journal = journal
        self._number = 0
        self._stopped = outcome.report.has_errors
        self._began = False

    def take(self, step: Step | Heading, above: str) -> None:
        """Do a step, or a heading and its steps below it; after a failure, only record what is not reached."""
        if isinstance(step, Heading):
            self._take_heading(step)
        else:
            self._take_step(step, above or f"{step.trail}: ")

    def _take_heading(self, heading: Heading) -> None:
        if self._stopped:
            for step in heading.steps:
                self.take(step, "")
            return
        label = f"{heading.trail}: op({self._next():x}): "
        self._say_started(label, heading.text)
        for step in heading.steps:
            self.take(step, label)
        if self._outcome.report.has_errors:
            self._say_failed(label, heading.text, self._outcome.report.entries[-1].message)
        else:
            self._say(f"{label}[finished] {heading.text}")

    def _take_step(self, step: Step, above: str) -> None:
        operation = step.operation
        if self._stopped and not (step.is_cleanup and self._began):
            self._record(step, NOT_REACHED, 0.0)
            return
        self._began = True
        text = operation.describe(self._system.root)
        label = f"{above}op({self._next():x}): "
        self._say_started(label, text)
        began = time.perf_counter()
        try:
            if self._journal is not None:
                self._journal.keep([operation])
            operation.perform(self._system, self._fetch)
            self._outcome.touched.extend(operation.touch(self._system))
        except (EngineFault, FetchFault, SystemFault) as error:
            self._stopped = True
            self._say_failed(label, text, str(error))
            self._record(step, FAILED, time.perf_counter() - began)
            self._outcome.report.extend([entry_of(error, step.pointer)])
        else:
            self._say(f"{label}[finished] {text}")
            self._record(step, DONE, time.perf_counter() - began)

    def _say_started(self, label: str, text: str) -> None:
        self._say(Line(f"{label}[started]  {text}", label=label))

    def _say_failed(self, label: str, text: str, reason: str) -> None:
        self._say(Line(f"{label}[failed]   {text}: {reason}", Level.CRITICAL))

    def _record(self, step: Step, outcome: str, seconds: float) -> None:
        text = step.operation.describe()
        event = Event(self._system.now(), step.stage, text, outcome, pointer=step.pointer, milliseconds=seconds * 1000)
        self._outcome.events.append(event)

    def _next(self) -> int:
        self._number += 1
        return self._number
