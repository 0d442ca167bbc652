"""Who may do what: a request's Authorization goes in, the Caller comes out, and whether a route is open to them.

A token is 256 random bits. The file of tokens holds one line for each: the role, the name, and the SHA-256 of the
token, which needs no salt since nobody can try out that many. To take a token back is to delete its line; the file is
read again when it has changed.

    operator alice sha256:5e884898...
    machine 52:54:00:a1:9c:ae sha256:2bb80d53...

    may                               anyone  machine   viewer  operator
    boot, ask if it is well             x        x        x        x
    report as a machine              (1)     itself                x
    see a machine                            itself       x        x
    see everything else                                   x        x
    change anything                                                x

(1) As a machine that has no token of its own: for one that has, nobody else speaks. The one that its boot script had
    lets a machine report as well; it is no line of the file (`native.py`).
"""

from __future__ import annotations

import enum
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stoker.machines import parse_name
from stoker.server.errors import TokenFileError

MAX_FILE: Final = 8 << 20
LOOK_SECONDS: Final = 1.0
LINE: Final = re.compile(r"(operator|viewer|machine)[ \t]+(\S{1,100})[ \t]+sha256:([0-9a-f]{64})")
BEARER: Final = re.compile(r"[Bb]earer +([A-Za-z0-9._~+/=-]{1,500})")


class Role(enum.StrEnum):
    """What somebody is to this server."""

    ANYONE = "anyone"
    MACHINE = "machine"
    VIEWER = "viewer"
    OPERATOR = "operator"


class Access(enum.Enum):
    """Whom a route is open to: the rows of the table above."""

    PUBLIC = frozenset(Role)
    REPORT = frozenset({Role.ANYONE, Role.MACHINE, Role.OPERATOR})
    SELF = frozenset({Role.MACHINE, Role.VIEWER, Role.OPERATOR})
    SEE = frozenset({Role.VIEWER, Role.OPERATOR})
    CHANGE = frozenset({Role.OPERATOR})

    @property
    def is_of_one_machine(self) -> bool:
        """Whether a machine may it for itself only."""
        return self in {Access.REPORT, Access.SELF}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a role, and the name of the token; of a machine its canonical name."""

    role: Role = Role.ANYONE
    name: str = ""

    def __str__(self) -> str:
        """As audits and logs say it."""
        return f"{self.role}:{self.name}" if self.name else str(self.role)


ANYONE: Final = Caller()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The callers by the digest of their token."""

    callers: dict[str, Caller] = field(default_factory=dict)
    machines: frozenset[str] = frozenset()

    def find(self, authorization: str | None) -> Caller | None:
        """Who sends this header; None if it is no token or one that is not known."""
        if authorization is None:
            return ANYONE
        token = bearer(authorization)
        return self.callers.get(hashlib.sha256(token.encode()).hexdigest()) if token else None


def bearer(authorization: str | None) -> str:
    """The token that a header brings, empty where there is none."""
    found = BEARER.fullmatch(authorization or "")
    return found[1] if found else ""


class TokenFile:
    """The file of tokens, read again when it has changed; what cannot be read leaves the tokens that were there."""

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Read it. Raises TokenFileError. Without a file nobody has a token."""
        self.path = path
        self.trouble = ""
        self._clock = clock
        self._look_again = 0.0
        self._signature = self._sign()
        self._tokens = Tokens() if path is None else load_tokens(path)

    def current(self) -> Tokens:
        """The tokens as they are; the file is looked at once a second at most."""
        now = self._clock()
        if self.path is not None and now >= self._look_again:
            self._look_again = now + LOOK_SECONDS
            signature = self._sign()
            if signature != self._signature:
                self._signature = signature
                self._read(self.path)
        return self._tokens

    def _read(self, path: Path) -> None:
        try:
            self._tokens, self.trouble = load_tokens(path), ""
        except TokenFileError as error:
            self.trouble = str(error)

    def _sign(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.stat() if self.path is not None else None
        except OSError:
            return None
        return (status.st_ino, status.st_size, status.st_mtime_ns) if status else None


def read_tokens(text: str, file: str) -> Tokens:
    """Read a file of tokens. Raises TokenFileError, which names the line and not what stands there."""
    callers: dict[str, Caller] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = LINE.fullmatch(line.strip())
        name = canonical_name(found[1], found[2]) if found else None
        if found is None or name is None:
            raise TokenFileError(f"{file}:{number}: no token: `ROLE NAME sha256:DIGEST`, as `stoker token` writes it")
        callers[found[3]] = Caller(Role(found[1]), name)
    return Tokens(callers, frozenset(caller.name for caller in callers.values() if caller.role is Role.MACHINE))


def load_tokens(path: Path) -> Tokens:
    """Read the file of tokens. Raises TokenFileError."""
    try:
        with path.open("rb") as file:
            return read_tokens(file.read(MAX_FILE).decode(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise TokenFileError(f"cannot read the tokens in `{path}`: {reason}; `stoker token` makes one") from error


def canonical_name(role: str, name: str) -> str | None:
    """The name as it is compared: a machine's UUID or address in one form; None if a machine has neither."""
    if role != Role.MACHINE:
        return name
    identity = parse_name(name)
    return identity.uuid or identity.mac or None


def make_token(role: Role, name: str) -> tuple[str, str]:
    """A new token, and the line for the file of tokens that lets it in."""
    token = secrets.token_urlsafe(32)
    return token, f"{role} {canonical_name(role, name) or name} sha256:{hashlib.sha256(token.encode()).hexdigest()}"


def add_token(path: Path, role: Role, name: str) -> str:
    """Make a token and add its line to the file of tokens, which is made if it is missing. Raises OSError."""
    token, line = make_token(role, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    with open(descriptor, "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        is_cut = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
        file.write(f"{chr(10) if is_cut else ''}{line}\n".encode())
        os.fsync(file.fileno())
    return token


def refusal(access: Access, caller: Caller, subject: frozenset[str], tokens: Tokens) -> str | None:
    """Why this caller may not, None if they may; `subject` are all names of the machine that it is about."""
    if caller.role not in access.value:
        needed = " or ".join(role for role in Role if role in access.value)
        return f"this takes a token of role {needed}"
    if caller.role is Role.MACHINE and access.is_of_one_machine and caller.name not in subject:
        return f"machine `{caller.name}` may this only for itself"
    if caller.role is Role.ANYONE and access is Access.REPORT and subject & tokens.machines:
        return "this machine has a token: its events are taken only with it"
    return None
