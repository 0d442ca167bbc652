"""The face of Matchbox v0.11 over HTTP: Requests go in, what Matchbox answers comes out, byte for byte.

Every method is as good as GET, every failure is `404 page not found`, and why is only in the log, in Matchbox's words.
What is known of a machine is noted as it is by the server's own face; there a config that had to be served empty is a
failure with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from stoker.http import Request, Response, text_response
from stoker.http.content_types import OCTETS, TEXT, sniff
from stoker.http.gocontent import go_error, go_not_found, serve_content
from stoker.http.gopaths import clean_path, redirect, write_path
from stoker.machines import (
    BOOTSTRAP,
    Answer,
    Asker,
    render_cloud,
    render_generic,
    render_grub,
    render_metadata,
    render_script,
    render_text,
)
from stoker.report import Entry, Event, Report
from stoker.server.fileserver import serve_file
from stoker.server.logrus import Logrus
from stoker.server.matchbox import IGNITION_TYPE, METADATA_TYPE, SIGNATURES, asker_of, event_of, sightings_of
from stoker.server.matchbox_configs import compile_template, read_config
from stoker.server.matchbox_log import Note, notes_of
from stoker.server.replies import Reply, View
from stoker.trust import TrustError

Endpoint = Callable[[Request, View], "Outcome"]
ASSETS: Final = "/assets/"


class Outcome:
    """What an endpoint makes of a request: the answer, whom it was for, and what Matchbox notes of it."""

    __slots__ = ("answer", "asker", "event", "notes", "response")

    def __init__(self, response: Response, asker: Asker, answer: Answer, event: Event, notes: list[Note]) -> None:
        self.response = response
        self.asker = asker
        self.answer = answer
        self.event = event
        self.notes = notes


def boot_script(request: Request, view: View) -> Outcome:
    """`/boot.ipxe`: the same for every machine."""
    event = Event(view.at, "boot", "asked for the first script")
    return Outcome(text_response(BOOTSTRAP), asker_of(request), Answer(None, Report()), event, [])


def ipxe(request: Request, view: View) -> Outcome:
    """`/ipxe`."""
    return _said(request, view, "ipxe", "boot script", render_script(view.catalogue, asker_of(request)), TEXT)


def grub(request: Request, view: View) -> Outcome:
    """`/grub`."""
    return _said(request, view, "grub", "boot configuration", render_grub(view.catalogue, asker_of(request)), TEXT)


def metadata(request: Request, view: View) -> Outcome:
    """`/metadata`."""
    answer = render_metadata(view.catalogue, asker_of(request))
    return _said(request, view, "metadata", "metadata", answer, METADATA_TYPE)


def cloud(request: Request, view: View) -> Outcome:
    """`/cloud`."""
    return _said(request, view, "cloud", "cloud-config", render_cloud(view.catalogue, asker_of(request)))


def generic(request: Request, view: View) -> Outcome:
    """`/generic`."""
    return _said(request, view, "generic", "text", render_generic(view.catalogue, asker_of(request)))


def ignition(request: Request, view: View) -> Outcome:
    """`/ignition`: a config that cannot be read is answered as an empty one."""
    text, origin = render_text(view.catalogue, asker_of(request), "ignition")
    if text.body is None:
        return _said(request, view, "ignition", "config", text)
    make = read_config if origin.rendered is None else compile_template
    body, findings = make(text.body, origin.file)
    answer = replace(text, body=body, report=Report((*text.report, *origin.found(findings))))
    outcome = _said(request, view, "ignition", "config", answer, IGNITION_TYPE)
    if body is not None and answer.report.has_errors:
        unread = replace(answer, body=None)
        outcome.event = event_of(view, "ignition", "config but an empty one", unread)
    return outcome


ENDPOINTS: Final[dict[str, Endpoint]] = {
    "/boot.ipxe": boot_script,
    "/boot.ipxe.0": boot_script,
    "/ipxe": ipxe,
    "/grub": grub,
    "/ignition": ignition,
    "/cloud": cloud,
    "/generic": generic,
    "/metadata": metadata,
}


def _said(request: Request, view: View, stage: str, what: str, answer: Answer, content_type: str = "") -> Outcome:
    """An answer of that type; without one its bytes tell the type, and conditions and ranges are heeded."""
    if answer.body is None:
        response = go_not_found()
    elif content_type:
        response = text_response(answer.body, content_type=content_type)
    else:
        response = serve_content(request, answer.body, sniff(answer.body))
    asker = asker_of(request)
    notes = notes_of(stage, view.catalogue, asker, answer)
    return Outcome(response, asker, answer, event_of(view, stage, what, answer), notes)


class MatchboxFace:
    """The face of the applet; `log` is how its log is written."""

    reads_bodies = False

    def __init__(self, log: Logrus) -> None:
        self.log = log

    def answer(self, request: Request, view: View) -> Reply:
        """Answer by the table, once the path is clean."""
        path = clean_path(request.path)
        if request.path == "*":
            return Reply(Response(400))
        if view.assets is not None and path == ASSETS[:-1]:
            path = ASSETS
        if path != request.path:
            return Reply(redirect(request, path))
        asked = write_path(path) + (f"?{request.raw_query}" if request.raw_query else "")
        line = self.log.line("info", f"HTTP {request.method} {asked}")
        if view.assets is not None and path.startswith(ASSETS):
            return Reply(serve_file(request, view.assets, path[len(ASSETS) - 1 :]), (), (line,))
        if path in ENDPOINTS:
            return self._reply(ENDPOINTS[path](request, view), line)
        signed = ENDPOINTS.get(path[: -len(".sig")]) if path[-len(".sig") :] in SIGNATURES else None
        if signed is not None and view.signer is not None:
            return self._signed(signed(request, view), line, view, is_armored=SIGNATURES[path[-len(".sig") :]])
        return Reply(text_response("matchbox\n") if path == "/" else go_not_found(), (), (line,))

    def fail(self, request: Request, error: Exception) -> Reply:
        """What a fault of the server's own looks like; Matchbox would drop the connection."""
        line = self.log.line("error", f"{request.method} {request.path}: {type(error).__name__}: {error}")
        return Reply(go_error("Internal Server Error", 500), (), (line,))

    def access(self, request: Request, response: Response, seconds: float) -> str:
        """Nothing: requests are noted before they are answered."""
        return ""

    def tell(self, entry: Entry) -> str:
        """A finding in the files, at its level."""
        where = f"{entry.place}: " if entry.place else ""
        return self.log.line(entry.severity.value, f"{where}{entry.message}")

    def warn(self, text: str) -> str:
        """An error."""
        return self.log.line("error", text)

    def _reply(self, outcome: Outcome, line: str) -> Reply:
        sightings = sightings_of(outcome.asker, outcome.event, outcome.answer)
        return Reply(outcome.response, sightings, (line, *self._lines(outcome)))

    def _lines(self, outcome: Outcome) -> list[str]:
        return [self.log.line(note.level, note.text, **note.fields) for note in outcome.notes]

    def _signed(self, outcome: Outcome, line: str, view: View, *, is_armored: bool) -> Reply:
        """A signature in place of the body, whatever the status: Matchbox signs its refusals too."""
        lines = (line, *self._lines(outcome))
        body, signer = outcome.response.body, view.signer
        if signer is None or not isinstance(body, bytes):
            return Reply(go_not_found(), (), lines)
        try:
            signature = signer.sign(body, is_armored=is_armored)
        except TrustError as error:
            return Reply(go_error(str(error), 500), (), lines)
        content_type = TEXT if is_armored else OCTETS
        return Reply(text_response(signature, outcome.response.status, content_type), (), lines)
