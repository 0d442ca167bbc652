"""A row of the table of routes: what answers, to whom it is open, and what goes in and out, as types.

The types are what requests are read into and what the API's document is made of. In goes the query or the body of a
request, out comes a value of the type or the answer that refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from stoker.http import Request, Response, parse_query, problem
from stoker.server.replies import Handler
from stoker.server.roles import Access

EVENT_STREAM: Final = "text/event-stream"
NDJSON: Final = "application/x-ndjson"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers at a path. Without a `summary` it is no part of the API's document.

    `answers` has, by status, the type of a JSON body, a media type, or None for no body; `query` is a Struct of which
    each field is a parameter; `headers` are those that count.
    """

    handler: Handler
    access: Access = Access.PUBLIC
    summary: str = ""
    answers: Mapping[int, Any] = field(default_factory=dict)
    query: type[msgspec.Struct] | None = None
    body: Any = None
    headers: tuple[str, ...] = ()


def read_query(request: Request, shape: type[Value]) -> Value | Response:
    """The query of a request, or 400 with what is wrong with it; only what is a tuple may be given twice."""
    given: dict[str, Any] = dict(parse_query(request.raw_query))
    for each in msgspec.structs.fields(shape):  # type: ignore[arg-type]  # shapes of queries are Structs
        if each.name in given and each.default != ():
            given[each.name] = given[each.name][0]
    try:
        return msgspec.convert(given, shape, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        return problem(400, f"the query is not understood: {error}")


def read_body(request: Request, shape: Any, what: str) -> Any:
    """The JSON body of a request, or 400 with what is wrong with it."""
    try:
        return msgspec.json.decode(request.body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return problem(400, f"not {what}: {error}")
