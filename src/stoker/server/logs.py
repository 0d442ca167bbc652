"""Lines of the server's log: what happened goes in, one line of text or of JSON comes out.

A line is one line: what a client sent cannot forge another, nor steer a terminal.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from typing import Final

import msgspec

from stoker.http import Request, Response
from stoker.report import Entry

LONGEST: Final = 400


class Form(enum.StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


class Log:
    """Writes lines by `write`, which takes one at a time; `clock` gives seconds since 1970."""

    def __init__(
        self, write: Callable[[str], None], form: Form = Form.TEXT, clock: Callable[[], float] = time.time
    ) -> None:
        self.write = write
        self.form = form
        self.clock = clock

    def say(self, text: str, level: str = "info", **fields: str) -> None:
        """Say that something happened; `fields` go with it."""
        if self.form is Form.JSON:
            self._write_json(level, text, dict(fields))
            return
        said = "".join(f" {name}={value}" for name, value in fields.items())
        self.write(one_line(f"{'' if level == 'info' else f'{level}: '}{text}{said}"))

    def finding(self, entry: Entry) -> None:
        """Say what was found in a file."""
        where = f"{entry.place}: " if entry.place else ""
        hint = f" ({entry.hint})" if entry.hint else ""
        if self.form is Form.JSON:
            self._write_json(entry.severity.value, f"{where}{entry.message}{hint}", {"code": entry.code})
        else:
            self.write(one_line(f"{where}{entry.severity.value}: {entry.message}{hint}"))

    def access(self, request: Request, response: Response, seconds: float, caller: str) -> None:
        """Say how a request was answered."""
        target = request.target[:LONGEST]
        agent = request.headers.get("user-agent", "-")[:LONGEST]
        milliseconds = round(seconds * 1000, 1)
        if self.form is Form.JSON:
            fields = {
                "request": request.id,
                "client": request.client,
                "caller": caller,
                "method": request.method[:LONGEST],
                "target": target,
                "status": response.status,
                "bytes": response.size,
                "milliseconds": milliseconds,
                "agent": agent,
            }
            self._write_json("info", "request", fields)
            return
        line = f'{request.client} "{request.method[:LONGEST]} {target}" {response.status} {response.size}'
        self.write(one_line(f'{line} {milliseconds:.1f}ms "{agent}" {request.id} {caller}'))

    def _write_json(self, level: str, text: str, fields: dict[str, object]) -> None:
        document = {"at": round(self.clock(), 3), "level": level, "text": text, **fields}
        self.write(msgspec.json.encode(_clean(document)).decode())


def one_line(text: str) -> str:
    """Text that cannot forge another line of a log or steer a terminal."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _clean(document: dict[str, object]) -> dict[str, object]:
    """JSON escapes line breaks by itself; what is no Unicode it cannot write at all."""
    return {
        name: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for name, value in document.items()
    }
