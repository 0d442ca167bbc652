"""Faults of HTTP.

HttpError
└── RangeError      no byte of the body is in the range asked for
"""

from __future__ import annotations


class HttpError(Exception):
    """A request that cannot be answered as asked."""


class RangeError(HttpError):
    """No byte of the body is in the range asked for: the answer is 416, and the text says why."""
