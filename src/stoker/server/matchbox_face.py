"""The face of Matchbox v0.11 over HTTP: Requests go in, what Matchbox answers comes out, byte for byte.

Every method is as good as GET, every failure is `404 page not found`, and why is only in the log, in Matchbox's words.
What is known of a machine is noted as it is by the server's own face; there a config that had to be served empty is a
failure with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final, NamedTuple

from stoker.http import Request, Response, text_response
from stoker.http.content_types import OCTETS, TEXT, sniff
from stoker.http.gocontent import go_error, go_not_found, serve_content
from stoker.http.gopaths import clean_path, redirect, write_path
from stoker.machines import (
    BOOTSTRAP,
    Answer,
    Asker,
    Catalogue,
    Sighting,
    render_cloud,
    render_generic,
    render_grub,
    render_metadata,
    render_script,
    render_text,
)
from stoker.report import Entry, Event, Report
from stoker.server.asked import asker_of
from stoker.server.fileserver import serve_file
from stoker.server.logrus import Logrus
from stoker.server.matchbox import IGNITION_TYPE, METADATA_TYPE, SIGNATURES, event_of, sightings_of
from stoker.server.matchbox_configs import compile_template, read_config
from stoker.server.matchbox_log import Note, notes_of
from stoker.server.replies import NO_STOCK, Deed, Reply, View
from stoker.server.wire import BAD_VERSION, NO_HOST
from stoker.trust import Signer, TrustError

ASSETS: Final = "/assets/"


class Endpoint(NamedTuple):
    """A row: the stage that events name, what is given there, who makes it, and its type.

    Without a type the bytes tell it, and conditions and ranges of the request are heeded.
    """

    stage: str
    what: str
    render: Callable[[Catalogue, Asker], Answer]
    content_type: str = ""


class Outcome(NamedTuple):
    """What a request came to: the answer, whom it was for, and what is noted of it."""

    response: Response
    sightings: tuple[Sighting, ...]
    notes: list[Note]


def render_ignition(catalogue: Catalogue, asker: Asker) -> Answer:
    """The config of a machine; one that cannot be read is an empty config with errors beside it."""
    text, origin = render_text(catalogue, asker, "ignition")
    if text.body is None:
        return text
    make = read_config if origin.rendered is None else compile_template
    body, findings = make(text.body, origin.file)
    return replace(text, body=body, report=Report((*text.report, *origin.found(findings))))


ENDPOINTS: Final = {
    "/ipxe": Endpoint("ipxe", "boot script", render_script, TEXT),
    "/grub": Endpoint("grub", "boot configuration", render_grub, TEXT),
    "/ignition": Endpoint("ignition", "config", render_ignition, IGNITION_TYPE),
    "/cloud": Endpoint("cloud", "cloud-config", render_cloud),
    "/generic": Endpoint("generic", "text", render_generic),
    "/metadata": Endpoint("metadata", "metadata", render_metadata, METADATA_TYPE),
}
REFUSALS: Final = {NO_HOST: "missing required Host header", BAD_VERSION: "unsupported protocol version"}
BOOT_SCRIPTS: Final = frozenset({"/boot.ipxe", "/boot.ipxe.0"})


def _outcome(request: Request, view: View, path: str) -> Outcome | None:
    """What a request for a path came to; None where nothing is there."""
    asker = asker_of(request)
    if path in BOOT_SCRIPTS:
        event = Event(view.at, "boot", "asked for the first script")
        return Outcome(text_response(BOOTSTRAP), sightings_of(asker, event, Answer(None, Report())), [])
    endpoint = ENDPOINTS.get(path)
    if endpoint is None:
        return None
    answer = endpoint.render(view.catalogue, asker)
    if answer.body is None:
        response = go_not_found()
    elif endpoint.content_type:
        response = text_response(answer.body, content_type=endpoint.content_type)
    else:
        response = serve_content(request, answer.body, sniff(answer.body))
    if answer.body is not None and answer.report.has_errors:
        event = event_of(view, endpoint.stage, f"{endpoint.what} but an empty one", replace(answer, body=None))
    else:
        event = event_of(view, endpoint.stage, endpoint.what, answer)
    notes = notes_of(endpoint.stage, view.catalogue, asker, answer)
    return Outcome(response, sightings_of(asker, event, answer), notes)


class MatchboxFace:
    """The face of the applet; `log` is how its log is written."""

    stock = NO_STOCK
    reads_bodies = False
    names_requests = False

    def __init__(self, log: Logrus) -> None:
        self.log = log

    def answer(self, request: Request, view: View) -> Reply:
        """Answer by the table, once the path is clean."""
        path = clean_path(request.path)
        if request.path == "*":
            return Reply(Response(200 if request.method == "OPTIONS" else 400))
        if view.assets is not None and path == ASSETS[:-1]:
            path = ASSETS
        if path != request.path:
            return Reply(redirect(request, path))
        asked = write_path(path) + (f"?{request.raw_query}" if request.raw_query else "")
        line = self.log.line("info", f"HTTP {request.method} {asked}")
        if view.assets is not None and path.startswith(ASSETS):
            return Reply(serve_file(request, view.assets, path[len(ASSETS) - 1 :]), (), (line,))
        outcome = _outcome(request, view, path)
        if outcome is not None:
            return Reply(outcome.response, outcome.sightings, (line, *self._lines(outcome)))
        stem, suffix = path[: -len(".sig")], path[-len(".sig") :]
        if suffix in SIGNATURES and view.signer is not None:
            outcome = _outcome(request, view, stem)
            if outcome is not None:
                signed = _sign(outcome.response, view.signer, is_armored=SIGNATURES[suffix])
                return Reply(signed, (), (line, *self._lines(outcome)))
        return Reply(text_response("matchbox\n") if path == "/" else go_not_found(), (), (line,))

    def fail(self, request: Request, error: Exception) -> Reply:
        """What a fault of the server's own looks like; Matchbox would drop the connection."""
        line = self.log.line("error", f"{request.method} {request.path}: {type(error).__name__}: {error}")
        return Reply(go_error("Internal Server Error", 500), (), (line,))

    def refuse(self, status: int, detail: str) -> Response:
        """The line that Go's net/http writes."""
        reason = f": {REFUSALS[detail]}" if detail in REFUSALS else ""
        return text_response(f"{status} {HTTPStatus(status).phrase}{reason}", status, TEXT)

    def access(self, request: Request, reply: Reply, seconds: float) -> str:
        """Nothing: requests are noted before they are answered."""
        return ""

    def troubles(self) -> tuple[str, ...]:
        """Nothing: it reads nothing of its own."""
        return ()

    def audit(self, deed: Deed) -> str:
        """Nothing: who writes over gRPC is in the line of the call."""
        return ""

    def tell(self, entry: Entry) -> str:
        """A finding in the files, at its level."""
        where = f"{entry.place}: " if entry.place else ""
        return self.log.line(entry.severity.value, f"{where}{entry.message}")

    def warn(self, text: str) -> str:
        """An error."""
        return self.log.line("error", text)

    def _lines(self, outcome: Outcome) -> list[str]:
        return [self.log.line(note.level, note.text, **note.fields) for note in outcome.notes]


def _sign(response: Response, signer: Signer, *, is_armored: bool) -> Response:
    """A signature in place of the body, whatever the status: Matchbox signs its refusals too."""
    if not isinstance(response.body, bytes):
        return go_not_found()
    try:
        signature = signer.sign(response.body, is_armored=is_armored)
    except TrustError as error:
        return go_error(str(error), 500)
    return text_response(signature, response.status, TEXT if is_armored else OCTETS)
