"""`/assets/`: files below one directory, whole or in part, with an entity tag; never one outside of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from stoker.http import FilePart, RangeError, Request, Response, is_fresh, parse_range, problem
from stoker.server.replies import Reply, View

TYPES: Final = {
    ".asc": "text/plain; charset=utf-8",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".ipxe": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".xz": "application/x-xz",
}
OCTETS: Final = "application/octet-stream"


def asset(request: Request, view: View, names: dict[str, str]) -> Reply:
    """A file by its path below the directory of assets."""
    found = _find(view.assets, names["path"]) if view.assets else None
    if found is None:
        return Reply(problem(404, f"no asset `{names['path'][:200]}`"))
    path, status = found
    tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    headers = (("accept-ranges", "bytes"), ("etag", tag))
    if is_fresh(request.headers, tag):
        return Reply(Response(304, headers))
    try:
        part = parse_range(request.headers, status.st_size, tag)
    except RangeError as error:
        refusal = problem(416, str(error))
        return Reply(refusal.with_headers(("content-range", f"bytes */{status.st_size}")))
    typed = (*headers, ("content-type", TYPES.get(path.suffix, OCTETS)))
    if part is None:
        return Reply(Response(200, typed, FilePart(str(path), 0, status.st_size, status.st_size)))
    start, size = part
    content_range = ("content-range", f"bytes {start}-{start + size - 1}/{status.st_size}")
    return Reply(Response(206, (*typed, content_range), FilePart(str(path), start, size, status.st_size)))


def _find(root: Path, name: str) -> tuple[Path, os.stat_result] | None:
    """The file of that name; a link is followed only to what is below the root too."""
    if "\0" in name or ".." in name.split("/"):
        return None
    try:
        path = (root / name).resolve(strict=True)
        status = path.stat()
    except OSError:
        return None
    is_inside = path.is_relative_to(root.resolve())
    return (path, status) if is_inside and stat.S_ISREG(status.st_mode) else None
