"""A URL to verified bytes: data, http, https, tftp, s3, arn and gs. Knows nothing of what the bytes mean."""

from stoker.fetch.errors import BadSource, FetchFault, GaveUp, NotFound, Refused, Unavailable, WrongBytes
from stoker.fetch.fetcher import Embedded, Fetcher
from stoker.fetch.patience import Clock, RealClock
from stoker.fetch.redaction import redacted
from stoker.fetch.source import Fetch, Proxies, Question, Say, Settings, Source, Write

__all__ = [
    "BadSource",
    "Clock",
    "Embedded",
    "Fetch",
    "FetchFault",
    "Fetcher",
    "GaveUp",
    "NotFound",
    "Proxies",
    "Question",
    "RealClock",
    "Refused",
    "Say",
    "Settings",
    "Source",
    "Unavailable",
    "Write",
    "WrongBytes",
    "redacted",
]
