"""The room's catalogue: why a boot archive cannot be made, with its code and what to do about it."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

CANNOT_IMPORT: Final = Message(
    "cannot-gather-imports",
    "what the engine imports cannot be gathered: {reason}",
    "this Python has to be able to run the engine itself: try `stoker apply --help`",
)
NOT_OURS: Final = Message(
    "not-a-dracut-module-of-ours",
    "`{path}` is there, and no dracut module of this program",
    "name a directory that is empty or not there, as /usr/lib/dracut/modules.d/30stoker",
)
CANNOT_WRITE: Final = Message("cannot-write-dracut-module", "cannot write `{path}`: {reason}")
