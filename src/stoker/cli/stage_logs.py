"""Where the log of a stage goes: to stdout, or to the system's log if there is one.

In go lines with their levels. On stdout a line begins with its level, nine characters wide: Ignition's form, which
people and scripts know.
"""

from __future__ import annotations

import errno
from typing import Final

from stoker.cli.streams import write_data
from stoker.engine.first_boot import Log
from stoker.report import Level
from stoker.system.log_sockets import SYSLOG, Syslog

TAG: Final = "ignition"
NAMES: Final = {
    Level.EMERGENCY: "EMERGENCY",
    Level.ALERT: "ALERT",
    Level.CRITICAL: "CRITICAL",
    Level.ERROR: "ERROR",
    Level.WARNING: "WARNING",
    Level.NOTICE: "NOTICE",
    Level.INFO: "INFO",
    Level.DEBUG: "DEBUG",
}


def open_log(*, to_stdout: bool, path: str = SYSLOG) -> Log:
    """A log; stdout takes it where the system's own cannot be reached."""
    if to_stdout:
        return Log(_print)
    try:
        syslog = Syslog(TAG, path)
    except OSError as error:
        log = Log(_print)
        log.at(Level.ERROR, f"unable to open syslog: {errno.errorcode.get(error.errno or 0, 'no such log')}")
        return log
    return Log(syslog.send, syslog.close)


def _print(level: Level, text: str) -> None:
    """Print a line; a stage goes on when nobody reads its log any more."""
    try:
        write_data(f"{NAMES[level]:9}: {text}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        return
