"""Requests and answers, one JSON object a line: what `convert --jsonl` and `merge --jsonl` speak.

A request has an `id` and texts, as strings or, where they are not UTF-8, in base64 under `NAME_b64`. An answer has
the same `id`, `ok`, `error`, `report` (one line an entry) and `config` (null when there is none).
"""

from __future__ import annotations

import sys
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import msgspec

from stoker.cli.exits import CommandError, Exit
from stoker.cli.streams import write_data
from stoker.ignition import encode
from stoker.report import Report
from stoker.report.render import as_line

MAX_LINE = 64 << 20

Answer = tuple[Any, Report, str]


def text_of(request: dict[str, Any], name: str) -> bytes:
    """A text of a request; what is given as JSON, not as text, is written out."""
    if f"{name}_b64" in request:
        return b64decode(request[f"{name}_b64"])
    given = request.get(name, "")
    return given.encode("utf-8", "surrogatepass") if isinstance(given, str) else encode(given)


def answer_lines(answer: Callable[[dict[str, Any]], Answer]) -> int:
    """Answer each line of standard input. Lines that are no requests end the verb."""
    import json  # noqa: PLC0415 -- lone surrogates, which only this reader takes

    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            config, report, error = answer(request)
        except (ValueError, TypeError, AttributeError, RecursionError) as wrong:
            raise CommandError(f"line {number} is no request: {wrong}", hint='{"id": ..., "config": ...}') from wrong
        reply = {"id": request.get("id"), "ok": config is not None, "error": error, "report": _lines(report)}
        reply["config"] = None if config is None else msgspec.Raw(encode(config))
        write_data(msgspec.json.encode(reply) + b"\n")
    return Exit.FINE


def _lines(report: Report) -> list[str]:
    return [as_line(entry).encode("utf-8", "replace").decode() for entry in report]
