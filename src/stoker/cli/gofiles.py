"""Files as the commands of Go programs read and write them, with their words for what fails.

In come paths and bytes; out come bytes, or a PathError that prints as Go's os.PathError does.

    PathError                open x: no such file or directory
"""

from __future__ import annotations

import os
from typing import Final

from stoker.cli.gotext import system_error
from stoker.cli.streams import STDIN, STDOUT, read_all, write_all

STDIN_NAME: Final = "/dev/stdin"
STDOUT_NAME: Final = "/dev/stdout"


class PathError(Exception):
    """A system call on a path that failed; `operation` is open, read or write."""

    def __init__(self, operation: str, path: str, error: OSError) -> None:
        super().__init__(f"{operation} {path}: {system_error(error)}")
        self.operation = operation
        self.path = path


def read_file(path: str | None) -> bytes:
    """The whole file, or stdin for None. Raises PathError."""
    name = STDIN_NAME if path is None else path
    descriptor = STDIN if path is None else _open(path, os.O_RDONLY)
    try:
        return read_all(descriptor)
    except OSError as error:
        raise PathError("read", name, error) from error
    finally:
        if path is not None:
            os.close(descriptor)


def write_file(path: str | None, data: bytes) -> None:
    """Write over the file, made with mode 0644 when there is none, or to stdout for None.

    Raises PathError, but BrokenPipeError when the reader of stdout went away.
    """
    name = STDOUT_NAME if path is None else path
    descriptor = STDOUT if path is None else _open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(descriptor, data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PathError("write", name, error) from error
    finally:
        if path is not None:
            os.close(descriptor)


def _open(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise PathError("open", path, error) from error
