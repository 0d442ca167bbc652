"""Local files that a document names.

In goes a path relative to the files directory; out come its bytes, or the finding that says why not. The check that a
path stays inside is lexical, as the reference's is: links inside the directory are the author's own.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from stoker.report import Message
from stoker.schema import messages as m

MAX_BYTES: Final = 256 << 20


class LocalFault(Exception):
    """A local file cannot be used; carries the message and its values."""

    def __init__(self, message: Message, **values: object) -> None:
        super().__init__(message.text)
        self.message = message
        self.values = values


def go_error(operation: str, path: str, error: OSError) -> str:
    """An operating system error in Go's words: `open x: no such file or directory`."""
    words = os.strerror(error.errno).lower() if error.errno else str(error)
    return f"{operation} {path}: {words}"


def local_path(path: str, files_dir: str) -> str:
    """Where a local file is. Raises LocalFault when no directory is given or the path leads out of it."""
    if not files_dir:
        raise LocalFault(m.NO_FILES_DIR)
    joined = os.path.normpath(files_dir + "/" + path)
    base = os.path.abspath(files_dir)
    absolute = os.path.abspath(joined)
    if absolute != base and not absolute.startswith(base.rstrip("/") + "/"):
        raise LocalFault(m.FILES_DIR_ESCAPE)
    return joined


def read_local(path: str, files_dir: str) -> bytes:
    """Read a local file of at most MAX_BYTES. Raises LocalFault."""
    return read_file(local_path(path, files_dir))


def read_file(path: str) -> bytes:
    """Read a regular file of at most MAX_BYTES. Raises LocalFault."""
    operation = "open"
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_CLOEXEC)) as file:
            operation = "read"
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise LocalFault(m.LOCAL_UNREADABLE, fault=f"read {path}: not a regular file")
            if found.st_size > MAX_BYTES:
                raise LocalFault(m.LOCAL_UNREADABLE, fault=f"read {path}: file too large")
            return file.read()
    except IsADirectoryError as error:
        raise LocalFault(m.LOCAL_UNREADABLE, fault=go_error("read", path, error)) from None
    except OSError as error:
        raise LocalFault(m.LOCAL_UNREADABLE, fault=go_error(operation, path, error)) from None
    except ValueError:
        raise LocalFault(m.LOCAL_UNREADABLE, fault=f"open {path}: invalid argument") from None
