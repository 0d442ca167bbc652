"""What handlers see and what they return: a View of the site goes in, a Response and what it changes come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from stoker.http import Request, Response
from stoker.machines import Catalogue, Compile, Sighting, Validate
from stoker.report import Entry
from stoker.server.keeper import Keeper
from stoker.server.measures import Measures
from stoker.server.notes import Note
from stoker.server.page.desk import NO_DESK, Desk
from stoker.server.prepared import Prepare
from stoker.server.roles import ANYONE, Caller
from stoker.server.streams import Stream
from stoker.server.traces import Traces
from stoker.store import Change, Condition
from stoker.trust import Secret, Secrets, Signer

NO_TOKEN: Final = Secret("")


class Stock(NamedTuple):
    """What a face has at hand for configs: secrets, what leads to the lines of a part, and what was made of them."""

    secrets: Secrets
    traces: Traces
    prepare: Prepare


NO_STOCK: Final = Stock(Secrets(), Traces(), Prepare())


@dataclass(frozen=True, slots=True)
class View:
    """The site at the moment of a request; `at` is in seconds since 1970, `signer` is None where nothing is signed.

    Of the `keeper` handlers only read: what shall change is in their reply. `key` is the server's own (`behind.py`);
    `token` is the one that the request brought in its query, where only a reference of it is left.
    """

    catalogue: Catalogue
    keeper: Keeper
    stream: Stream
    measures: Measures
    assets: Path | None
    compile: Compile
    validate: Validate
    at: float
    signer: Signer | None = None
    caller: Caller = ANYONE
    key: bytes = b""
    stock: Stock = NO_STOCK
    token: Secret = field(default_factory=lambda: NO_TOKEN)
    desk: Desk = NO_DESK


class Deed(msgspec.Struct, frozen=True):
    """A line of the audit: who did what to what, when, from which address, in which request."""

    at: float
    who: str
    what: str
    subject: str
    client: str
    request: str


class Order(NamedTuple):
    """What a person wants of a machine, or what counts only once it is stored; it is answered when it is.

    Without a `deed` nobody did it, and it is not audited.
    """

    note: Note
    deed: Deed | None = None


class Write(NamedTuple):
    """What a person changes in files; it is answered when it is stored."""

    changes: tuple[Change, ...]
    conditions: tuple[Condition, ...]
    deed: Deed


# The new revisions go in, the answer to a change that was made comes out.
Then = Callable[[Mapping[str, str]], Response]
# The problem document of a change that was not made goes in, the answer comes out.
Otherwise = Callable[[Response], Response]


class Work(NamedTuple):
    """What may take long: `do` is called in another thread, and what it returns goes into `then` in the site's own."""

    do: Callable[[], Any]
    then: Callable[[Any], Reply]


class Reply(NamedTuple):
    """An answer, and what it changes: who was seen, what became known, the log's lines, and what is stored first.

    Where there is a `change`, `then` makes the answer once it is stored, and `response` is not given; `otherwise` makes
    the answer of what is said where it is not. An answer that `promises` says that what became known will not be lost.
    Where there is `work`, the whole reply is that of the work. Once an answer of status 200 is given to the connection,
    `sent` tells of it. `route` is the row of the table that answered.
    """

    response: Response
    sightings: tuple[Sighting, ...] = ()
    lines: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    change: Order | Write | None = None
    then: Then | None = None
    otherwise: Otherwise | None = None
    promises: bool = False
    work: Work | None = None
    sent: Callable[[float], Note | None] | None = None
    route: str = ""
    caller: Caller = ANYONE


Handler = Callable[[Request, View, dict[str, str]], Reply]


class Face(Protocol):
    """What a kind of client expects of the server: its paths, how a failure is said, and how the log is written."""

    stock: Stock
    reads_bodies: bool
    names_requests: bool  # each answer says what the log calls the request

    def answer(self, request: Request, view: View) -> Reply:
        """Answer a request, whatever its path and method."""

    def fail(self, request: Request, error: Exception) -> Reply:
        """Answer where answering failed."""

    def refuse(self, status: int, detail: str) -> Response:
        """Answer what could not be taken for a request."""

    def access(self, request: Request, reply: Reply, seconds: float) -> str:
        """The line that the log gets once a request is answered, empty for none."""

    def troubles(self) -> tuple[str, ...]:
        """What of the face's own cannot be read at present."""

    def audit(self, deed: Deed) -> str:
        """The line that the log gets for a change that a person made."""

    def tell(self, entry: Entry) -> str:
        """The line that the log gets for a finding in the files."""

    def warn(self, text: str) -> str:
        """The line that the log gets for a trouble of the server's own."""
