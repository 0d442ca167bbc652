"""Paths on the target, and what systemd calls them. In goes a string, out comes a string; nothing is looked up."""

from __future__ import annotations

import posixpath
import re
from typing import Final

_CLEAN: Final = re.compile(r"/|(?:/(?!\.{1,2}(?:/|\Z))[^/]+)+", re.DOTALL)
_ALLOWED: Final = frozenset(b":_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def is_clean_absolute(path: str) -> bool:
    """Whether an absolute path has no empty, `.` or `..` component and no slash at its end."""
    return _CLEAN.fullmatch(path) is not None


def clean(path: str) -> str:
    """The shortest path that means the same, without looking at links (Go's path.Clean)."""
    cleaned = posixpath.normpath(path) if path else "."
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def join(base: str, path: str) -> str:
    """Join two paths and clean the result (Go's path.Join)."""
    return clean("/".join(part for part in (base, path) if part)) if base or path else ""


def escape_unit_path(path: str) -> str:
    """The unit name of a path without its suffix, as the reference escapes it.

    As systemd-escape(1) `--path`, but for one digit where the code of a character below 16 is written.
    """
    parts = [part for part in path.split("/") if part]
    joined = "/".join(parts).encode("utf-8", "replace")
    out = []
    for index, code in enumerate(joined):
        if code == 0x2F:
            out.append("-")
        elif code not in _ALLOWED or (index == 0 and code == 0x2E):
            out.append(f"\\x{code:x}")
        else:
            out.append(chr(code))
    return "".join(out) or "-"
