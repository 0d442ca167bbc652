"""The ends of a command: bytes in from stdin, data out to stdout, talk out to stderr.

All three go to the descriptors themselves, so that nothing is left in a buffer to fail after the command has ended.
Text may hold what is no UTF-8 (a file name, a quoted line of a file): it leaves as the bytes it came in.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Final

STDIN: Final = 0
STDOUT: Final = 1
STDERR: Final = 2
INPUT_LIMIT: Final = 256 << 20  # bytes; no config comes near, and an endless input must end
_CHUNK: Final = 1 << 20


def read_all(descriptor: int) -> bytes:
    """All there is to read. Raises OSError, EFBIG beyond the limit."""
    chunks: list[bytes] = []
    length = 0
    while chunk := os.read(descriptor, _CHUNK):
        chunks.append(chunk)
        length += len(chunk)
        if length > INPUT_LIMIT:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return b"".join(chunks)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_data(data: bytes) -> None:
    """Write to stdout. Raises OSError, BrokenPipeError when the reader went away."""
    try:
        write_all(STDOUT, data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, "stdout") from error


def talk(text: str) -> None:
    """Write to stderr; when nobody can hear it, go on."""
    with contextlib.suppress(OSError):
        write_all(STDERR, text.encode("utf-8", "surrogateescape"))


def tell(line: str) -> None:
    """Write a line to stderr: who is waited for, for one."""
    talk(f"{line}\n")


def silence_stdout() -> None:
    """Send what is still buffered nowhere, so that the interpreter does not complain about it on its way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STDOUT)
    os.close(nowhere)
