"""The machine's own log: in go lines, or entries with fields; out go datagrams to syslog and to the journal.

Nothing is ever waited for: a log that is not there, or full, loses what it is told. Sources: syslog(3), RFC 3164;
systemd.journal-fields(7) and the journal's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

SYSLOG: Final = "/dev/log"
JOURNAL: Final = "/run/systemd/journal/socket"

_USER: Final = 1 << 3  # the facility of programs that are no daemons
_LONGEST: Final = 48 << 10  # bytes of a datagram that every kernel's defaults let through


class Syslog:
    """The system's log, by lines under one tag. Raises OSError when there is none."""

    def __init__(self, tag: str, path: str = SYSLOG) -> None:
        self._tag = tag
        self._socket = _connected(path)

    def send(self, priority: int, text: str) -> None:
        """Log a line; `priority` is one of syslog(3), 0 to 7."""
        stamp = time.strftime("%b %d %H:%M:%S")
        line = f"<{_USER | priority}>{stamp} {self._tag}[{os.getpid()}]: {text}"
        _send(self._socket, line.encode("utf-8", "backslashreplace")[:_LONGEST])

    def close(self) -> None:
        """Let go of the log."""
        self._socket.close()


class Journal:
    """The journal, where there is one."""

    def __init__(self, path: str = JOURNAL) -> None:
        self._socket: socket.socket | None = None
        if os.path.exists(path):
            with suppress(OSError):
                self._socket = _connected(path)

    def send(self, message: str, priority: int, fields: Mapping[str, str]) -> None:
        """Make an entry. The names of the fields are upper case."""
        if self._socket is not None:
            rows = {"MESSAGE": message, "PRIORITY": str(priority), **fields}
            _send(self._socket, b"".join(_field(name, value) for name, value in rows.items()))

    def close(self) -> None:
        """Let go of the journal."""
        if self._socket is not None:
            self._socket.close()


def _field(name: str, value: str) -> bytes:
    """A field; one of several lines goes with its length."""
    data = value.encode("utf-8", "backslashreplace")
    if b"\n" not in data:
        return b"%s=%s\n" % (name.encode(), data)
    return b"%s\n%s%s\n" % (name.encode(), len(data).to_bytes(8, "little"), data)


def _connected(path: str) -> socket.socket:
    import socket  # noqa: PLC0415 -- not every machine has these logs, and it is slow to load

    found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        found.connect(path)
    except OSError:
        found.close()
        raise
    return found


def _send(target: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        target.send(data)
