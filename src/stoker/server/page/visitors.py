"""Who looks at the page: a Request goes in, a Visitor comes out, or the reason why a form of theirs is refused.

A form counts only if the browser says that it came from this page, and if it carries the key of the visitor's cookie.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stoker.http import Request, parse_query
from stoker.server.roles import ANYONE, Caller, Role
from stoker.server.sessions import LONGEST, Sessions

SESSION: Final = "stoker_session"
THEME: Final = "stoker_theme"
THEMES: Final = ("light", "dark")
READERS: Final = frozenset({Role.VIEWER, Role.OPERATOR})
PATH: Final = "/ui/"
COOKIE: Final = re.compile(r"(?:^|;)\s*([\w-]+)=([\w-]*)")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who it is, the secret of their cookie, and what their forms have to carry."""

    caller: Caller = ANYONE
    secret: str = ""
    form_key: str = ""
    theme: str = ""

    @property
    def may_read(self) -> bool:
        """Whether they see more than states."""
        return self.caller.role in READERS

    @property
    def may_act(self) -> bool:
        """Whether they may change anything."""
        return self.caller.role is Role.OPERATOR


def read_visitor(request: Request, sessions: Sessions, at: float) -> Visitor:
    """The visitor that the cookies of a request speak of."""
    cookies = dict(COOKIE.findall(request.headers.get("cookie", "")[:4096]))
    theme = cookies.get(THEME, "")
    secret = cookies.get(SESSION, "")
    caller = sessions.find(secret, at) if secret else None
    return Visitor(
        caller or ANYONE,
        secret,
        sessions.form_key(secret) if secret else "",
        theme if theme in THEMES else "",
    )


def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, of each the last one."""
    return {name: values[-1] for name, values in parse_query(request.body.decode("latin-1")).items()}


def why_refused(request: Request, visitor: Visitor, form: Mapping[str, str]) -> str:
    """Why a form does not count; empty when it does.

    Fetch metadata and the origin are set by the browser, out of reach of the page that sends a form (Fetch Metadata
    Request Headers, section 2.4; RFC 6454, section 7). Browsers send the first to whom they trust with it, over TLS or
    on the same machine, and the second with every form; the first needs no `Host`, which a proxy may have changed.
    """
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    if not site and not origin:
        return "the browser does not say where it came from"
    if site not in {"", "same-origin"}:
        return "it came from another site"
    if not site and origin.partition("://")[2] != request.headers.get("host", ""):
        return "it came from another site, or a proxy between does not pass on the `Host`"
    if not visitor.form_key or not hmac.compare_digest(form.get("key", "").encode(), visitor.form_key.encode()):
        return (
            "it is not one that this page has given to you, or the server was started anew: go back and load it again"
        )
    return ""


def session_cookie(request: Request, secret: str) -> tuple[str, str]:
    """The header that gives a visitor their secret, or takes it away when it is empty.

    The origin of the form tells whether the browser speaks TLS, whatever proxy there is between.
    """
    is_secure = request.headers.get("origin", "").startswith("https:")
    age = int(LONGEST) if secret else 0
    rest = f"Path={PATH}; Max-Age={age}; HttpOnly; SameSite=Strict" + ("; Secure" if is_secure else "")
    return ("set-cookie", f"{SESSION}={secret}; {rest}")
