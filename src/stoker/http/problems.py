"""Why a request failed, as a problem document (RFC 9457): a status, a sentence and the findings behind it."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

import msgspec

from stoker.http.messages import Response
from stoker.report import Entry, pointer_text

PROBLEM_TYPE = "application/problem+json"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding as answers show it; `place` is `file:line:column`, `pointer` a JSON pointer or empty."""

    severity: str
    code: str
    detail: str
    pointer: str
    place: str = ""
    hint: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem document; `errors` is this project's member for the findings behind it (RFC 9457, section 3.2)."""

    title: str
    status: int
    detail: str
    errors: tuple[Finding, ...] = ()


def problem(status: int, detail: str, findings: Iterable[Entry] = ()) -> Response:
    """Answer with a problem document. JSON holds only text: bytes of a request that are none are told as `?`."""
    document = Problem(HTTPStatus(status).phrase, status, _text(detail), tuple(finding(entry) for entry in findings))
    return Response(status, (("content-type", PROBLEM_TYPE),), msgspec.json.encode(document))


def finding(entry: Entry) -> Finding:
    """A finding of a report as answers show it."""
    place = str(entry.place) if entry.place is not None else ""
    pointer = pointer_text(entry.pointer)
    texts = map(_text, (entry.message, pointer, place, entry.hint or ""))
    return Finding(entry.severity.value, entry.code, *texts)


def _text(given: str) -> str:
    return given if given.isascii() else given.encode("utf-8", "replace").decode()
