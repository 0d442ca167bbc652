"""What is counted: names and numbers go in, the text that Prometheus reads comes out.

The form is Prometheus's exposition format 0.0.4. All of it belongs to one thread; the values of labels are chosen from
what the program itself names (routes, statuses, states), so that no client can make more of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

Labels = tuple[str, ...]
Read = Callable[[], float | Mapping[str, float]]


class Metric(Protocol):
    """One name: what it means, of which kind it is, and its lines."""

    name: str
    meaning: str
    kind: str

    def samples(self) -> Iterable[tuple[str, Mapping[str, str], float]]:
        """End of the name, labels and value of each line."""


class Counter:
    """How often something happened, by the values of its labels."""

    kind = "counter"

    def __init__(self, name: str, meaning: str, labels: Labels = ()) -> None:
        self.name = name
        self.meaning = meaning
        self.labels = labels
        self.values: dict[Labels, float] = {} if labels else {(): 0.0}

    def add(self, *values: str, amount: float = 1.0) -> None:
        """Count `amount` more under these values of the labels."""
        self.values[values] = self.values.get(values, 0.0) + amount

    def samples(self) -> Iterator[tuple[str, Mapping[str, str], float]]:
        for values, amount in sorted(self.values.items()):
            yield "", dict(zip(self.labels, values, strict=True)), amount


class Gauge:
    """What is so at the moment of asking: `read` gives the values by those of the label, or the one value."""

    kind = "gauge"

    def __init__(self, name: str, meaning: str, read: Read, label: str = "") -> None:
        self.name = name
        self.meaning = meaning
        self.read = read
        self.label = label

    def samples(self) -> Iterator[tuple[str, Mapping[str, str], float]]:
        now = self.read()
        if isinstance(now, Mapping):
            yield from (("", {self.label: value}, amount) for value, amount in now.items())
        else:
            yield "", {}, now


class Histogram:
    """How many observations were at most so large, by the value of one label."""

    kind = "histogram"

    def __init__(self, name: str, meaning: str, label: str, bounds: tuple[float, ...] = SECONDS) -> None:
        self.name = name
        self.meaning = meaning
        self.label = label
        self.bounds = bounds
        self.counts: dict[str, list[int]] = {}
        self.sums: dict[str, float] = {}

    def observe(self, value: str, amount: float) -> None:
        """Count one observation under this value of the label."""
        counts = self.counts.get(value)
        if counts is None:
            counts = self.counts[value] = [0] * (len(self.bounds) + 1)
            self.sums[value] = 0.0
        counts[bisect_left(self.bounds, amount)] += 1
        self.sums[value] += amount

    def samples(self) -> Iterator[tuple[str, Mapping[str, str], float]]:
        for value, counts in sorted(self.counts.items()):
            total = 0
            for bound, count in zip((*map(str, self.bounds), "+Inf"), counts, strict=True):
                total += count
                yield "_bucket", {self.label: value, "le": bound}, total
            yield "_sum", {self.label: value}, self.sums[value]
            yield "_count", {self.label: value}, total


def exposition(metrics: Iterable[Metric]) -> str:
    """All metrics as text."""
    lines: list[str] = []
    for metric in metrics:
        lines.append(f"# HELP {metric.name} {_escape(metric.meaning)}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        for end, labels, value in metric.samples():
            pairs = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
            lines.append(f"{metric.name}{end}{f'{{{pairs}}}' if pairs else ''} {_number(value)}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
