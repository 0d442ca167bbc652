"""Measuring: what is to be compared comes in as calls or commands, the least CPU time of each goes out.

Wall clock says little on a machine that others use; CPU time of the best of several rounds says most. Everything that
is compared takes its turn in every round, so that all of it meets the same machine.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

Timed = Callable[[], float]  # runs once, tells the CPU seconds it took


def side_by_side(timed: Mapping[str, Timed], rounds: int) -> dict[str, float]:
    """The least CPU seconds of each, over `rounds` rounds."""
    best = dict.fromkeys(timed, float("inf"))
    for _ in range(rounds):
        for name, run in timed.items():
            best[name] = min(best[name], run())
    return best


def call(function: Callable[[], object], times: int = 1) -> Timed:
    """Time one call in this process: the mean of `times` of them, begun with no garbage."""

    def run() -> float:
        gc.collect()
        start = time.process_time()
        for _ in range(times):
            function()
        return (time.process_time() - start) / times

    return run


def command(words: Sequence[str], text: bytes = b"", environment: Mapping[str, str] | None = None) -> Timed:
    """Time one process, user and system; `text` is its stdin. A process that fails raises CalledProcessError."""

    def run() -> float:
        before = _children()
        subprocess.run(words, input=text, env=environment, stdout=subprocess.DEVNULL, check=True)
        return _children() - before

    return run


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
