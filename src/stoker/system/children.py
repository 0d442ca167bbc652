"""A command goes in, a process that runs beside this one comes out, and is gone when the block that started it ends."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stoker.system.errors import CommandFault

STOP_SECONDS: Final = 10.0
MAX_LINE: Final = 4096
PEAK: Final = re.compile(rb"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


class Child:
    """A process that was started and that says when it is ready, by a line on its standard output."""

    def __init__(self, process: subprocess.Popen[bytes], arguments: Sequence[str]) -> None:
        self.process = process
        self.arguments = arguments

    def first_line(self, seconds: float) -> str:
        """The first line that it prints. Raises CommandFault when it ends before, or does not within `seconds`."""
        line = bytearray()
        until = time.monotonic() + seconds
        descriptor = self.process.stdout.fileno() if self.process.stdout else -1
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while not line.endswith(b"\n") and len(line) < MAX_LINE:
                if not selector.select(max(until - time.monotonic(), 0)):
                    raise CommandFault(self.arguments, f"not ready within {seconds:g} s")
                read = os.read(descriptor, MAX_LINE)
                if not read:
                    raise CommandFault(self.arguments, f"it ended with exit status {self.process.wait()}")
                line += read
        return line.decode("utf-8", "replace").partition("\n")[0]

    def peak_memory(self) -> int:
        """The most memory that it has had resident, in bytes (proc_pid_status(5)); 0 when it is gone."""
        try:
            found = PEAK.search(Path(f"/proc/{self.process.pid}/status").read_bytes())
        except OSError:
            return 0
        return int(found[1]) * 1024 if found else 0

    def cpu_seconds(self) -> float:
        """User and system time that it has used (proc_pid_stat(5)); 0 when it is gone."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(arguments: Sequence[str]) -> Iterator[Child]:
    """Run a command beside this process; what it says on stderr goes where this process's does.

    At the end it is asked to stop, and killed if it does not. Raises CommandFault when it cannot be started.
    """
    try:
        process = subprocess.Popen([*arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except OSError as error:
        raise CommandFault(arguments, str(error)) from error
    with process:
        try:
            yield Child(process, arguments)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
