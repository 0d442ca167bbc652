"""One carrying out of a template: what has been written, the line each part came from, and what is left to spend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from stoker.templates.gotext.errors import TemplateLimitError
from stoker.templates.gotext.literals import to_bytes
from stoker.templates.gotext.messages import LIMIT

TEXT_OF_A_STEP: Final = 16  # characters of a text that a function takes or makes
PRINTED_OF_A_STEP: Final = 2  # characters of a list or a map that is printed: each costs much more than a copied one


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run: bytes written, steps taken, templates invoked within templates."""

    output: int = 8 << 20
    steps: int = 1_000_000
    depth: int = 60


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template made: the bytes, and where each of its lines came from."""

    data: bytes
    lines: tuple[int, ...]

    def template_line(self, line: int) -> int:
        """The line of the template that wrote line `line` of the result; both count from 1."""
        return self.lines[min(max(line, 1), len(self.lines)) - 1]


@dataclass(slots=True)
class Run:
    """The state of one run."""

    limits: Limits
    is_strict: bool
    parts: list[str] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    size: int = 0
    steps: int = 0
    depth: int = 0

    def write(self, text: str, mark: int) -> None:
        """Append what one line wrote; a mark below zero is a text that spans lines, from line -mark on."""
        self.size += len(text)
        if self.size > self.limits.output:
            raise self.too_long()
        self.parts.append(text)
        self.marks.append(mark)

    def too_long(self) -> TemplateLimitError:
        """That more was made than may be written."""
        return TemplateLimitError(f"exceeded maximum output ({self.limits.output} bytes)", -1, LIMIT)

    def spend(self, values: Iterable[object] = ()) -> None:
        """Count one step, and more for long texts that it takes or makes."""
        self.steps += 1 + sum(len(value) // TEXT_OF_A_STEP for value in values if type(value) is str)
        if self.steps > self.limits.steps:
            raise TemplateLimitError(f"exceeded maximum steps ({self.limits.steps})", -1, LIMIT)

    def spend_printing(self, text: str) -> None:
        """Count the steps of having printed a list or a map."""
        self.steps += len(text) // PRINTED_OF_A_STEP
        self.spend()

    def rendered(self) -> Rendered:
        """The result, with its map from lines to lines."""
        lines: list[int] = []
        is_start = True
        for text, mark in zip(self.parts, self.marks, strict=True):
            if not text:
                continue
            if is_start:
                lines.append(abs(mark))
            breaks = text.count("\n")
            is_start = text.endswith("\n")
            rest = range(1, breaks + 1 - is_start)
            lines.extend(number - mark if mark < 0 else mark for number in rest)
        return Rendered(to_bytes("".join(self.parts)), tuple(lines or (1,)))
