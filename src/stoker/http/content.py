"""Content under the conditions of a request, by entity tag and range: the whole, a part, 304 or 416 come out."""

from __future__ import annotations

from dataclasses import replace

from stoker.http.conditional import is_fresh, parse_range
from stoker.http.errors import RangeError
from stoker.http.messages import FilePart, Request, Response
from stoker.http.problems import problem


def content_response(request: Request, body: bytes | FilePart, content_type: str, tag: str) -> Response:
    """Answer with a body of that type and entity tag, or with what the request wants of it."""
    size = len(body) if isinstance(body, bytes) else body.total
    headers = (("accept-ranges", "bytes"), ("etag", tag))
    if is_fresh(request.headers, tag):
        return Response(304, headers)
    try:
        part = parse_range(request.headers, size, tag)
    except RangeError as error:
        return problem(416, str(error)).with_headers(("content-range", f"bytes */{size}"))
    typed = (*headers, ("content-type", content_type))
    if part is None:
        return Response(200, typed, body)
    start, length = part
    content_range = ("content-range", f"bytes {start}-{start + length - 1}/{size}")
    wanted = body[start : start + length] if isinstance(body, bytes) else replace(body, start=start, size=length)
    return Response(206, (*typed, content_range), wanted)
