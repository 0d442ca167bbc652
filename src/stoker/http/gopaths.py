"""Paths as Go's ServeMux cleans them, and the redirects to where they lead: requests go in, answers come out.

Rules of net/http (Go 1.27): `ServeMux.Handler`, `Redirect`, `FileServer`, and of net/url for how a path is written.
"""

from __future__ import annotations

from http import HTTPStatus
from posixpath import normpath
from typing import Final
from urllib.parse import quote

from stoker.http.content_types import HTML
from stoker.http.messages import Request, Response

_KEPT: Final = "$&+,/:;=@"
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"})


def clean_path(path: str) -> str:
    """A path without `.`, `..` and doubled slashes, from the root; a slash at its end stays."""
    clean = "/" + normpath("/" + path).lstrip("/")
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def escape_html(text: str) -> str:
    """Text for HTML, in the five escapes that Go writes."""
    return text.translate(_ESCAPES)


def write_path(path: str) -> str:
    """A path as it is written in a URL; one whose first name has a colon would pass for a scheme, so `./` is put on."""
    written = quote(path.encode("utf-8", "surrogateescape"), safe=_KEPT)
    return f"./{written}" if ":" in written.partition("/")[0] else written


def redirect(request: Request, path: str) -> Response:
    """Send to another path with the query kept, as ServeMux does: 307, which keeps the method too."""
    status = HTTPStatus.TEMPORARY_REDIRECT
    location = write_path(path) + (f"?{request.raw_query}" if request.raw_query else "")
    headers: tuple[tuple[str, str], ...] = (("location", location),)
    body = b""
    if request.method in {"GET", "HEAD"}:
        headers += (("content-type", HTML),)
        body = f'<a href="{escape_html(location)}">{status.phrase}</a>.\n\n'.encode("utf-8", "surrogateescape")
    return Response(status, headers, body)


def redirect_beside(request: Request, path: str) -> Response:
    """Send to a place relative to this one, as FileServer does: 301 and nothing more."""
    location = path + (f"?{request.raw_query}" if request.raw_query else "")
    return Response(HTTPStatus.MOVED_PERMANENTLY, (("location", location),))
