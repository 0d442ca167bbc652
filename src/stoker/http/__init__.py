"""HTTP as values: a Request goes in, a Response comes out; routes, problems, tags and ranges. Opens no socket."""

from stoker.http.conditional import entity_tag, is_fresh, parse_range
from stoker.http.content import content_response
from stoker.http.errors import HttpError, RangeError
from stoker.http.messages import FilePart, Request, Response, json_response, text_response
from stoker.http.problems import problem
from stoker.http.query import parse_query
from stoker.http.routes import Match, Route, Routes

__all__ = [
    "FilePart",
    "HttpError",
    "Match",
    "RangeError",
    "Request",
    "Response",
    "Route",
    "Routes",
    "content_response",
    "entity_tag",
    "is_fresh",
    "json_response",
    "parse_query",
    "parse_range",
    "problem",
    "text_response",
]
