"""What can stop a fetch.

    FetchFault           the bytes of a source cannot be had
    ├── BadSource        the request itself is at fault: its URL, headers, digest, certificates or proxies
    ├── Unavailable      nobody answers, or the answer is to come later: tried again until patience ends
    │   └── GaveUp       patience has ended
    ├── Refused          the other side answered, and not with the bytes
    │   └── NotFound     it says that there is nothing
    └── WrongBytes       what came is not what was promised: cut short, too large, not gzip, another digest

Each carries the code and the hint of its row in the catalogue. No text holds a secret: URLs go through `redacted`.
"""

from __future__ import annotations

from stoker.report import Message


class FetchFault(Exception):
    """The bytes of a source cannot be had. Carries the catalogue's code and hint."""

    def __init__(self, message: Message, **values: object) -> None:
        super().__init__(message.text.format_map(values))
        self.code = message.code
        self.hint = message.hint and message.hint.format_map(values)


class BadSource(FetchFault):
    """The request itself is at fault; trying again is of no use."""


class Unavailable(FetchFault):
    """Nobody answers, or the answer is to come later. `brief` says it for the line of a log.

    `is_network` tells that the network itself is missing, not the one who should answer.
    """

    def __init__(self, message: Message, *, brief: str, is_network: bool = False, **values: object) -> None:
        super().__init__(message, brief=brief, **values)
        self.brief = brief
        self.is_network = is_network


class GaveUp(Unavailable):
    """Patience has ended."""


class Refused(FetchFault):
    """The other side answered, and not with the bytes. `status` is that of HTTP, or 0."""

    def __init__(self, message: Message, *, status: int = 0, **values: object) -> None:
        super().__init__(message, **values)
        self.status = status


class NotFound(Refused):
    """The other side says that there is nothing."""


class WrongBytes(FetchFault):
    """What came is not what was promised."""
