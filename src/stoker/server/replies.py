"""What handlers see and what they return: a View of the site goes in, a Response and its Sightings come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stoker.http import Request, Response
from stoker.machines import Catalogue, Compile, Sighting, Timeline, Validate
from stoker.report import Report
from stoker.server.sessions import Sessions


@dataclass(frozen=True, slots=True)
class View:
    """The site at the moment of a request; `at` is in seconds since 1970."""

    catalogue: Catalogue
    timeline: Timeline
    assets: Path | None
    compile: Compile
    validate: Validate
    report: Report
    sessions: Sessions
    at: float


class Reply(NamedTuple):
    """An answer, and what it changes: who was seen."""

    response: Response
    sightings: tuple[Sighting, ...] = ()


Handler = Callable[[Request, View, dict[str, str]], Reply]
