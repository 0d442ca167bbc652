"""The language in process, one core: configs a second, and large ones, beside composing the same YAML in C.

With a `butane` on PATH that is not Stoker, its whole process is shown in the same run; its library has been measured
at 500 to 720 configs a second.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from bench.figures import Figure
from bench.measure import Timed, call, command, side_by_side
from stoker.butane import translate

ROUNDS = 7
NODE = Path("examples/kubeadm-node.bu")


def run() -> Iterator[Figure]:
    """Ratios to composing, and rates."""
    yield from _compare("kubeadm-node.bu", NODE.read_bytes(), 100, "10 x")
    few = _many_files(1_000)
    thousand = yield from _compare("1,000 inline files", few, 3, "4.5 x")
    ten_thousand = yield from _compare("10,000 inline files", _many_files(10_000), 1, "4.5 x")
    yield Figure("10,000 files take, of ten times 1,000", f"{ten_thousand / thousand / 10:.2f}", "about 1")


def _many_files(count: int) -> bytes:
    """A document of many small files, each with a mode, an owner and five lines."""
    head = "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n"
    return (head + "".join(_file(index) for index in range(count))).encode()


def _file(index: int) -> str:
    lines = "".join(f"          line{line}_{index} = value {index * line}\n" for line in range(5))
    return (
        f"    - path: /etc/app/conf.d/{index:05}.conf\n      mode: 0644\n      overwrite: true\n"
        f"      user:\n        name: core\n      contents:\n        inline: |\n{lines}"
    )


def _compare(name: str, text: bytes, times: int, wanted: str) -> Iterator[Figure]:
    composing, translating = f"compose {name}", f"translate {name}"
    timed: dict[str, Timed] = {
        composing: _without_gc(lambda: yaml.compose(text, Loader=yaml.CSafeLoader), times),
        translating: call(lambda: translate(text), times),
    }
    peer = shutil.which("butane")
    if peer and "stoker" not in os.path.realpath(peer):
        timed["butane, whole process"] = command([peer], text)
    best = side_by_side(timed, ROUNDS)
    for what, seconds in best.items():
        yield Figure(f"{what}", f"{seconds * 1000:.2f} ms CPU")
    yield Figure(f"{translating}, of composing", f"{best[translating] / best[composing]:.2f} x", f"at most {wanted}")
    yield Figure(f"{translating}, one core", f"{1 / best[translating]:.0f} a second")
    return best[translating]


def _without_gc(function: Timed, times: int) -> Timed:
    """Time a call with the cyclic collector off, which is how composing is quickest."""
    import gc  # noqa: PLC0415

    timed = call(function, times)

    def run_once() -> float:
        gc.disable()
        try:
            return timed()
        finally:
            gc.enable()

    return run_once
