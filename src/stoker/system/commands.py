"""External commands: in go arguments (never a shell line) and input, out comes what the command printed.

Only this module starts processes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from stoker.system.errors import CommandFault

MISSING = 127  # what a shell and env(1) exit with when there is no such command


def run(arguments: Sequence[str], stdin: bytes = b"", seconds: float = 60.0) -> bytes:
    """Run a command and return its standard output. Raises `CommandFault` when it fails, is missing or takes too long.

    Messages come in English (LC_ALL=C), since some are read. Tools for disks are found by those, too, whose PATH is
    not that of root.
    """
    settings = {"LC_ALL": "C", "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"}
    try:
        done = subprocess.run(
            [*arguments],
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **settings},
        )
    except subprocess.TimeoutExpired as error:
        raise CommandFault(
            arguments, f"no answer within {seconds:g} s", error.stdout or b"", error.stderr or b""
        ) from error
    except FileNotFoundError as error:
        said = os.fsencode(f"{arguments[0]}: command not found")
        raise CommandFault(arguments, f"exit status {MISSING}", errors=said, status=MISSING) from error
    except OSError as error:
        raise CommandFault(arguments, str(error)) from error
    if done.returncode < 0:
        raise CommandFault(arguments, f"signal {-done.returncode}", done.stdout, done.stderr)
    if done.returncode:
        raise CommandFault(
            arguments, f"exit status {done.returncode}", done.stdout, done.stderr, status=done.returncode
        )
    return done.stdout
