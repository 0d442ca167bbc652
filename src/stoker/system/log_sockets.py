"""The machine's own log: in go lines, or entries with fields; out go datagrams to syslog and to the journal.

A log that is behind is waited for, since what is lost might be why a boot failed; but for seconds in all, and one that
is not there, or does not read, loses what it is told. Sources: syslog(3), RFC 3164; unix(7); systemd.journal-fields(7)
and the journal's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

SYSLOG: Final = "/dev/log"
JOURNAL: Final = "/run/systemd/journal/socket"

PATIENCE: Final = 5.0  # seconds to wait in all for whoever reads

_USER: Final = 1 << 3  # the facility of programs that are no daemons
_LONGEST: Final = 48 << 10  # bytes of a datagram that every kernel's defaults let through


class Syslog:
    """The system's log, by lines under one tag. Raises OSError when there is none."""

    def __init__(self, tag: str, path: str = SYSLOG, patience: float = PATIENCE) -> None:
        self._tag = tag
        self._socket = _Datagrams(path, patience)

    def send(self, priority: int, text: str) -> None:
        """Log a line; `priority` is one of syslog(3), 0 to 7."""
        stamp = time.strftime("%b %d %H:%M:%S")
        line = f"<{_USER | priority}>{stamp} {self._tag}[{os.getpid()}]: {text}"
        self._socket.send(line.encode("utf-8", "backslashreplace")[:_LONGEST])

    def close(self) -> None:
        """Let go of the log."""
        self._socket.close()


class Journal:
    """The journal, where there is one."""

    def __init__(self, path: str = JOURNAL) -> None:
        self._socket: _Datagrams | None = None
        if os.path.exists(path):
            with suppress(OSError):
                self._socket = _Datagrams(path, PATIENCE)

    def send(self, message: str, priority: int, fields: Mapping[str, str]) -> None:
        """Make an entry. The names of the fields are upper case."""
        if self._socket is not None:
            rows = {"MESSAGE": message, "PRIORITY": str(priority), **fields}
            self._socket.send(b"".join(_field(name, value) for name, value in rows.items()))

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


class _Datagrams:
    """A socket that takes datagrams. Raises OSError when there is none; sending raises nothing."""

    def __init__(self, path: str, patience: float) -> None:
        import socket  # noqa: PLC0415 -- not every machine has these logs, and it is slow to load

        self._left = patience
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            self._socket.setblocking(False)
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def send(self, data: bytes) -> None:
        """Send a datagram; the kernel keeps few for a reader that is behind."""
        with suppress(OSError):
            try:
                self._socket.send(data)
            except BlockingIOError:
                self._send_later(data)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _send_later(self, data: bytes) -> None:
        began = time.monotonic()
        self._socket.settimeout(self._left)
        try:
            self._socket.send(data)
        finally:
            self._socket.setblocking(False)
            self._left = max(0.0, self._left - (time.monotonic() - began))
