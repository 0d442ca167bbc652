"""The address of a server goes in, what it has counted comes out: its `/metrics`, sums over all labels."""

from __future__ import annotations

from collections import Counter
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

SECONDS: Final = 30.0


def read_counters(url: str) -> Counter[str]:
    """The sum of each counter, by its name; a server that has none has counted nothing. Raises OSError."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port or 80, timeout=SECONDS)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode("utf-8", "replace")
    finally:
        connection.close()
    sums: Counter[str] = Counter()
    for line in (each for each in text.splitlines() if not each.startswith("#")):
        name, _, value = line.rpartition(" ")
        if name.partition("{")[0].endswith("_total"):
            sums[name.partition("{")[0]] += int(float(value))
    return sums
