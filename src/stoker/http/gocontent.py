"""Content under the conditions of a request: what Go's http.ServeContent and http.Error answer, byte for byte.

In go a Request and bytes or a file, with the time of its last change; out comes the whole, a part, 304, 412 or 416.
Rules of net/http/fs.go (Go 1.27), which answers a request for several ranges with the whole.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from stoker.http.content_types import TEXT
from stoker.http.errors import RangeError
from stoker.http.messages import FilePart, Headers, Request, Response

_BLANKS: Final = " \t\r\n"
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\uffff]*"')
_NUMBER: Final = re.compile(r"[+-]?\d{1,19}")
_BIGGEST: Final = (1 << 63) - 1


def go_error(text: str, status: int, *headers: tuple[str, str]) -> Response:
    """What `http.Error` answers."""
    named = ("content-type", TEXT), ("x-content-type-options", "nosniff")
    return Response(status, (*named, *headers), f"{text}\n".encode())


def go_not_found() -> Response:
    """What `http.NotFound` answers."""
    return go_error("404 page not found", 404)


def http_date(seconds: int) -> str:
    """A time, in seconds since 1970, as HTTP writes it (RFC 9110, section 5.6.7)."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def serve_content(request: Request, body: bytes | FilePart, content_type: str, modified: int = 0) -> Response:
    """Answer with a body of that type; `modified` is in seconds since 1970, 0 where it is not known."""
    dated: Headers = (("last-modified", http_date(modified)),) if modified else ()
    refused = _refusal(request, modified)
    if refused is not None:
        return Response(refused, dated)
    size = len(body) if isinstance(body, bytes) else body.total
    asked = request.headers.get("range", "")
    try:
        parts = _ranges(asked, size) if asked and _may_be_part(request, modified) else []
    except RangeError as error:
        beyond: Headers = (("content-range", f"bytes */{size}"),) if error.is_beyond else ()
        return go_error(str(error), 416, *beyond)
    headers = (*dated, ("content-type", content_type), ("accept-ranges", "bytes"))
    if len(parts) != 1:
        return Response(200, headers, body)
    start, length = parts[0]
    part = body[start : start + length] if isinstance(body, bytes) else replace(body, start=start, size=length)
    return Response(206, (*headers, ("content-range", f"bytes {start}-{start + length - 1}/{size}")), part)


def is_unmodified(request: Request, modified: int) -> bool:
    """Whether `If-Modified-Since` names a time at which this was as it is."""
    since = _date(request.headers.get("if-modified-since", ""))
    return request.method in {"GET", "HEAD"} and bool(modified) and since is not None and modified <= since


def _refusal(request: Request, modified: int) -> int | None:
    """304 or 412 where a condition says so (RFC 9110, section 13.2.2); there are no entity tags to match."""
    headers = request.headers
    if headers.get("if-match"):
        if not _names_any(headers["if-match"]):
            return 412
    else:
        until = _date(headers.get("if-unmodified-since", ""))
        if until is not None and modified > until:
            return 412
    if headers.get("if-none-match"):
        if _names_any(headers["if-none-match"]):
            return 304 if request.method in {"GET", "HEAD"} else 412
    elif is_unmodified(request, modified):
        return 304
    return None


def _names_any(tags: str) -> bool:
    """Whether a list of entity tags has `*` in it, before anything that is no tag."""
    rest = tags.lstrip(_BLANKS + ",")
    while found := _TAG.match(rest):
        rest = rest[found.end() :].lstrip(_BLANKS + ",")
    return rest.startswith("*")


def _may_be_part(request: Request, modified: int) -> bool:
    """Whether `If-Range` lets a part be sent: it names the very time of the last change."""
    named = request.headers.get("if-range", "")
    if not named or request.method not in {"GET", "HEAD"}:
        return True
    return bool(modified) and _TAG.match(named.strip(_BLANKS)) is None and _date(named) == modified


def _ranges(text: str, size: int) -> list[tuple[int, int]]:
    """Offsets and lengths of the parts asked for; none where a body is empty. Raises RangeError."""
    if not text.startswith("bytes="):
        raise RangeError("invalid range")
    given = [part for each in text[len("bytes=") :].split(",") if (part := each.strip(_BLANKS))]
    found = [each for each in (_range(part, size) for part in given) if each is not None]
    if given and not found and size:
        raise RangeError("invalid range: failed to overlap", is_beyond=True)
    return found


def _range(text: str, size: int) -> tuple[int, int] | None:
    """Offset and length of one part, or None where it begins behind the end. Raises RangeError."""
    first, dash, last = (part.strip(_BLANKS) for part in text.partition("-"))
    if not dash:
        raise RangeError("invalid range")
    if not first:
        length = min(_number(last), size)
        return size - length, length
    start = _number(first)
    if start >= size:
        return None
    end = _number(last) if last else size - 1
    if end < start:
        raise RangeError("invalid range")
    return start, min(end, size - 1) - start + 1


def _number(text: str) -> int:
    value = int(text) if _NUMBER.fullmatch(text) else -1
    if not 0 <= value <= _BIGGEST:
        raise RangeError("invalid range")
    return value


def _date(text: str) -> int | None:
    """A time of HTTP in seconds since 1970, None where it is none."""
    try:
        return int(parsedate_to_datetime(text).timestamp()) if text.endswith("GMT") else None
    except (ValueError, OverflowError):
        return None
