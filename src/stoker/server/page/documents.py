"""Templates, styles and scripts of the page: a template's name and values go in, a Response comes out.

Everything that a template shows is escaped, and a name that it misses is a fault. No document holds a script or a style
of its own, and the policy sent with each (CSP 3) lets the browser run none: what a machine calls itself is text.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from stoker.http import Request, Response, entity_tag, is_fresh
from stoker.server.errors import TransportMissingError
from stoker.server.page.alarms import find_alarms
from stoker.server.page.places import quoted
from stoker.server.page.visitors import Visitor
from stoker.server.replies import View

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

HERE: Final = Path(__file__).parent
HTML: Final = "text/html; charset=utf-8"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY: Final = (
    "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
SAFE: Final = (
    ("content-security-policy", POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
)
PRIVATE: Final = (("cache-control", "no-store"), ("vary", "cookie, accept-encoding"))
FOREVER: Final = ("cache-control", "public, max-age=31536000, immutable")
WORTH_PACKING: Final = 1000  # bytes
LEVEL: Final = 5  # of gzip: 6 takes a third longer for 2 %
AGES: Final = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (float("inf"), 86400, "d"))


class File(NamedTuple):
    """A file as it is sent: its type, its bytes, and those packed."""

    content_type: str
    body: bytes
    packed: bytes


@cache
def files() -> dict[str, File]:
    """The styles, scripts and images, by a name that changes with what is in them."""
    found: dict[str, File] = {}
    for path in sorted((HERE / "files").iterdir()):
        body = path.read_bytes()
        name = f"{path.stem}.{entity_tag(body)[1:11]}{path.suffix}"
        found[name] = File(TYPES[path.suffix], body, _pack(body))
    return found


@cache
def _addresses() -> dict[str, str]:
    named = ((name.partition("."), name) for name in files())
    return {f"{stem}.{rest.rpartition('.')[2]}": f"/ui/files/{name}" for (stem, _, rest), name in named}


def send_file(request: Request, name: str) -> Response | None:
    """A file by its name; None if there is none. Its address changes with its content: it may be kept for ever."""
    file = files().get(name)
    if file is None:
        return None
    return _packed(request, 200, (("content-type", file.content_type), FOREVER, *SAFE), file.body, file.packed)


def show(
    request: Request,
    visitor: Visitor,
    template: str,
    view: View,
    values: Mapping[str, object],
    *headers: tuple[str, str],
    status: int = 200,
) -> Response:
    """Fill a template in for a visitor."""
    common = {"visitor": visitor, "at": view.at, "path": request.path, "alarms": find_alarms(view, visitor)}
    body = fill_in(template, {**common, **values}).encode("utf-8", "replace")
    return _packed(request, status, (("content-type", HTML), *PRIVATE, *SAFE, *headers), body)


def fill_in(template: str, values: Mapping[str, object]) -> Markup:
    """A template filled in, as a part of a document."""
    from markupsafe import Markup  # noqa: PLC0415  it comes with the templates

    return Markup(environment().get_template(template).render(values))  # noqa: S704  all that is in it is escaped


def go_to(address: str, *headers: tuple[str, str]) -> Response:
    """Send the browser on to another document, by GET."""
    return Response(303, (("location", address), *PRIVATE, *SAFE, *headers))


@cache
def environment() -> Environment:
    """The templates, compiled when they are first used. Raises TransportMissingError."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  the extra is optional
    except ImportError as error:
        raise TransportMissingError(f"{error}; install it with `pip install 'stoker[server]'`") from error
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Callable[..., str]] = {
        "ago": ago,
        "iso": iso,
        "utc": utc,
        "clock": clock,
        "code": code,
        "words": words,
        "urlencode": quoted,
        "clean": clean,
        "thousands": "{:,}".format,
    }
    made.filters.update(filters)
    made.globals["file"] = _addresses().__getitem__
    return made


def ago(at: float, now: float) -> str:
    """How long ago it was, in its largest unit."""
    seconds = max(now - at, 0)
    size, unit = next((size, unit) for limit, size, unit in AGES if seconds < limit)
    return f"{seconds // size:.0f} {unit} ago"


def iso(at: float) -> str:
    """A time for machines (RFC 3339); what is out of the calendar is its first second."""
    return _date(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(at: float) -> str:
    """A time for people."""
    return _date(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def words(text: object) -> Markup:
    """A sentence for people: values in backticks are set as code, arrows as arrows."""
    from markupsafe import Markup  # noqa: PLC0415  it comes with the templates

    plain, quoted = Markup("{}"), Markup("<code>{}</code>")
    parts = clean(text).replace(" -> ", " → ").split("`")
    if len(parts) % 2 == 0:
        return plain.format("`".join(parts))
    return Markup("").join((quoted if number % 2 else plain).format(part) for number, part in enumerate(parts))


def clock(at: float) -> str:
    """The time of day, in UTC."""
    return _date(at).strftime("%H:%M:%S")


def code(text: str) -> str:
    """A line of a file: what cannot be seen of it is shown, but for its tabs."""
    return "".join(letter if letter == "\t" else _visible(letter) for letter in text)


def clean(text: object, longest: int = 2000) -> str:
    """Text from anywhere as one can look at it: no control characters, no tricks of direction, and not without end."""
    whole = str(text)
    shown = whole if whole.isprintable() else "".join(map(_visible, whole[: longest + 1]))
    return shown if len(shown) <= longest else shown[:longest] + "…"


def _visible(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter in "\n\t" else letter.encode("unicode_escape", "backslashreplace").decode()


def _date(at: float) -> datetime:
    try:
        return datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _packed(
    request: Request, status: int, headers: tuple[tuple[str, str], ...], body: bytes, packed: bytes | None = None
) -> Response:
    """The answer, packed for a browser that takes it so, or only that the browser's copy is good."""
    if len(body) >= WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        body = packed or _pack(body)
        headers = (*headers, ("content-encoding", "gzip"))
    tag = entity_tag(body)
    headers = (*headers, ("etag", tag))
    return (
        Response(304, headers) if status == 200 and is_fresh(request.headers, tag) else Response(status, headers, body)
    )


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)
