"""A file replaced whole or not at all. In go a path and bytes; the file has them when the call returns."""

from __future__ import annotations

import os


def replace_file(path: str, data: bytes, mode: int = 0o644) -> None:
    """Write under a temporary name beside `path`, sync, rename over it. Raises OSError, and then leaves nothing."""
    temporary = os.path.join(os.path.dirname(path), f".stoker-{os.urandom(8).hex()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
