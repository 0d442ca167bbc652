"""Requests and answers, one JSON object a line: what `convert --jsonl` and `merge --jsonl` speak.

A request has an `id` and texts, as strings or, where they are not UTF-8, in base64 under `NAME_b64`. An answer has
the same `id`, `ok`, `error`, `report` (one line an entry) and `config` (null when there is none).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

import msgspec

from stoker.cli.exits import Exit
from stoker.cli.streams import STDIN, write_data
from stoker.ignition.encode import encode
from stoker.report import Report
from stoker.report.render import as_line

MAX_LINE: Final = 256 << 20  # bytes

Answer = tuple[Any, Report, str]


def text_of(request: dict[str, Any], name: str) -> bytes:
    """A text of a request; what is given as JSON, not as text, is written out."""
    if f"{name}_b64" in request:
        decoded: bytes = request[f"{name}_b64"]
        return decoded
    given = request.get(name, "")
    return given.encode("utf-8", "surrogatepass") if isinstance(given, str) else encode(given)


def answer_lines(answer: Callable[[dict[str, Any]], Answer]) -> int:
    """Answer each line of standard input, one that is no request with `ok` false; exit 1 when there was such a line."""
    code = Exit.FINE
    with open(STDIN, "rb", closefd=False) as requests:
        for number, line in enumerate(iter(lambda: requests.readline(MAX_LINE), b""), 1):
            if line.strip() and not _answer_one(number, line, answer):
                code = Exit.FINDINGS
    return code


def _answer_one(number: int, line: bytes, answer: Callable[[dict[str, Any]], Answer]) -> bool:
    """Answer a line; whether it was a request."""
    request: dict[str, Any] | None = None
    try:
        request = _request(line)
    except (ValueError, RecursionError) as wrong:
        config, report, error = None, Report(), f"line {number} is no request: {wrong}"
    else:
        config, report, error = answer(request)
    reply = {
        "id": request.get("id") if request else None,
        "ok": config is not None,
        "error": error,
        "report": _lines(report),
    }
    reply["config"] = None if config is None else msgspec.Raw(encode(config))
    write_data(msgspec.json.encode(reply) + b"\n")
    return request is not None


def _request(line: bytes) -> dict[str, Any]:
    """Read a request and its texts. Raises ValueError where it is none."""
    import json  # noqa: PLC0415 -- lone surrogates, which only this reader takes

    request = json.loads(line)
    if not isinstance(request, dict):
        raise ValueError('not an object such as {"id": ..., "config": ...}')  # noqa: TRY004 -- as all that is no request
    for name in [name for name in request if name.endswith("_b64")]:
        if not isinstance(request[name], str):
            raise ValueError(f"`{name}` is no text")  # noqa: TRY004 -- likewise
        request[name] = b64decode(request[name], validate=True)
    filesystems = request.get("filesystems") or {}
    if not isinstance(filesystems, dict) or not all(isinstance(path, str) for path in filesystems.values()):
        raise ValueError("`filesystems` is no object of names and paths")
    return request


def _lines(report: Report) -> list[str]:
    return [as_line(entry).encode("utf-8", "replace").decode() for entry in report]
