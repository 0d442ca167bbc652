"""A table of routes: a method and a path go in, the endpoint and the names in the path come out.

A segment of a pattern that reads `{name}` matches any one segment; a last one that reads `{name...}` matches the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from stoker.http.query import ESCAPED_SLASH

Endpoint = TypeVar("Endpoint")


@dataclass(frozen=True, slots=True)
class Route(Generic[Endpoint]):
    """One row: the methods (none means every method), the pattern, what answers."""

    methods: tuple[str, ...]
    pattern: str
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Match(Generic[Endpoint]):
    """What a path led to; `endpoint` is None where nothing answers, `allowed` then says which methods would do."""

    endpoint: Endpoint | None
    names: dict[str, str]
    allowed: tuple[str, ...] = ()
    pattern: str = ""


class Routes(Generic[Endpoint]):
    """Fixed paths by one look-up, patterns in the order of the table."""

    def __init__(self, routes: Iterable[Route[Endpoint]]) -> None:
        self.fixed: dict[str, list[Route[Endpoint]]] = {}
        self.patterns: list[tuple[list[str], Route[Endpoint]]] = []
        for route in routes:
            if "{" in route.pattern:
                self.patterns.append((route.pattern.split("/"), route))
            else:
                self.fixed.setdefault(route.pattern, []).append(route)

    def find(self, method: str, path: str) -> Match[Endpoint]:
        """The endpoint for a request; HEAD finds what GET does."""
        method = "GET" if method == "HEAD" else method
        allowed: list[str] = []
        for route, names in self._candidates(path):
            if not route.methods or method in route.methods:
                return Match(route.endpoint, names, pattern=route.pattern)
            allowed.extend(route.methods)
        return Match(None, {}, tuple(sorted({*allowed, "HEAD"} if "GET" in allowed else {*allowed})))

    def _candidates(self, path: str) -> Iterable[tuple[Route[Endpoint], dict[str, str]]]:
        for route in self.fixed.get(path, ()):
            yield route, {}
        segments = path.split("/")
        for pattern, route in self.patterns:
            names = _match(pattern, segments)
            if names is not None:
                yield route, names


def _match(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    names: dict[str, str] = {}
    for position, part in enumerate(pattern):
        if part.endswith("...}") and position < len(segments):
            names[part[1:-4]] = "/".join(segments[position:])
            return names
        if position >= len(segments):
            return None
        if part.startswith("{") and segments[position]:
            names[part[1:-1]] = segments[position].replace(ESCAPED_SLASH, "/")
        elif part != segments[position]:
            return None
    return names if len(pattern) == len(segments) else None
