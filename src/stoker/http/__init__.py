"""HTTP as values: a Request goes in, a Response comes out; routes, problems, tags and ranges. Opens no socket."""

from stoker.http.conditional import entity_tag, is_fresh, parse_range, refused_precondition
from stoker.http.content import content_response
from stoker.http.errors import HttpError, RangeError
from stoker.http.messages import Feed, FilePart, Request, Response, json_response, text_response
from stoker.http.problems import PROBLEM_TYPE, Finding, Problem, finding, problem
from stoker.http.query import parse_query, unescape_path
from stoker.http.routes import Match, Route, Routes

__all__ = [
    "PROBLEM_TYPE",
    "Feed",
    "FilePart",
    "Finding",
    "HttpError",
    "Match",
    "Problem",
    "RangeError",
    "Request",
    "Response",
    "Route",
    "Routes",
    "content_response",
    "entity_tag",
    "finding",
    "is_fresh",
    "json_response",
    "parse_query",
    "parse_range",
    "problem",
    "refused_precondition",
    "text_response",
    "unescape_path",
]
