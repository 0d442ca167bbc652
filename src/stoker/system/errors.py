"""What can go wrong at the door to a machine.

SystemFault            the machine did not do what it was asked to
├── FileFault          a call on a file failed
│   └── FileExists     something is already at the path
├── AccountFault       an account cannot be added, changed or removed
├── DeviceFault        a block device is missing, busy, or not as it was asked for
│   └── TableFault     a disk has no partition table that can be worked with
└── CommandFault       an external command failed, or may not be run here
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

HIDDEN = "xxxxx"
MISSING = 127  # what a shell and env(1) exit with when there is no such command
SHOWN = 64 << 10  # bytes of what a tool printed that its fault tells
USAGE = re.compile(r"\nusage:", re.IGNORECASE)  # not at the beginning: nothing would be left
SECRETS = frozenset({"--password"})  # options of commands whose value is nobody's business
SECRET_NAME = re.compile(r"(?:^|[._-])(?:token|secret|password|passwd|key)(?:[._-]|$)", re.IGNORECASE)


class Hidden(str):
    """An argument of a command that is shown nowhere: it may be, or hold, a secret."""

    __slots__ = ()


class SystemFault(Exception):
    """The machine did not do what it was asked to."""


class FileFault(SystemFault):
    """A call on a file failed: what was tried, on which path inside the root, and why."""

    def __init__(self, verb: str, path: str, reason: str) -> None:
        super().__init__(f"cannot {verb} `{path}`: {reason}")
        self.verb = verb
        self.path = path
        self.reason = reason

    @classmethod
    def of(cls, verb: str, path: str, error: OSError) -> FileFault:
        """The fault behind an error of the operating system."""
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        return (FileExists if isinstance(error, FileExistsError) else cls)(verb, path, reason)


class FileExists(FileFault):
    """Something is already at the path."""


class AccountFault(SystemFault):
    """An account cannot be added, changed or removed as asked: why, and which field of what is asked is to blame.

    `index` is that of a group among `groups`.
    """

    def __init__(self, reason: str, field: str = "", index: int | None = None) -> None:
        super().__init__(reason)
        self.field = field
        self.index = index


class DeviceFault(SystemFault):
    """A block device is missing, busy, or not as it was asked for."""


class TableFault(DeviceFault):
    """A disk has no partition table that can be worked with."""


class CommandFault(SystemFault):
    """An external command failed. The text has the form that people know from Ignition's log, without secrets.

    `status` is what it exited with, 0 when it did not come to that; `errors` what it wrote to its standard error.
    """

    def __init__(
        self, arguments: Sequence[str], reason: str, output: bytes = b"", errors: bytes = b"", status: int = 0
    ) -> None:
        command = " ".join(f'"{argument}"' for argument in without_secrets(arguments))
        super().__init__(f'{reason}: Cmd: {command} Stdout: "{_text(output)}" Stderr: "{_text(errors)}"')
        self.arguments = tuple(arguments)
        self.status = status
        self.errors = errors


def without_secrets(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments of a command as they may be shown; kernel arguments may be among them, `stoker.token=` for one."""
    is_secret = False
    for word in arguments:
        name, equals, _ = word.partition("=")
        is_named = equals and not word.startswith("-") and SECRET_NAME.search(name)
        yield HIDDEN if is_secret or isinstance(word, Hidden) else f"{name}={HIDDEN}" if is_named else word
        is_secret = word in SECRETS


def _text(output: bytes) -> str:
    """The end of what a tool printed, on one line; nothing in it can steer a terminal.

    What it says of its own usage after that, some forty lines of mkfs.xfs(8), tells nobody what was wrong.
    """
    said = output[-SHOWN:].decode(errors="replace").strip()
    text = USAGE.split(said, maxsplit=1)[0].rstrip()
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
