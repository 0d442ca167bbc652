"""Who is logged in: a token goes in, the secret of a cookie comes out, and later the session that it opens.

All is held in memory and bounded. Cookies' secrets and tokens are kept as digests, and a token is looked up at every
request: with the token that is taken back, the sessions that it opened end.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

from stoker.server.roles import Caller

LONGEST: Final = 12 * 3600.0  # seconds, a working day
MOST: Final = 1000


class Session(NamedTuple):
    """Somebody who is logged in by the token of this digest, `until` in seconds since 1970."""

    token: str
    until: float


# Who has the token with this SHA-256, in hexadecimal.
Recognise = Callable[[str], Caller | None]


class Sessions:
    """Sessions by the digest of the secret in their cookie, the oldest first: all last as long."""

    def __init__(self, recognise: Recognise, most: int = MOST) -> None:
        """Sessions of those whom `recognise` knows, at most so many at once."""
        self._recognise = recognise
        self._most = most
        self._key = secrets.token_bytes()
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, token: str, at: float) -> str | None:
        """The secret for a new cookie, or None when nobody has this token."""
        digest = _digest(token)
        if self._recognise(digest) is None:
            return None
        self._drop_ended(at)
        while len(self._sessions) >= self._most:
            del self._sessions[next(iter(self._sessions))]
        secret = new_secret()
        self._sessions[_digest(secret)] = Session(digest, at + LONGEST)
        return secret

    def find(self, secret: str, at: float) -> Caller | None:
        """Who has the cookie with this secret."""
        session = self._sessions.get(_digest(secret))
        return self._recognise(session.token) if session is not None and session.until > at else None

    def close(self, secret: str) -> None:
        """End a session, if it is one."""
        self._sessions.pop(_digest(secret), None)

    def form_key(self, secret: str) -> str:
        """What every form of whoever has this cookie has to carry: only pages of this process know it."""
        return hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _drop_ended(self, at: float) -> None:
        while self._sessions and next(iter(self._sessions.values())).until <= at:
            del self._sessions[next(iter(self._sessions))]


NO_SESSIONS: Final = Sessions(lambda _digest: None)


def new_secret() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(32)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
