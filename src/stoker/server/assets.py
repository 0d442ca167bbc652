"""`/assets/`: files below one directory, whole or in part, with an entity tag; never one outside of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from stoker.http import FilePart, Request, content_response, problem
from stoker.http.content_types import OCTETS, TEXT, type_of_name
from stoker.server.replies import Reply, View

# Suffixes of this trade that the general table does not have.
TYPES: Final = {".asc": TEXT, ".ipxe": TEXT, ".xz": "application/x-xz"}


def asset(request: Request, view: View, names: dict[str, str]) -> Reply:
    """A file by its path below the directory of assets."""
    found = _find(view.assets, names["path"]) if view.assets else None
    if found is None:
        return Reply(problem(404, f"no asset `{names['path'][:200]}`"))
    path, status = found
    content_type = TYPES.get(path.suffix) or type_of_name(path.name) or OCTETS
    whole = FilePart(str(path), 0, status.st_size, status.st_size)
    tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    return Reply(content_response(request, whole, content_type, tag))


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
