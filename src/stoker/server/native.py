"""The server's own face: the table of its paths; failures are problem documents, each request is a line of the log."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Final

from stoker.http import Match, Request, Response, problem
from stoker.machines import keyed_digest, parse_name
from stoker.machines.tokens import take_token
from stoker.report import Entry
from stoker.server.endpoints import Endpoint
from stoker.server.logs import Form, Lines
from stoker.server.page.desk import Desk
from stoker.server.prepared import Prepare
from stoker.server.replies import Deed, Reply, Stock, View
from stoker.server.roles import ANYONE, Access, Caller, Role, TokenFile, Tokens, bearer, refusal
from stoker.server.routes import API, TABLE
from stoker.server.sessions import Sessions
from stoker.server.traces import Explain, Traces
from stoker.trust import Secret, Secrets

NO_TOKENS: Final = TokenFile(None)
READERS: Final = frozenset({"/healthz", "/readyz", "/metrics"})  # who need nothing of what is kept
PAGE: Final = "/ui"
CHALLENGE: Final = ("www-authenticate", 'Bearer realm="stoker"')


class Native:
    """The face of `stoker serve`: `tokens` say who may do what, `form` how its log is written."""

    reads_bodies = True
    names_requests = True

    def __init__(
        self,
        tokens: TokenFile = NO_TOKENS,
        form: Form = Form.TEXT,
        *,
        secrets: Secrets | None = None,
        explain: Explain | None = None,
    ) -> None:
        """`secrets` are put into configs, `explain` says which lines gave what they have."""
        self.tokens = tokens
        self.lines = Lines(form)
        self.stock = Stock(secrets or Secrets(), Traces(explain), Prepare())
        self.desk = Desk(Sessions(self._reader))

    def answer(self, request: Request, view: View) -> Reply:
        """Answer by the table of routes, as far as it is open to who asks.

        The token that a query brings goes no further than into the view: what is left of it is a reference.
        """
        token, raw_query = take_token(request.raw_query)
        if token:
            request, view = replace(request, raw_query=raw_query), replace(view, token=Secret(token))
        match = TABLE.find(request.method, request.path)
        endpoint = match.endpoint
        if endpoint is None:
            return Reply(_not_routed(request, match))
        unready = view.keeper.unready()
        if unready and match.pattern not in READERS:
            return Reply(problem(503, "; ".join(unready)).with_headers(("retry-after", "5")), route=match.pattern)
        if request.path.startswith(PAGE):
            view = replace(view, desk=self.desk)
        if endpoint.access is Access.PUBLIC and not request.path.startswith(API):
            return endpoint.handler(request, view, match.names)._replace(route=match.pattern)
        tokens = self.tokens.current()
        authorization = request.headers.get("authorization")
        caller = tokens.find(authorization)
        if caller is None and endpoint.access is Access.REPORT:
            caller = _of_boot(bearer(authorization), match.names, view)
        refused = _refuse(endpoint, caller, match.names, view, tokens)
        known = caller or ANYONE
        if refused is not None:
            return Reply(refused, route=match.pattern, caller=known)
        reply = endpoint.handler(request, replace(view, caller=known), match.names)
        return reply._replace(route=match.pattern, caller=known)

    def _reader(self, digest: str) -> Caller | None:
        """Who may log in by the token of this digest: whoever may see more than anybody."""
        caller = self.tokens.current().callers.get(digest)
        return caller if caller is not None and caller.role in Access.SEE.value else None

    def fail(self, request: Request, error: Exception) -> Reply:
        """A problem document that says no more than that; the log says what."""
        line = self.lines.warn(f"{request.method} {request.path}: {type(error).__name__}: {error}", request.id)
        return Reply(problem(500, "the server failed at this request; its log says how"), (), (line,))

    def refuse(self, status: int, detail: str) -> Response:
        """A problem document."""
        return problem(status, detail)

    def access(self, request: Request, reply: Reply, seconds: float) -> str:
        """Who asked for what, and what came of it; a token in the query is no more than a reference."""
        token, raw_query = take_token(request.raw_query)
        request = replace(request, raw_query=raw_query) if token else request
        return self.lines.access(request, reply.response, seconds, str(reply.caller))

    def troubles(self) -> tuple[str, ...]:
        """That of the file of tokens."""
        return (self.tokens.trouble,)

    def audit(self, deed: Deed) -> str:
        """Who did what to what."""
        return self.lines.audit(deed)

    def tell(self, entry: Entry) -> str:
        """Where, how bad, what, and what to do."""
        return self.lines.tell(entry)

    def warn(self, text: str) -> str:
        """An error, since the server's own troubles are that."""
        return self.lines.warn(text)


def _of_boot(token: str, names: dict[str, str], view: View) -> Caller | None:
    """The machine that a path is about, if this is the token that its boot script had."""
    machine = view.keeper.find(parse_name(names.get("name", "")))
    if machine is None or machine.token is None or not token:
        return None
    is_right = hmac.compare_digest(machine.token.digest, keyed_digest(view.key, token))
    return Caller(Role.MACHINE, machine.name) if is_right else None


def _refuse(
    endpoint: Endpoint, caller: Caller | None, names: dict[str, str], view: View, tokens: Tokens
) -> Response | None:
    """Why this route is not open to the caller: 401 to who shows no good token, else 403."""
    if caller is None:
        return problem(401, "this token is not known here").with_headers(CHALLENGE)
    subject = _subject(names, view) if endpoint.access.is_of_one_machine else frozenset()
    reason = refusal(endpoint.access, caller, subject, tokens)
    if reason is None:
        return None
    if caller is ANYONE:
        return problem(401, reason).with_headers(CHALLENGE)
    return problem(403, reason)


def _subject(names: dict[str, str], view: View) -> frozenset[str]:
    """All names of the machine that a path is about."""
    identity = parse_name(names.get("name", ""))
    machine = view.keeper.find(identity)
    known = (machine.name, machine.uuid, *machine.macs) if machine is not None else ()
    return frozenset(name for name in (identity.uuid, identity.mac, *known) if name)


def _not_routed(request: Request, match: Match[Endpoint]) -> Response:
    if not match.allowed:
        return problem(404, f"nothing is at `{request.path[:200]}`")
    allowed = ", ".join(match.allowed)
    return problem(405, f"`{request.path}` takes {allowed}").with_headers(("allow", allowed))
