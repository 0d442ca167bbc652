"""The two values that every handler deals in: what was asked and what is answered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import msgspec

Headers = tuple[tuple[str, str], ...]

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for; header names are lower case, the query is as it was sent.

    `client` is its address, `id` what this request is called in logs and audits.
    """

    method: str
    path: str
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = ""
    id: str = ""

    @property
    def target(self) -> str:
        """Path and query as the request line had them."""
        return f"{self.path}?{self.raw_query}" if self.raw_query else self.path


@dataclass(frozen=True, slots=True)
class FilePart:
    """A body that the transport reads from a file: `size` bytes from `start` on; `total` is the size of the file."""

    path: str
    start: int
    size: int
    total: int

    @property
    def is_whole(self) -> bool:
        """Whether it is the file and not a part of it."""
        return self.size == self.total


@dataclass(frozen=True, slots=True)
class Feed:
    """A body without an end: its pieces as they come. Whoever takes one has to close it."""

    pieces: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered: a status, headers, and bytes, a part of a file or a feed."""

    status: int
    headers: Headers = ()
    body: bytes | FilePart | Feed = b""

    @property
    def size(self) -> int:
        """How many bytes the body has; of a feed nobody knows, so none."""
        if isinstance(self.body, Feed):
            return 0
        return len(self.body) if isinstance(self.body, bytes) else self.body.size

    def with_headers(self, *headers: tuple[str, str]) -> Response:
        """The same answer with more headers."""
        return Response(self.status, self.headers + headers, self.body)


def text_response(body: str | bytes, status: int = 200, content_type: str = TEXT) -> Response:
    """Answer with text."""
    data = body.encode() if isinstance(body, str) else body
    return Response(status, (("content-type", content_type),), data)


def json_response(body: object, status: int = 200) -> Response:
    """Answer with JSON of anything that msgspec encodes."""
    return Response(status, (("content-type", JSON),), msgspec.json.encode(body))
