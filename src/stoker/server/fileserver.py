"""Go's http.FileServer over a directory: a Request and a path below it go in, files, listings and redirects come out.

Rules of net/http/fs.go (Go 1.27). Links are followed wherever they lead, as there; what is neither a file nor a
directory is not found, where Go would wait for its other end.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from posixpath import basename, normpath
from typing import Final

from stoker.http import FilePart, Request, Response
from stoker.http.content_types import HEAD, HTML, sniff, type_of_name
from stoker.http.gocontent import go_error, go_not_found, http_date, is_unmodified, serve_content
from stoker.http.gopaths import escape_html, redirect_beside, write_path

INDEX: Final = "/index.html"
MAX_LISTED: Final = 100_000


def serve_file(request: Request, root: Path, path: str) -> Response:
    """Answer with what is at `path`, which begins with a slash, below `root`."""
    if path.endswith(INDEX):
        return redirect_beside(request, "./")
    # From the root, so that no `..` leads out of it.
    place = root / normpath("/" + path).lstrip("/")
    try:
        status = os.stat(place)
        if stat.S_ISDIR(status.st_mode):
            return _serve_directory(request, place, status, path)
        if path.endswith("/"):
            return redirect_beside(request, f"../{basename(path.rstrip('/'))}")
        return _serve_regular(request, place, status)
    except PermissionError:
        return go_error("403 Forbidden", 403)
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return go_not_found()


def _serve_directory(request: Request, place: Path, status: os.stat_result, path: str) -> Response:
    """The index of a directory, else a listing of it."""
    if not path.endswith("/"):
        return redirect_beside(request, f"{basename(path)}/")
    index = Path(f"{place}{INDEX}")
    if index.is_file():
        return _serve_regular(request, index, os.stat(index))
    modified = int(status.st_mtime)
    if is_unmodified(request, modified):
        return Response(304)
    dated = (("last-modified", http_date(modified)),) if modified else ()
    with os.scandir(place) as entries:
        listed = sorted(
            (os.fsencode(entry.name), entry.name + "/" * entry.is_dir(follow_symlinks=False)) for entry in entries
        )
    if len(listed) > MAX_LISTED:
        return go_error("Error reading directory", 500)
    links = "".join(f'<a href="{write_path(name)}">{escape_html(name)}</a>\n' for _, name in listed)
    page = f'<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n{links}</pre>\n'
    return Response(200, (*dated, ("content-type", HTML)), page.encode("utf-8", "surrogateescape"))


def _serve_regular(request: Request, place: Path, status: os.stat_result) -> Response:
    if not stat.S_ISREG(status.st_mode):
        return go_not_found()
    with place.open("rb") as file:  # opened in any case: what may not be read is refused now
        content_type = type_of_name(place.name) or sniff(file.read(HEAD))
    whole = FilePart(str(place), 0, status.st_size, status.st_size)
    return serve_content(request, whole, content_type, int(status.st_mtime))
