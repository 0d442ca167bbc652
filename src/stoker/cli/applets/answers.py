"""What every drop-in answers before it does anything: to a wrong flag, to `help`, to `version`.

In goes a command line that was read, with the command's usage and version; the answer is given and its exit code goes
out, or None when there is something to do. The originals differ in little, and each difference is an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stoker.cli.goflags import Parsed
from stoker.cli.streams import talk, write_data

FAILED: Final = 1
USAGE: Final = 2  # a wrong command line


def answer(
    parsed: Parsed,
    usage: str,
    version: str,
    *,
    complaint: str = "{error}\n{usage}",
    help_code: int = 0,
    tell_help: Callable[[str], None] = talk,
) -> int | None:
    """Answer what asks for no work. `complaint` says in which order a mistake is told."""
    if parsed.error is not None:
        talk(complaint.format(error=parsed.error, usage=usage))
        return USAGE
    if parsed.wants_help or parsed.values.get("help") is True:
        tell_help(usage)
        return help_code
    if parsed.is_set("version"):
        print_text(f"{version}\n")
        return 0
    return None


def print_text(text: str) -> None:
    """Write to stdout."""
    write_data(text.encode())
