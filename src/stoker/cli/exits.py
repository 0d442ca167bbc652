"""How the native verbs end: the exit codes, and the one exception by which a verb gives up with a sentence.

CommandError             it cannot go on: what, why, and what to do
└── UsageError           the command line itself is wrong
"""

from __future__ import annotations

import enum
from typing import Final

PROGRAM: Final = "stoker"


class Exit(enum.IntEnum):
    """Exit codes; those from 64 on are of sysexits.h or of the shell's convention (128 + signal)."""

    FINE = 0
    FINDINGS = 1
    PENDING = 2
    REFUSED = 3
    USAGE = 64
    UNAVAILABLE = 69
    TRY_AGAIN = 75
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class CommandError(Exception):
    """Ends a verb: one sentence for stderr, a hint where one is possible, and the exit code."""

    def __init__(self, message: str, *, hint: str | None = None, code: Exit = Exit.FINDINGS) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


class UsageError(CommandError):
    """The command line cannot be understood."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, code=Exit.USAGE)


def reason_of(error: CommandError | OSError) -> str:
    """What is wrong, in a sentence."""
    if isinstance(error, CommandError):
        return str(error)
    where = f"`{error.filename}`: " if error.filename else ""
    return f"{where}{(error.strerror or str(error)).lower()}"


def complaint(error: CommandError | OSError) -> str:
    """What is wrong and what to do, in lines without anything that would steer a terminal."""
    hint = f"hint: {error.hint}\n" if isinstance(error, CommandError) and error.hint else ""
    text = f"{PROGRAM}: {reason_of(error)}\n{hint}"
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
