"""External commands: in go arguments (never a shell line) and input, out comes what the command printed.

Only this module starts processes. However much a command prints, only the end of it is kept: of its standard output,
which may be an answer, more than anybody asks for; of its standard error, what complaints may need.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from stoker.system.errors import MISSING, CommandFault

ANSWER: Final = 16 << 20  # bytes that are kept of the standard output
TALK: Final = 1 << 20  # bytes that are kept of the standard error: complaints about some hundred units
CHUNK: Final = 64 << 10
LOOK: Final = 0.2  # seconds between two looks whether a command that is silent has ended


def run(arguments: Sequence[str], stdin: bytes = b"", seconds: float = 60.0) -> bytes:
    """Run a command and return its standard output. Raises `CommandFault` when it fails, is missing or takes too long.

    Messages come in English (LC_ALL=C), since some are read. Tools for disks are found by those, too, whose PATH is
    not that of root.
    """
    settings = {"LC_ALL": "C", "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"}
    try:
        with _input(stdin) as given:
            process = subprocess.Popen(
                [*arguments],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **settings},
            )
    except FileNotFoundError as error:
        said = os.fsencode(f"{arguments[0]}: command not found")
        raise CommandFault(arguments, f"exit status {MISSING}", errors=said, status=MISSING) from error
    except OSError as error:
        raise CommandFault(arguments, str(error)) from error
    output, errors = _End(ANSWER), _End(TALK)
    with process:
        try:
            status = _listen(process, time.monotonic() + seconds, output, errors)
        except BaseException:
            process.kill()
            raise
        if status is None:
            process.kill()
            raise CommandFault(arguments, f"no answer within {seconds:g} s", output.kept(), errors.kept())
    if status < 0:
        raise CommandFault(arguments, f"signal {-status}", output.kept(), errors.kept())
    if status:
        raise CommandFault(arguments, f"exit status {status}", output.kept(), errors.kept(), status=status)
    return output.kept()


class _End:
    """The end of a stream: at least its last `most` bytes while it flows, at most those in the end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: deque[bytes] = deque()
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        while self._pieces and self._size - len(self._pieces[0]) >= self._most:
            self._size -= len(self._pieces.popleft())

    def kept(self) -> bytes:
        return b"".join(self._pieces)[-self._most :]


@contextmanager
def _input(stdin: bytes) -> Iterator[int]:
    """A file in memory with the input, which may be a key: no pipe that somebody has to feed meanwhile."""
    descriptor = os.memfd_create("stdin") if stdin else os.open(os.devnull, os.O_RDONLY)
    try:
        left = memoryview(stdin)
        while left:
            left = left[os.write(descriptor, left) :]
        if stdin:
            os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _listen(process: subprocess.Popen[bytes], deadline: float, output: _End, errors: _End) -> int | None:
    """Listen to a process until it ends; its status, None when it has not ended in time.

    What it leaves running may hold its pipes for ever: when it has ended, only what is in them is read.
    """
    with selectors.DefaultSelector() as selector:
        for stream, end in ((process.stdout, output), (process.stderr, errors)):
            if stream is not None:
                selector.register(stream.fileno(), selectors.EVENT_READ, end)
        while selector.get_map():
            left = deadline - time.monotonic()
            has_ended = process.poll() is not None
            ready = selector.select(0 if has_ended else min(left, LOOK)) if left > 0 else []
            if not ready and (has_ended or left <= 0):
                break
            for key, _ in ready:
                piece = os.read(key.fd, CHUNK)
                key.data.add(piece)
                if not piece:
                    selector.unregister(key.fd)
    try:
        return process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None
