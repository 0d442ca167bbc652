"""One-time configs: a machine's token and a request go in, a status, the token as it is then and an event come out.

A group demands a token by its metadata. It is minted into the boot script of a machine that a person has armed, and is
that machine's alone: what is kept of it is a keyed digest in the machine's own record, and of each config handed out
for it another. A config is handed out again, byte for byte, until the machine reports `fetched` or a minute has passed
since its last byte was sent first. Randomness and time are given; comparisons take the same time whatever is compared.
"""

from __future__ import annotations

import enum
import hmac
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

import msgspec

from stoker.machines.receipts import keyed_digest
from stoker.report import Event

AGAIN_SECONDS: Final = 60.0  # how long a config may be had again after its last byte was sent
LIFE_SECONDS: Final = 3600.0  # how long a token is good for at all: scripts and logs that hold it outlive a boot
MAX_SERVINGS: Final = 8  # configs of different groups for one token: an install has two
REFERENCE: Final = "secret://request/token"  # stands for the token wherever anything is kept
LABEL: Final = "token"  # of a query
STAGE: Final = "token"

OK: Final = 200
FORBIDDEN: Final = 403
GONE: Final = 410


class Serving(msgspec.Struct, frozen=True, omit_defaults=True):
    """A config handed out for a token: its keyed digest, when its last byte was sent, and whether it is over."""

    sent: str
    done_at: float = 0.0
    is_over: bool = False


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """A token by its keyed digest, and what was handed out for it, by group."""

    digest: str
    minted_at: float
    servings: dict[str, Serving] = {}


class Phase(enum.StrEnum):
    """Where a token is with the config of one group."""

    ABSENT = "absent"  # none was minted
    FRESH = "fresh"  # nothing was handed out for it
    SERVED = "served"  # it was, and may be again
    SPENT = "spent"  # it was, and may not be again; or the token is too old


class Proof(enum.StrEnum):
    """What a request brought."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE = "none"


class Ruling(NamedTuple):
    """The answer to a request: an HTTP status, the token from now on, and what happened, if it is worth an event."""

    status: int
    token: Token | None
    event: Event | None = None


class _Row(NamedTuple):
    status: int
    text: str
    outcome: str


_REFUSED: Final = "refused"
_ALARM: Final = "alarm"
_NO_TOKEN: Final = _Row(FORBIDDEN, "asked for a config that takes a token, without one", _REFUSED)
_WRONG: Final = _Row(FORBIDDEN, "asked for a config with a token that is not its own", _ALARM)
_GONE: Final = _Row(GONE, "asked again for a config that is handed out once", _ALARM)
_FIRST: Final = _Row(OK, "was handed the config that takes a token", "done")
_AGAIN: Final = _Row(OK, "was handed the same config again", "done")
_CHANGED: Final = _Row(GONE, "asked again for a config that has changed since it was handed out", _REFUSED)

ANSWERS: Final[dict[tuple[Phase, Proof], _Row]] = {
    **dict.fromkeys([(phase, Proof.NONE) for phase in Phase], _NO_TOKEN),
    **dict.fromkeys([(phase, Proof.WRONG) for phase in Phase], _WRONG),
    (Phase.ABSENT, Proof.RIGHT): _WRONG,
    (Phase.FRESH, Proof.RIGHT): _FIRST,
    (Phase.SERVED, Proof.RIGHT): _AGAIN,
    (Phase.SPENT, Proof.RIGHT): _GONE,
}


def mint(known: Token | None, secret: str, key: bytes, at: float) -> Ruling:
    """A new token for an armed machine; `secret` is its random text. The one before it is good for nothing any more.

    A machine that is armed once needs one token: a second is an alarm, since it may be another that asks in its name.
    """
    token = Token(keyed_digest(key, secret), at)
    if known is None:
        return Ruling(OK, token, Event(at, STAGE, "a token was put into its boot script"))
    text = "a second token was put into its boot script: the first one went nowhere, or to somebody else"
    return Ruling(OK, token, Event(at, STAGE, text, _ALARM))


def phase_of(token: Token | None, group: str, at: float) -> Phase:
    """Where a token is with the config of a group."""
    if token is None:
        return Phase.ABSENT
    serving = token.servings.get(group)
    if at >= token.minted_at + LIFE_SECONDS:
        return Phase.SPENT
    if serving is None:
        return Phase.FRESH if len(token.servings) < MAX_SERVINGS else Phase.SPENT
    is_late = serving.done_at > 0 and at >= serving.done_at + AGAIN_SECONDS
    return Phase.SPENT if serving.is_over or is_late else Phase.SERVED


def judge(token: Token | None, group: str, presented: str, key: bytes, at: float) -> Ruling:
    """Whether a machine may have the config of a group; `token` is its own, `presented` what it brought."""
    known = token.digest if token is not None else ""
    is_right = hmac.compare_digest(known, keyed_digest(key, presented))
    proof = Proof.NONE if not presented else Proof.RIGHT if is_right else Proof.WRONG
    row = ANSWERS[phase_of(token, group, at), proof]
    return Ruling(row.status, token, Event(at, STAGE, row.text, row.outcome))


def hand_out(token: Token, group: str, body: bytes, key: bytes, at: float) -> Ruling:
    """Note what is handed out after `judge` allowed it; what is no longer the same bytes is not handed out (410)."""
    sent = keyed_digest(key, body)
    serving = token.servings.get(group)
    if serving is None:
        token = msgspec.structs.replace(token, servings={**token.servings, group: Serving(sent)})
        return Ruling(OK, token)
    if not hmac.compare_digest(serving.sent, sent):
        return Ruling(_CHANGED.status, token, Event(at, STAGE, _CHANGED.text, _CHANGED.outcome))
    return Ruling(OK, token)


def finish(token: Token, group: str, at: float) -> Token:
    """The last byte of a config was sent: from the first time on a minute is left."""
    serving = token.servings.get(group)
    if serving is None or serving.done_at:
        return token
    done = msgspec.structs.replace(serving, done_at=at)
    return msgspec.structs.replace(token, servings={**token.servings, group: done})


def renew(known: Token | None, told: Token | None) -> Token | None:
    """The token of a record by what is told of one, in whichever order servers tell it.

    A new one takes the place of any other. What was handed out for one counts for that one alone, and is never undone.
    """
    if told is None or not told.servings:
        return told
    if known is None or known.digest != told.digest:
        return known
    servings = {group: _joined(known.servings.get(group, serving), serving) for group, serving in told.servings.items()}
    return msgspec.structs.replace(known, servings={**known.servings, **servings})


def _joined(one: Serving, other: Serving) -> Serving:
    """A config that was handed out, by what two servers know of that."""
    done_at = min((each.done_at for each in (one, other) if each.done_at), default=0.0)
    return Serving(one.sent, done_at, one.is_over or other.is_over)


def fetched(token: Token) -> Token:
    """The machine reports that it has its config: what was handed out so far is over."""
    over = {group: msgspec.structs.replace(serving, is_over=True) for group, serving in token.servings.items()}
    return msgspec.structs.replace(token, servings=over)


def put_token(script: bytes, secret: str) -> bytes:
    """A boot script for iPXE that knows the token: `${token}` in a profile's arguments stands for it."""
    head, newline, rest = script.partition(b"\n")
    return head + newline + b"set token " + secret.encode("ascii") + b"\n" + rest


def take_token(raw_query: str) -> tuple[str, str]:
    """The token of a query, and the query with a reference in its place, so that neither labels nor templates have it.

    The reference is put in again last of all, as other secrets are: `{{.request.raw_query}}` carries the token on.
    """
    if LABEL not in raw_query and "%" not in raw_query:
        return "", raw_query
    token, pairs = "", []
    for pair in raw_query.split("&"):
        name, equals, value = pair.partition("=")
        is_token = equals == "=" and unquote_plus(name) == LABEL
        token = unquote_plus(value) if is_token else token
        pairs.append(f"{LABEL}={REFERENCE}" if is_token else pair)
    return token, "&".join(pairs)
