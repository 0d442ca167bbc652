"""The log of a stage: in go lines and commands, out they go, each with its level and where the work stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from stoker.engine.operations import quoted
from stoker.report import Level, Line
from stoker.system.errors import without_secrets

Write = Callable[[Level, str], None]

TAIL = 50


class Log:
    """A log. Called with a line it is a `Say` of any room."""

    def __init__(self, write: Write, close: Callable[[], None] = lambda: None) -> None:
        self._write = write
        self.close = close  # lets go of where the lines go
        self._label = ""
        self.tail: deque[str] = deque(maxlen=TAIL)  # the last lines

    def __call__(self, line: str) -> None:
        """Log a line, at its level if it has one."""
        level = line.level if isinstance(line, Line) else Level.INFO
        self._log(level, line)
        if isinstance(line, Line):
            self._label = line.label
        elif line.startswith(self._label):
            self._label = ""

    def at(self, level: Level, text: str) -> None:
        """Log a line at a level."""
        self(Line(text, level))

    def inform(self, line: str) -> None:
        """Log a line about the operation that is under way."""
        self._log(Level.INFO, self._label + line)

    def execute(self, arguments: Sequence[str]) -> None:
        """Log a command that is about to run."""
        words = " ".join(map(quoted, without_secrets(arguments)))
        self._log(Level.DEBUG, f"{self._label}executing: {words}")

    def _log(self, level: Level, text: str) -> None:
        self.tail.append(text)
        self._write(level, text)
