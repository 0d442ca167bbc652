"""Entity tags and ranges (RFC 9110, sections 8.8.3, 13.1 and 14): headers go in, decisions come out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from stoker.http.errors import RangeError

BYTES_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")
TAG: Final = re.compile(r'(?:W/)?("[^"]*")|\*')


def entity_tag(data: bytes) -> str:
    """A strong entity tag of some bytes."""
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def is_fresh(headers: Mapping[str, str], tag: str) -> bool:
    """Whether the client's copy is the one with this tag, so that the answer is 304."""
    wanted = headers.get("if-none-match", "")
    return any(found.group() == "*" or found.group(1) == tag for found in TAG.finditer(wanted))


def refused_precondition(headers: Mapping[str, str], tag: str | None, *, is_required: bool = False) -> int | None:
    """The status by which a change is refused, None if it may be made; `tag` is None where nothing is there yet.

    412 where the client has changed another version than the one that is there, 428 (RFC 6585, section 3) where it
    has to name one and does not. The comparison is the strong one: a weak tag never matches.
    """
    wanted, unwanted = headers.get("if-match"), headers.get("if-none-match")
    if wanted is not None:
        found = any(each.group() == "*" or each.group() == tag for each in TAG.finditer(wanted))
        return None if tag is not None and found else 412
    if unwanted is not None:
        return 412 if tag is not None and is_fresh(headers, tag) else None
    return 428 if is_required and tag is not None else None


def parse_range(headers: Mapping[str, str], size: int, tag: str) -> tuple[int, int] | None:
    """Offset and length of the part asked for; None for the whole.

    Several ranges, another unit or a failed `If-Range` mean the whole. Raises RangeError where no byte is in the
    range, so that the answer is 416.
    """
    asked = headers.get("range", "")
    if not asked.startswith("bytes=") or "," in asked or headers.get("if-range", tag) != tag:
        return None
    found = BYTES_RANGE.fullmatch(asked)
    if found is None or found.groups() == ("", ""):
        raise RangeError("invalid range")
    first, last = found.groups()
    if not first:
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
    if last and first and int(last) < start:
        raise RangeError("invalid range")
    if start >= size:
        raise RangeError("invalid range: failed to overlap")
    return start, end - start + 1
