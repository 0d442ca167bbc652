"""Figures and the table they make: figures come in, Markdown for docs/measurements.md goes out."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Figure(NamedTuple):
    """A row: what was measured, the value with its unit, and what it is held to (empty when to nothing)."""

    what: str
    value: str
    wanted: str = ""


def table(figures: Iterable[Figure], command: str) -> str:
    """The figures of one command as Markdown, with the kind of machine and the date."""
    machine, date = kind_of_machine(), time.strftime("%Y-%m-%d")
    rows = [(f.what, f.value, f.wanted, f"`{command}`", machine, date) for f in figures]
    head = ("figure", "value", "wanted", "command", "kind of machine", "date")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "".join("| " + " | ".join(map(str.ljust, line, widths)) + " |\n" for line in lines)


def kind_of_machine() -> str:
    """The processor, how many of them this process may use, and the interpreter."""
    cores = len(os.sched_getaffinity(0))
    return f"{cores} x {_processor()}, {platform.python_implementation()} {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
