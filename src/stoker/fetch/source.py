"""What is asked for: a Source says where bytes are and how they are checked, Settings how to go about it, a Fetch does.

`Fetch` is the protocol by which the rooms above know this one; `Fetcher` is the real one, and a test may pass its own.
The words are those of the Ignition specification: `storage.files.contents`, and under `ignition`, `timeouts`, `proxy`
and `security`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

Write = Callable[[bytes], object]  # takes the next bytes: `file.write`, `digest.update`, `buffer.extend`
Say = Callable[[str], None]  # takes a line of the log

READ_LIMIT: Final = 512 << 20  # bytes that `read` holds in memory
COPY_LIMIT: Final = 64 << 30  # bytes that `copy_to` passes on


class Source(msgspec.Struct, frozen=True):
    """Bytes from somewhere, and how they are checked.

    `url` is empty for no bytes. `headers` are pairs of name and value, sent over http and https alone. `compression`
    is empty or `gzip`. `digest` is `sha512-HEX` or `sha256-HEX` of the decompressed bytes, or empty.
    """

    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    compression: str = ""
    digest: str = ""

    def __repr__(self) -> str:
        """Nothing of it that could be a secret: not the headers, not the contents of a data URL."""
        return f"Source({self.url.partition(':')[0]}:…)"

    @property
    def is_embedded(self) -> bool:
        """Whether the URL itself holds the bytes."""
        return not self.url or self.url[:5].lower() == "data:"


class Question(msgspec.Struct, frozen=True):
    """A request of http or https whose answer counts whatever its status is, as metadata services are asked.

    `retried` are statuses to try again on, beside 500 and above. One that is not `patient` is asked once. `low_port`
    asks from a port below 1024. `follow` tells whether redirects are followed. `body` goes with a POST.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    retried: frozenset[int] = frozenset()
    patient: bool = True
    low_port: bool = False
    follow: bool = True
    body: bytes = b""

    def __repr__(self) -> str:
        """Nothing of it that could be a secret."""
        return f"Question({self.method} {self.url.partition(':')[0]}:…)"


class Proxies(msgspec.Struct, frozen=True):
    """Through whom to go: a proxy URL for http and one for https, empty for none, and the hosts reached directly."""

    http: str = ""
    https: str = ""
    direct: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True):
    """How to fetch. Times are seconds; 0 is for ever.

    `response_headers` bounds the wait for an answer's headers, each time; `total` all of one source, tries and body
    together; `altogether` all sources of one Fetcher, from the first on; `patience` how long one may go without any
    answer before it is given up, which a first boot never does.
    `authorities` are bundles of PEM certificates that are trusted beside the system's.
    """

    response_headers: float = 10.0
    total: float = 0.0
    altogether: float = 0.0
    patience: float = 0.0
    proxies: Proxies = Proxies()
    authorities: tuple[Source, ...] = ()


class Fetch(Protocol):
    """Whoever gets the bytes of a source."""

    def read(self, source: Source, limit: int = READ_LIMIT) -> bytes:
        """The bytes, decompressed and verified; at most `limit` of them. Raises `FetchFault`."""

    def copy_to(self, source: Source, write: Write, limit: int = COPY_LIMIT) -> int:
        """Pass the bytes on, decompressed, piece by piece; how many there were. Raises `FetchFault`.

        They are verified only when the last has been passed on: the caller keeps them apart until this returns.
        """
