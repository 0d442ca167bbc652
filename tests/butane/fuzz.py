"""Mutants through compile, validate, convert and merge: `python -m tests.butane.fuzz FIRST COUNT`.

The number of each is written before it is tried, so that the last one written is to blame when the process ends: by a
traceback, for want of memory, or by a signal because one step took too much CPU time.
"""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from stoker.butane import compile_text, translate
from stoker.ignition.convert import convert
from stoker.ignition.encode import encode
from stoker.ignition.merge import merge
from stoker.ignition.parse import parse
from stoker.report import Report
from stoker.report.render import as_lines, as_snippets
from stoker.schema.specs import IGNITION
from tests.butane.mutations import mutant
from tests.butane.provenance import unexplained

SECONDS = 1.0  # of CPU, for each step
MEMORY = 200 << 20  # bytes of address space, with the interpreter


@contextmanager
def limited() -> Iterator[None]:
    """Let SIGPROF end the process when a step takes too long."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)


def show(report: Report, text: bytes) -> None:
    with limited():
        as_lines(report)
        as_snippets(report, text, "f", color=True)
        encode(msgspec.to_builtins(report.entries))


def try_butane(seed: int) -> None:
    text, files_dir = mutant(seed)
    with limited():
        done = compile_text(text, file="f", files_dir=files_dir, raw=seed % 3 == 0)
    if (done.config is None) != (done.error is not None) or (done.config is None and not done.report.has_errors):
        raise AssertionError(f"config and errors do not exclude each other: {as_lines(done.report)}")
    show(done.report, text)
    with limited():
        output = translate(text, file="f", files_dir=files_dir, pretty=seed % 2 == 0, as_reference=True).output
    if (output is None) != (done.config is None) and seed % 3:
        raise AssertionError("the drop-in command decides otherwise")
    with limited():
        unknown = unexplained(done)
    if unknown:
        raise AssertionError(f"no line is known to have given {unknown[:3]}")


def try_ignition(seed: int) -> None:
    text, _ = mutant(seed, "config.ign")
    with limited():
        parsed = parse(text)
    show(parsed.report, text)
    other = parse(mutant(seed + 1, "config.ign").text)
    if parsed.config is None or parsed.spec is None:
        return
    if other.config is not None:
        with limited():
            merge(parsed.config, other.config)
            merge(other.config, parsed.config)
    with limited():
        encode(parsed.config, pretty=True)
        convert(parsed.config, parsed.spec, IGNITION[seed % len(IGNITION)])


def main(first: int, count: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for seed in range(first, first + count):
        sys.stdout.write(f"{seed}\n")
        sys.stdout.flush()
        try_butane(seed)
        try_ignition(seed)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
