"""Why a request failed, as a problem document (RFC 9457): a status, a sentence and the findings behind it."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from stoker.http.messages import Response
from stoker.report import Entry, pointer_text

PROBLEM_TYPE = "application/problem+json"


def problem(status: int, detail: str, findings: Iterable[Entry] = ()) -> Response:
    """Answer with a problem document; `findings` become its member `errors` (RFC 9457, section 3)."""
    document: dict[str, Any] = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    errors = [_describe(entry) for entry in findings]
    if errors:
        document["errors"] = errors
    return Response(status, (("content-type", PROBLEM_TYPE),), msgspec.json.encode(document))


def _describe(entry: Entry) -> dict[str, Any]:
    described: dict[str, Any] = {
        "severity": entry.severity.value,
        "code": entry.code,
        "detail": entry.message,
        "pointer": pointer_text(entry.pointer),
    }
    if entry.place is not None:
        described["place"] = str(entry.place)
    if entry.hint:
        described["hint"] = entry.hint
    return described
