"""A file replaced whole or not at all. In go a path and bytes; the file has them when the call returns."""

from __future__ import annotations

import os
import tempfile


def replace_file(path: str, data: bytes, mode: int = 0o644) -> None:
    """Write under a temporary name beside `path`, sync, rename over it. Raises OSError, and then leaves nothing."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".stoker-")
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
