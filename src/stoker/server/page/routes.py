"""The rows of the page in the table of routes: paths below `/ui/`, and what answers at each."""

from __future__ import annotations

from typing import Final

from stoker.http import Route
from stoker.server.page import entrance, lists
from stoker.server.replies import Handler

ROUTES: Final[tuple[Route[Handler], ...]] = (
    Route(("GET",), "/ui", entrance.to_the_page),
    Route(("GET",), "/ui/", lists.fleet),
    Route(("GET",), "/ui/login", entrance.ask_for_token),
    Route(("POST",), "/ui/login", entrance.log_in),
    Route(("POST",), "/ui/logout", entrance.log_out),
    Route(("GET",), "/ui/files/{name}", entrance.file),
)
