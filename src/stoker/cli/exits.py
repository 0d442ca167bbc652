"""How the native verbs end: the exit codes, and the one exception by which a verb gives up with a sentence.

CommandError             it cannot go on: what, why, and what to do
└── UsageError           the command line itself is wrong
"""

from __future__ import annotations

import enum


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
