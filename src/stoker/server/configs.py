"""`/ignition`, `/cloud` and `/generic`: a machine's config, made, judged, and secrets put in last of all.

What is made is the same for all who ask alike, and holds references in the place of secrets; that is what is digested,
cached and kept. Whether this machine may have it is said by its state, by holds and by its token; only then are secrets
put in, by another thread, since a command may give them, and what is sent for a token is sent once its use is stored.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from stoker.http import Request, Response, content_response, entity_tag, problem, text_response
from stoker.http.content_types import sniff
from stoker.machines import (
    Answer,
    AnyFact,
    Catalogue,
    Compile,
    Group,
    Machine,
    Refused,
    Sent,
    Tokened,
    Told,
    Validate,
    read_demands,
    render_cloud,
    render_config,
    render_generic,
    write_receipt,
)
from stoker.machines.boots import is_installed
from stoker.machines.catalogue import Source
from stoker.machines.references import only_written, put_in, put_in_text
from stoker.machines.rendering import Asker
from stoker.machines.tokens import OK, Ruling, finish, hand_out, judge
from stoker.machines.versions import choose_version
from stoker.report import Event, Report
from stoker.server.asked import Asked, read_asked, reason_not
from stoker.server.matchbox import IGNITION_TYPE, event_of, refuse, sightings_of
from stoker.server.notes import Note
from stoker.server.replies import Order, Reply, View, Work
from stoker.server.traces import Making
from stoker.trust import REFERENCE, Reference, Secret

NO_STORE: Final = ("cache-control", "no-store")
NOT_ACCEPTABLE: Final = 406
TOKEN_NAME: Final = "token"

Render = Callable[[Catalogue, Asker, Compile, Validate], Answer]


class Kind(NamedTuple):
    """A kind of config: the path and the folder of it, its name for people, and what makes it."""

    folder: str
    what: str
    render: Render

    @property
    def is_config(self) -> bool:
        """Whether it is one of Ignition, which has versions and parts."""
        return self.folder == "ignition"

    @property
    def has_receipt(self) -> bool:
        """Whether a machine that was sent it has its config."""
        return self.folder != "generic"


IGNITION: Final = Kind("ignition", "config", render_config)
CLOUD: Final = Kind("cloud", "cloud-config", lambda catalogue, asker, *_: render_cloud(catalogue, asker))
GENERIC: Final = Kind("generic", "text", lambda catalogue, asker, *_: render_generic(catalogue, asker))


class Made(NamedTuple):
    """A config before secrets are put in: how it was chosen, why there is none with the status of that, and its parts.

    Of one of Ignition the parts are as those of a `Prepared`. `has_references`: secrets are to be put in.
    """

    answer: Answer
    status: int = OK
    digest: str = ""
    version: str = ""
    has_lines: bool = False
    has_references: bool = False

    @property
    def body(self) -> bytes:
        """The config."""
        return self.answer.body or b""


def make(view: View, asker: Asker, kind: Kind, accept: str) -> Made:
    """Make a config for who asks so, in the version that the client wants."""
    choice = choose_version(accept if kind.is_config else "")
    if choice.is_refused:
        return Made(Answer(None, choice.report), NOT_ACCEPTABLE)
    answer = kind.render(view.catalogue, asker, view.compile, view.validate)
    if answer.body is None or not kind.is_config:
        has_references = answer.body is not None and REFERENCE.search(answer.body.decode("latin-1")) is not None
        return Made(answer, has_references=has_references)
    done = view.stock.prepare(answer.body, choice.target)
    if done.body is None:
        return Made(answer.judged(None, done.report), NOT_ACCEPTABLE)
    return Made(replace(answer, body=done.body), OK, done.digest, done.version, done.has_lines, done.has_references)


@dataclass(frozen=True, slots=True)
class Giving:
    """One request for a config."""

    request: Request
    view: View
    kind: Kind
    asked: Asked
    group: Group | None
    takes_token: bool

    def reply(self) -> Reply:
        """The answer, or what is to be done for it."""
        refused = self._turn_away()
        if refused is not None:
            return refused
        accept = self.request.headers.get("accept", "")
        made = make(self.view, self.asked.asker, self.kind, accept)
        if made.answer.body is None:
            return self._without(made)
        if not made.has_references:
            return self._hand_out(made, made.body)
        return Reply(Response(OK), work=Work(lambda: self._put_in(made), lambda done: self._with_secrets(made, *done)))

    def _turn_away(self) -> Reply | None:
        """Why the machine is given nothing, whatever it would be."""
        profile = self.group.profile if self.group is not None else ""
        template = self.view.catalogue.template(profile, self.kind.folder)
        reason = reason_not(self.view, self.asked.machine, template)
        if reason:
            return self._refusal(403, reason, Refused(reason))
        if not self.takes_token:
            return None
        ruling = self._judge(self.asked.machine)
        return None if ruling.status == OK else self._ruled_out(ruling)

    def _judge(self, machine: Machine) -> Ruling:
        return judge(machine.token, self._serving, self.view.token.reveal(), self.view.key, self.view.at)

    @property
    def _serving(self) -> str:
        """What a token counts by: of a group, each kind of config is handed out for itself."""
        return f"{self.group.key if self.group else ''}/{self.kind.folder}"

    def _ruled_out(self, ruling: Ruling) -> Reply:
        """A refusal for what the token is, or is not; the record keeps the token that it has."""
        event = ruling.event or Event(self.view.at, "token", "asked in vain")
        return self._refusal(ruling.status, f"the machine {event.text}", Told(event))

    def _refusal(self, status: int, reason: str, fact: AnyFact) -> Reply:
        note = Note(self.asked.identity, (self.asked.seen(), fact), self.view.at)
        return Reply(problem(status, reason), notes=(note,))

    def _without(self, made: Made) -> Reply:
        """Why there is no config."""
        event = event_of(self.view, self.kind.folder, self.kind.what, made.answer)
        response = refuse(made.answer, made.status if made.status != OK else None)
        return Reply(response, sightings_of(self.asked.asker, event, made.answer))

    def _put_in(self, made: Made) -> tuple[bytes | None, Report]:
        """The config with its secrets; in another thread."""
        source = self._source(made)
        given = {TOKEN_NAME: self.view.token} if self.view.token else {}

        def resolve(reference: Reference) -> Secret:
            return self.view.stock.secrets.resolve(reference, self.asked.machine.name, given)

        template = source.item.data if source is not None and source.template is not None else None
        metadata = self.group.metadata if self.group is not None else {}
        checked = resolve if template is None else only_written(resolve, template, metadata)
        return (put_in if self.kind.is_config else put_in_text)(made.body, checked)

    def _with_secrets(self, made: Made, body: bytes | None, report: Report) -> Reply:
        if body is None:
            return self._without(made._replace(answer=made.answer.judged(None, report), status=500))
        return self._hand_out(made, body)

    def _hand_out(self, made: Made, sent: bytes) -> Reply:
        """Give what is to be sent, and note that; for a token, once its use is stored."""
        response = self._response(made, sent)
        note = self._note(made, sent)
        if not self.takes_token:
            return Reply(response, notes=(note,))
        machine = self.view.keeper.find(self.asked.identity) or self.asked.machine
        ruling = self._judge(machine)  # once more, since putting in secrets took its time
        allowed = ruling.event
        if ruling.status == OK and ruling.token is not None:
            ruling = hand_out(ruling.token, self._serving, sent, self.view.key, self.view.at)
        if ruling.status != OK:
            return self._ruled_out(ruling)
        note = Note(note.identity, (*note.facts, Tokened(ruling.token, allowed)), note.at)
        return Reply(Response(OK), change=Order(note), then=lambda _revisions: response, sent=self._finished)

    def _finished(self, at: float) -> Note | None:
        """That the last byte was given to the connection, if that is the first time."""
        machine = self.view.keeper.find(self.asked.identity)
        token = machine.token if machine is not None else None
        done = finish(token, self._serving, at) if token is not None else None
        return None if done is token else Note(self.asked.identity, (Tokened(done),), at)

    def _response(self, made: Made, sent: bytes) -> Response:
        content_type = IGNITION_TYPE if self.kind.is_config else sniff(sent)
        if made.has_references or self.takes_token:
            return text_response(sent, content_type=content_type).with_headers(NO_STORE)
        if self.kind.is_config:
            return text_response(sent, content_type=content_type)
        return content_response(self.request, sent, content_type, entity_tag(sent))

    def _note(self, made: Made, sent: bytes) -> Note:
        """What becomes known of a machine that is sent a config; of the config, how to find its lines."""
        answer, view = made.answer, self.view
        seen = self.asked.seen(answer.group, answer.profile)
        source = self._source(made)
        if not self.kind.has_receipt or source is None:
            told = Told(event_of(view, self.kind.folder, self.kind.what, answer))
            return Note(self.asked.identity, (seen, told), view.at)
        receipt = write_receipt(
            view.key,
            made.body,
            sent,
            view.at,
            digest=made.digest,
            version=made.version,
            template=source.item.key,
            revision=source.item.revision,
            group=answer.group,
            profile=answer.profile,
        )
        if made.has_lines and self.group is not None:
            making = Making(source.item.key, source, self.group, self.asked.asker)
            view.stock.traces.keep(receipt.config, making)
        sent_fact = Sent(receipt, is_installed=is_installed(self.asked.asker.labels))
        told = Told(event_of(view, self.kind.folder, self.kind.what, answer, made.digest))
        return Note(self.asked.identity, (seen, told, sent_fact), view.at)

    def _source(self, made: Made) -> Source | None:
        """The file that a config was made of."""
        catalogue = self.view.catalogue
        return catalogue.source(catalogue.template(made.answer.profile, self.kind.folder))


def _give(kind: Kind, request: Request, view: View, _names: dict[str, str]) -> Reply:
    asked = read_asked(request, view)
    group = view.catalogue.selection.find(asked.asker.labels)
    takes_token = group is not None and read_demands(group)[0].takes_token
    return Giving(request, view, kind, asked, group, takes_token).reply()


ignition = functools.partial(_give, IGNITION)
cloud = functools.partial(_give, CLOUD)
generic = functools.partial(_give, GENERIC)
