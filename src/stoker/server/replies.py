"""What handlers see and what they return: a View of the site goes in, a Response and what it changes come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from stoker.http import Request, Response
from stoker.machines import Catalogue, Compile, Sighting, Validate
from stoker.report import Entry
from stoker.server.keeper import Keeper
from stoker.server.measures import Measures
from stoker.server.notes import Note
from stoker.server.page.desk import NO_DESK, Desk
from stoker.server.roles import ANYONE, Caller
from stoker.server.streams import Stream
from stoker.store import Change, Condition
from stoker.trust import Signer


@dataclass(frozen=True, slots=True)
class View:
    """The site at the moment of a request; `at` is in seconds since 1970, `signer` is None where nothing is signed.

    Of the `keeper` handlers only read: what shall change is in their reply.
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
    """What a person wants of a machine; it is answered when it is stored."""

    note: Note
    deed: Deed


class Write(NamedTuple):
    """What a person changes in files; it is answered when it is stored."""

    changes: tuple[Change, ...]
    conditions: tuple[Condition, ...]
    deed: Deed


# The new revisions go in, the answer to a change that was made comes out.
Then = Callable[[Mapping[str, str]], Response]
# The problem document of a change that was not made goes in, the answer comes out.
Otherwise = Callable[[Response], Response]


class Reply(NamedTuple):
    """An answer, and what it changes: who was seen, the lines that the log gets, and what is stored first.

    Where there is a `change`, `then` makes the answer once it is stored, and `response` is not given; `otherwise` makes
    the answer of what is said where it is not. An answer that `promises` says that what was seen will not be lost.
    `route` is the row of the table that answered.
    """

    response: Response
    sightings: tuple[Sighting, ...] = ()
    lines: tuple[str, ...] = ()
    change: Order | Write | None = None
    then: Then | None = None
    otherwise: Otherwise | None = None
    promises: bool = False
    route: str = ""
    caller: Caller = ANYONE


Handler = Callable[[Request, View, dict[str, str]], Reply]


class Face(Protocol):
    """What a kind of client expects of the server: its paths, how a failure is said, and how the log is written."""

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
