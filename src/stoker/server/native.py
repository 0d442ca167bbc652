"""The server's own face: the table of its paths; failures are problem documents, each request is a line of the log."""

from __future__ import annotations

from typing import Final

from stoker.http import Match, Request, Response, Route, Routes, problem
from stoker.report import Entry
from stoker.server import api, assets, matchbox, page
from stoker.server.page import entrance
from stoker.server.replies import Handler, Reply, View

LOGGED_TARGET: Final = 400

# The paths of Matchbox; each has its signatures beside it.
MATCHBOX: Final[dict[str, Handler]] = {
    "/boot.ipxe": matchbox.boot_script,
    "/boot.ipxe.0": matchbox.boot_script,
    "/ipxe": matchbox.ipxe,
    "/grub": matchbox.grub,
    "/ignition": matchbox.ignition,
    "/cloud": matchbox.cloud,
    "/generic": matchbox.generic,
    "/metadata": matchbox.metadata,
}

ROUTES: Final[Routes[Handler]] = Routes(
    (
        Route(("GET",), "/", entrance.root),
        *page.ROUTES,
        *(Route(("GET",), path, handler) for path, handler in MATCHBOX.items()),
        *(
            Route(("GET",), path + suffix, matchbox.signed(handler, is_armored=is_armored))
            for path, handler in MATCHBOX.items()
            for suffix, is_armored in matchbox.SIGNATURES.items()
        ),
        Route(("GET",), "/assets/{path...}", assets.asset),
        Route(("GET",), "/healthz", api.health),
        Route(("GET",), "/api/v1/machines", api.list_machines),
        Route(("GET",), "/api/v1/machines/{name}/events", api.list_events),
        Route(("POST",), "/api/v1/machines/{name}/events", api.post_events),
    )
)


class Native:
    """The face of `stoker serve`."""

    reads_bodies = True

    def answer(self, request: Request, view: View) -> Reply:
        """Answer by the table of routes."""
        match = ROUTES.find(request.method, request.path)
        if match.endpoint is None:
            return Reply(_not_routed(request, match))
        return match.endpoint(request, view, match.names)

    def fail(self, request: Request, error: Exception) -> Reply:
        """A problem document that says no more than that; the log says what."""
        line = _one_line(f"error: {request.method} {request.path}: {type(error).__name__}: {error}")
        return Reply(problem(500, "the server failed at this request; its log says how"), (), (line,))

    def access(self, request: Request, response: Response, seconds: float) -> str:
        """Who asked for what, and what came of it."""
        target = request.target[:LOGGED_TARGET]
        agent = request.headers.get("user-agent", "-")[:LOGGED_TARGET]
        line = f'{request.client} "{request.method} {target}" {response.status} {response.size} {seconds * 1000:.1f}ms'
        return _one_line(f'{line} "{agent}"')

    def tell(self, entry: Entry) -> str:
        """Where, how bad, what, and what to do."""
        where = f"{entry.place}: " if entry.place else ""
        hint = f" ({entry.hint})" if entry.hint else ""
        return _one_line(f"{where}{entry.severity.value}: {entry.message}{hint}")

    def warn(self, text: str) -> str:
        """An error, since the server's own troubles are that."""
        return _one_line(f"error: {text}")


def _not_routed(request: Request, match: Match[Handler]) -> Response:
    if not match.allowed:
        return problem(404, f"nothing is at `{request.path[:200]}`")
    allowed = ", ".join(match.allowed)
    return problem(405, f"`{request.path}` takes {allowed}").with_headers(("allow", allowed))


def _one_line(text: str) -> str:
    """Text that cannot forge another line of a log or steer a terminal."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
