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
from stoker.server.replies import Deed

LONGEST: Final = 400


class Form(enum.StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


class Lines:
    """Makes lines of a form; `clock` gives seconds since 1970."""

    def __init__(self, form: Form = Form.TEXT, clock: Callable[[], float] = time.time) -> None:
        self.form = form
        self.clock = clock

    def warn(self, text: str, request: str = "") -> str:
        """The line for a trouble of the server's own, in a request or not."""
        if self.form is Form.JSON:
            return self._json("error", text, {"request": request} if request else {})
        return one_line(f"error: {text}{f' {request}' if request else ''}")

    def tell(self, entry: Entry) -> str:
        """The line for what was found in a file."""
        where = f"{entry.place}: " if entry.place else ""
        hint = f" ({entry.hint})" if entry.hint else ""
        if self.form is Form.JSON:
            return self._json(entry.severity.value, f"{where}{entry.message}{hint}", {"code": entry.code})
        return one_line(f"{where}{entry.severity.value}: {entry.message}{hint}")

    def audit(self, deed: Deed) -> str:
        """The line for a change that a person made."""
        if self.form is Form.JSON:
            fields: dict[str, object] = {
                "caller": deed.who,
                "client": deed.client,
                "request": deed.request,
                "subject": deed.subject,
            }
            return self._json("notice", deed.what, fields)
        return one_line(f"audit: {deed.who} {deed.what} {deed.subject} from {deed.client} {deed.request}")

    def access(self, request: Request, response: Response, seconds: float, caller: str) -> str:
        """The line for how a request was answered."""
        method, target = request.method[:LONGEST], request.target[:LONGEST]
        agent = request.headers.get("user-agent", "-")[:LONGEST]
        milliseconds = round(seconds * 1000, 1)
        if self.form is Form.JSON:
            fields = {
                "request": request.id,
                "client": request.client,
                "caller": caller,
                "method": method,
                "target": target,
                "status": response.status,
                "bytes": response.size,
                "milliseconds": milliseconds,
                "agent": agent,
            }
            return self._json("info", "request", fields)
        line = f'{request.client} "{method} {target}" {response.status} {response.size}'
        return one_line(f'{line} {milliseconds:.1f}ms "{agent}" {request.id or "-"} {caller}')

    def _json(self, level: str, text: str, fields: dict[str, object]) -> str:
        document = {"at": round(self.clock(), 3), "level": level, "text": text, **fields}
        return msgspec.json.encode(_clean(document)).decode()


def one_line(text: str) -> str:
    """Text that cannot forge another line of a log or steer a terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _clean(document: dict[str, object]) -> dict[str, object]:
    """JSON escapes line breaks by itself; other marks that steer a terminal, and what is no Unicode, it does not."""
    return {name: one_line(value) if isinstance(value, str) else value for name, value in document.items()}
