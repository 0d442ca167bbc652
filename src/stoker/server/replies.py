"""What handlers see and what they return: a View of the site goes in, a Response and its Sightings come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from stoker.http import Request, Response
from stoker.machines import Catalogue, Compile, Sighting, Timeline, Validate
from stoker.report import Entry, Report
from stoker.server.sessions import Sessions
from stoker.trust import Signer


@dataclass(frozen=True, slots=True)
class View:
    """The site at the moment of a request; `at` is in seconds since 1970, `signer` is None where nothing is signed."""

    catalogue: Catalogue
    timeline: Timeline
    assets: Path | None
    compile: Compile
    validate: Validate
    report: Report
    sessions: Sessions
    at: float
    signer: Signer | None = None


class Reply(NamedTuple):
    """An answer, and what it changes: who was seen, and the lines that the log gets."""

    response: Response
    sightings: tuple[Sighting, ...] = ()
    lines: tuple[str, ...] = ()


Handler = Callable[[Request, View, dict[str, str]], Reply]


class Face(Protocol):
    """What a kind of client expects of the server: its paths, how a failure is said, and how the log is written."""

    reads_bodies: bool

    def answer(self, request: Request, view: View) -> Reply:
        """Answer a request, whatever its path and method."""

    def fail(self, request: Request, error: Exception) -> Reply:
        """Answer where answering failed."""

    def access(self, request: Request, response: Response, seconds: float) -> str:
        """The line that the log gets once a request is answered, empty for none."""

    def tell(self, entry: Entry) -> str:
        """The line that the log gets for a finding in the files."""

    def warn(self, text: str) -> str:
        """The line that the log gets for a trouble of the server's own."""
