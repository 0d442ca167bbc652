"""The server without its transport: a Request goes in, a Response comes out; what is behind it is kept current.

A Site reads its files again when they have changed, gives each request to its face, and notes whom it saw. It is
synchronous and belongs to one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from stoker.http import Request, Response
from stoker.machines import EMPTY, FOLDERS, Compile, Timeline, Validate, check_ignition, read_catalogue
from stoker.report import Report
from stoker.server.native import Native
from stoker.server.replies import Face, View
from stoker.server.sessions import Recognise, Sessions
from stoker.store import Directory, StoreError
from stoker.trust import Signer

LOOK_INTERVAL: Final = 0.25
LOOK_SHARE: Final = 20
NATIVE: Final = Native()


class Site:
    """The data directory, the machines seen, and the collaborators that know the languages of configs."""

    def __init__(
        self,
        data: Path,
        assets: Path | None,
        compile_config: Compile,
        log: Callable[[str], None],
        *,
        validate: Validate = check_ignition,
        face: Face = NATIVE,
        signer: Signer | None = None,
        recognise: Recognise = lambda _digest: None,
        look_interval: float = LOOK_INTERVAL,
    ) -> None:
        """Read everything once. Raises StoreUnavailableError if the data directory cannot be read."""
        self.directory = Directory(data, FOLDERS)
        self.assets = assets
        self.compile = compile_config
        self.validate = validate
        self.face = face
        self.signer = signer
        self.log = log
        self.look_interval = look_interval
        self.look_again = 0.0
        self.trouble = ""
        self.timeline = Timeline()
        self.sessions = Sessions(recognise)
        self.catalogue = EMPTY
        self.report = Report()
        self._reload()

    def answer(self, request: Request) -> Response:
        """Answer one request; whatever goes wrong, there is an answer."""
        start = time.perf_counter()
        self._look()
        view = View(
            self.catalogue,
            self.timeline,
            self.assets,
            self.compile,
            self.validate,
            self.report,
            self.sessions,
            time.time(),
            self.signer,
        )
        try:
            reply = self.face.answer(request, view)
        except Exception as error:  # noqa: BLE001  a fault in one request must not end the others
            reply = self.face.fail(request, error)
        for sighting in reply.sightings:
            self.timeline.record(sighting, view.at)
        for line in reply.lines:
            self.write(line)
        self.log_access(request, reply.response, time.perf_counter() - start)
        return reply.response

    def _look(self) -> None:
        """Look for changed files, not more often than the interval, nor so often that looking is all that is done."""
        start = time.monotonic()
        if start < self.look_again:
            return
        trouble = ""
        try:
            self._reload()
        except StoreError as error:
            trouble = f"{error}; what was read last is still served"
        if trouble and trouble != self.trouble:
            self.write(self.face.warn(trouble))
        self.trouble = trouble
        now = time.monotonic()
        self.look_again = now + (max(self.look_interval, LOOK_SHARE * (now - start)) if self.look_interval else 0)

    def _reload(self) -> None:
        if not self.directory.refresh():
            return
        known = set(self.report)
        self.catalogue, findings = read_catalogue(self.directory.snapshot, self.catalogue)
        self.report = Report((*self.directory.report, *findings))
        for entry in self.report:
            if entry not in known:
                self.write(self.face.tell(entry))

    def log_access(self, request: Request, response: Response, seconds: float) -> None:
        """Write the line of the access log for one request."""
        self.write(self.face.access(request, response, seconds))

    def write(self, line: str) -> None:
        """Write a line of the log; an empty one is none."""
        if line:
            self.log(line)
