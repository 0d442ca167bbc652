"""Faults of HTTP.

HttpError
└── RangeError      no byte of the body is in the range asked for
"""

from __future__ import annotations


class HttpError(Exception):
    """A request that cannot be answered as asked."""


class RangeError(HttpError):
    """No byte of the body is in the range asked for: the answer is 416, and the text says why.

    `is_beyond` where the range is well written, and the body ends before it.
    """

    def __init__(self, text: str, *, is_beyond: bool = False) -> None:
        super().__init__(text)
        self.is_beyond = is_beyond
