"""What an operation on disks means for who owns the machine: nothing, a live change, or data that are lost.

Comes in: steps of a plan. Goes out: the class of each and what is lost by it, by the labels that a person would name
to allow it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stoker.engine.operations import Heading, Step
from stoker.engine.operations.losses import Loss
from stoker.fetch import Fetch
from stoker.system import System


class Impact(enum.StrEnum):
    """How much a step matters, from the least to the most."""

    NOTHING = "nothing"
    LIVE = "live"
    DATA_LOSS = "data loss"


class Judged(NamedTuple):
    """A step, its class, and what is lost by it."""

    step: Step
    impact: Impact
    losses: tuple[Loss, ...]


def judge_disks(steps: Iterable[Step | Heading], system: System, fetch: Fetch) -> Iterator[Judged]:
    """Judge the steps of the stages that prepare disks and mount them; others are passed over."""
    for step in steps:
        if isinstance(step, Heading):
            yield from judge_disks(step.steps, system, fetch)
        elif step.stage in {"disks", "mount", "umount"}:
            losses: tuple[Loss, ...] = getattr(step.operation, "losses", ())
            if losses:
                yield Judged(step, Impact.DATA_LOSS, losses)
            else:
                is_done = step.operation.is_done(system, fetch)
                yield Judged(step, Impact.NOTHING if is_done else Impact.LIVE, ())


def not_allowed(judged: Iterable[Judged], allowed: frozenset[str]) -> list[Loss]:
    """What would be lost and bears no label that may be wiped."""
    return [loss for row in judged for loss in row.losses if not loss.labels & allowed]
