"""How a verb is ended from outside: in go SIGTERM and SIGHUP, out comes the same way out as after an interrupt.

A terminal that is closed must not leave mounted what `apply --devices` mounted, nor a rehearsal below /tmp.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDS: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def heeding_ends() -> Iterator[None]:
    """Let the first of these signals unwind what runs inside, and then end the process by itself, as without this.

    One that is ignored (nohup) stays so. Only the main thread may call this.
    """
    heeded = [number for number in ENDS if signal.getsignal(number) is signal.SIG_DFL]
    came: list[int] = []

    def unwind(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:  # the way out is not cut short by another
            raise KeyboardInterrupt

    for number in heeded:
        signal.signal(number, unwind)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)
        if came:
            os.kill(os.getpid(), came[0])
