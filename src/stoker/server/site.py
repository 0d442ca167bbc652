"""The server without its transport: a Request goes in, a Response comes out; what is behind it is kept current.

A Site reads its files again when they have changed, gives each request to the handler that the table of routes names,
and notes whom it saw. It is synchronous and belongs to one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from stoker.http import Match, Request, Response, Route, Routes, problem
from stoker.machines import EMPTY, FOLDERS, Compile, Timeline, Validate, check_ignition, read_catalogue
from stoker.report import Entry, Report
from stoker.server import api, assets, matchbox, page
from stoker.server.page import entrance
from stoker.server.replies import Handler, View
from stoker.server.sessions import Recognise, Sessions
from stoker.store import Directory, StoreError

LOOK_INTERVAL: Final = 0.25
LOOK_SHARE: Final = 20
LOGGED_TARGET: Final = 400

ROUTES: Final[Routes[Handler]] = Routes(
    (
        Route(("GET",), "/", entrance.root),
        *page.ROUTES,
        Route(("GET",), "/boot.ipxe", matchbox.boot_script),
        Route(("GET",), "/boot.ipxe.0", matchbox.boot_script),
        Route(("GET",), "/ipxe", matchbox.ipxe),
        Route(("GET",), "/ignition", matchbox.ignition),
        Route(("GET",), "/metadata", matchbox.metadata),
        Route(("GET",), "/assets/{path...}", assets.asset),
        Route(("GET",), "/healthz", api.health),
        Route(("GET",), "/api/v1/machines", api.list_machines),
        Route(("GET",), "/api/v1/machines/{name}/events", api.list_events),
        Route(("POST",), "/api/v1/machines/{name}/events", api.post_events),
    )
)


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
        recognise: Recognise = lambda _digest: None,
        look_interval: float = LOOK_INTERVAL,
    ) -> None:
        """Read everything once. Raises StoreUnavailableError if the data directory cannot be read."""
        self.directory = Directory(data, FOLDERS)
        self.assets = assets
        self.compile = compile_config
        self.validate = validate
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
        )
        try:
            response = self._dispatch(request, view)
        except Exception as error:  # noqa: BLE001  a fault in one request must not end the others
            self.log(f"error: {request.method} {request.path}: {type(error).__name__}: {error}")
            response = problem(500, "the server failed at this request; its log says how")
        self.log_access(request, response, time.perf_counter() - start)
        return response

    def _dispatch(self, request: Request, view: View) -> Response:
        match = ROUTES.find(request.method, request.path)
        if match.endpoint is None:
            return _not_routed(request, match)
        reply = match.endpoint(request, view, match.names)
        for sighting in reply.sightings:
            self.timeline.record(sighting, view.at)
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
            trouble = f"error: {error}; what was read last is still served"
        if trouble and trouble != self.trouble:
            self.log(trouble)
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
                self.log(_describe(entry))

    def log_access(self, request: Request, response: Response, seconds: float) -> None:
        """Write the line of the access log for one request."""
        target = request.target[:LOGGED_TARGET]
        agent = request.headers.get("user-agent", "-")[:LOGGED_TARGET]
        line = f'{request.client} "{request.method} {target}" {response.status} {response.size} {seconds * 1000:.1f}ms'
        self.log(_one_line(f'{line} "{agent}"'))


def _not_routed(request: Request, match: Match[Handler]) -> Response:
    if not match.allowed:
        return problem(404, f"nothing is at `{request.path[:200]}`")
    allowed = ", ".join(match.allowed)
    return problem(405, f"`{request.path}` takes {allowed}").with_headers(("allow", allowed))


def _describe(entry: Entry) -> str:
    where = f"{entry.place}: " if entry.place else ""
    hint = f" ({entry.hint})" if entry.hint else ""
    return _one_line(f"{where}{entry.severity.value}: {entry.message}{hint}")


def _one_line(text: str) -> str:
    """Text that cannot forge another line of a log or steer a terminal."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
