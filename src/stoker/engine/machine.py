"""Provision a machine, disks and all: in goes a config, out comes an Outcome; every stage sees what the last one left.

What can be known to fail is refused before the first disk is touched. Then disks are prepared and mounted, and only
then the files are planned, since what is mounted decides about them; in the end everything is unmounted again, also
after a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack, closing, nullcontext
from functools import partial
from pathlib import Path

import msgspec

from stoker.engine.contents import digest_of_config
from stoker.engine.distributions import Distribution, lay_base
from stoker.engine.execution import Say, carry_out
from stoker.engine.filesystems import mounted_filesystems
from stoker.engine.impact import refuse_losses
from stoker.engine.operations import Step
from stoker.engine.outcome import Outcome
from stoker.engine.plan import STAGES, Plan, plan
from stoker.engine.provision import blank_tree, is_new_tree
from stoker.engine.resumption import carry_out_again, put_back_half_done
from stoker.fetch import Fetch
from stoker.report import Report
from stoker.schema.v3 import Config
from stoker.system import RealSystem, System

PATIENCE = 30.0  # seconds to wait for a device that is not there yet

Look = Callable[[Outcome, System], None]


def provision_machine(
    config: Config,
    root: Path,
    *,
    distribution: Distribution,
    say: Say,
    look: Look,
    fetch: Fetch | None = None,
    allowed: Collection[str] = (),
) -> Outcome:
    """Provision the machine that runs this, its disks mounted below `root`. Only root can do that.

    `config` is validated and merged. A root without accounts gets the distribution's base first. Without `fetch`
    only contents that the config itself holds are written. `look` sees the Outcome and the machine while everything is
    still mounted. What would lose data is refused, but for what is `allowed` to be lost, by its labels. Raises
    `SystemFault` when the root cannot be opened.
    """
    is_new = is_new_tree(root)
    with closing(RealSystem(root, with_devices=True, patience=PATIENCE)) as system:
        noticed = put_back_half_done(system, say)
        make_plan = partial(_plan, config, distribution, allowed, online=fetch is not None)
        # A new tree gets its base only when nothing is refused: what that will be is looked at elsewhere.
        with blank_tree(distribution, system.devices) if is_new else nullcontext(system) as base:
            draft = make_plan(base, _foreseeable(config))
        draft.report.entries[:0] = noticed.entries
        if draft.report.has_errors:
            outcome = carry_out(draft, system, say)
            look(outcome, system)
            return outcome
        with ExitStack() as undo:
            undo.callback(carry_out, _cleanup(draft), system, say)
            outcome = carry_out(make_plan(system, ("disks", "mount")), system, say, fetch)
            if outcome.succeeded:
                if system.look("/etc/passwd") is None:
                    lay_base(system, distribution)
                make_files, digest = partial(make_plan, system, ("files",)), digest_of_config(config)
                outcome = _joined(outcome, carry_out_again(make_files, system, say, fetch, config=digest))
            look(outcome, system)
            undo.pop_all()
        outcome.report.entries[:0] = noticed.entries
        return _joined(outcome, carry_out(_cleanup(draft), system, say))


def _foreseeable(config: Config) -> tuple[str, ...]:
    """The stages that can be planned now; files in a root that is still to be mounted cannot."""
    has_root = any(path == "/" for _, path, _ in mounted_filesystems(config.storage))
    return tuple(stage for stage in STAGES if stage != "files" or not has_root)


def _plan(
    config: Config,
    distribution: Distribution,
    allowed: Collection[str],
    system: System,
    stages: tuple[str, ...],
    *,
    online: bool,
) -> Plan:
    """Plan some stages; that nothing is lost is asked anew for each, since what is mounted by then decides about it."""
    planned = plan(config, system, distribution, online=online, stages=stages)
    return refuse_losses(planned, system, allowed)


def _cleanup(draft: Plan) -> Plan:
    """What has to be undone of a plan."""
    steps = tuple(step for step in draft.steps if isinstance(step, Step) and step.is_cleanup)
    return msgspec.structs.replace(draft, steps=steps, report=Report())


def _joined(first: Outcome, then: Outcome) -> Outcome:
    """One outcome of two stages."""
    return Outcome(
        [*first.events, *then.events],
        Report([*first.report, *then.report]),
        first.kernel_arguments,
        [*first.touched, *then.touched],
    )
