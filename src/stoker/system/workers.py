"""The same work on many things, on every core.

In goes a function and what to apply it to; the answers come out in the same order. Few or small things are done right
here: starting a process costs more than compiling a config.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

FEW: Final = 16

Given = TypeVar("Given")
Answer = TypeVar("Answer")


def spread(work: Callable[[Given], Answer], things: Sequence[Given]) -> list[Answer]:
    """Apply `work` to every thing. It must be a function of a module; things and answers go through pickle."""
    cores = len(os.sched_getaffinity(0))
    if len(things) < FEW or cores < 2:
        return [work(thing) for thing in things]
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 -- 20 ms that a single file does not pay
    from multiprocessing import get_context  # noqa: PLC0415

    with ProcessPoolExecutor(cores, get_context("fork")) as pool:
        return list(pool.map(work, things, chunksize=max(1, len(things) // (cores * 4))))
