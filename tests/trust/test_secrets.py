"""Secrets: where they come from, what is refused, and that none shows itself."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from stoker.trust import REFERENCE, Reference, Secret, SecretError, Secrets

CANARY = "canary-c0ffee"


@dataclass
class Holder:
    secret: Secret


class Held(msgspec.Struct):
    secret: Secret


SHOWN: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda secret: f"{secret} {secret!r} {secret!s} {secret:>40} {'%s' % secret} {'{}'.format(secret)}",  # noqa: UP031, UP032
    "in a list": lambda secret: str([secret, {"a": secret}]),
    "in a dataclass": lambda secret: str(Holder(secret)),
    "in a struct": lambda secret: str(Held(secret)),
    "in a log": lambda secret: logging.makeLogRecord({"msg": "%s %r", "args": (secret, secret)}).getMessage(),
    "its directory": lambda secret: str(dir(secret)) + str(type(secret).__doc__),
}
KEPT: dict[str, Callable[[Secret], object]] = {
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "JSON": msgspec.json.encode,
    "MessagePack": msgspec.msgpack.encode,
    "plain data": lambda secret: msgspec.to_builtins(Held(secret)),
    "hash": hash,
    "vars": vars,
    "bytes": bytes,  # type: ignore[dict-item]
    "iteration": list,  # type: ignore[dict-item]
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=list(SHOWN))
def test_a_secret_is_not_shown(show: Callable[[Secret], str]) -> None:
    assert CANARY not in show(Secret(CANARY))


@pytest.mark.parametrize("keep", KEPT.values(), ids=list(KEPT))
def test_a_secret_is_not_kept(keep: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as raised:
        keep(Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(raised.value))


def test_a_traceback_with_the_locals_has_none() -> None:
    def fail(secret: Secret) -> None:
        raise ValueError(f"no use for {secret}")

    try:
        fail(Secret(CANARY))
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "Secret(***)" in shown
    assert "secret = " in shown
    assert CANARY not in shown


def test_secrets_are_compared_and_asked_for() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("\udcff").reveal_bytes() == b"\xff"
    assert (bool(Secret("")), bool(Secret("a"))) == (False, True)


REFERENCES = [
    ("secret://file/db/password", "secret://file/db/password"),
    ("see secret://env/DB.", "secret://env/DB"),
    ("a=secret://request/token&b=c", "secret://request/token"),
    ("'secret://file/web-1/tls.key'", "secret://file/web-1/tls.key"),
    ("secret://file/", ""),
    ("secret://FILE/a", ""),
    ("secret:///a", ""),
]


@pytest.mark.parametrize("text, expected", REFERENCES, ids=[text for text, _ in REFERENCES])
def test_what_is_a_reference(text: str, expected: str) -> None:
    found = REFERENCE.search(text)
    assert (found[0] if found else "") == expected
    if found:
        assert str(Reference(found[1], found[2])) == expected


def answer(words: Sequence[str]) -> bytes:
    return " ".join(words).encode() + b"\n"


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    root = tmp_path / "secrets"
    (root / "db").mkdir(parents=True)
    (root / "db" / "password").write_text(f"{CANARY}\n")
    (root / "two-ends").write_text("a\n\n")
    (root / "binary").write_bytes(b"\xff\x00")
    (root / "large").write_bytes(b"a" * ((64 << 10) + 1))
    (tmp_path / "outside").write_text(CANARY)
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "inner").symlink_to(root / "db" / "password")
    return Secrets(root, {"STOKER_SECRET_DB": "d", "HOME": CANARY}, ["give", "--quietly"], answer)


RESOLVED = [
    ("file", "db/password", CANARY),
    ("file", "inner", CANARY),
    ("file", "two-ends", "a\n"),
    ("file", "binary", "\udcff\x00"),
    ("env", "DB", "d"),
    ("command", "db/password", "give --quietly db/password m1"),
    ("request", "token", "t"),
]


@pytest.mark.parametrize("kind, name, expected", RESOLVED, ids=[f"{kind} {name}" for kind, name, _ in RESOLVED])
def test_a_secret_is_had(kind: str, name: str, expected: str, secrets: Secrets) -> None:
    assert secrets.resolve(Reference(kind, name), "m1", {"token": Secret("t")}).reveal() == expected


REFUSED = [
    ("file", "nothing", "its file cannot be read: no such file or directory"),
    ("file", "db", "its file cannot be read: is a directory"),
    ("file", "../outside", "its name leads out of the directory of secrets"),
    ("file", "db/../../outside", "its name leads out of the directory of secrets"),
    ("file", "link", "its name leads out of the directory of secrets"),
    ("file", "/etc/passwd", "its name leads out of the directory of secrets"),
    ("file", "large", "it has more than 65536 bytes"),
    ("env", "HOME", "the variable `STOKER_SECRET_HOME` is not set"),
    ("request", "other", "the request has no `other`"),
    ("files", "a", "there are no secrets of kind `files`: file, env, command, request"),
]


@pytest.mark.parametrize("kind, name, reason", REFUSED, ids=[f"{kind} {name}" for kind, name, _ in REFUSED])
def test_a_secret_is_refused(kind: str, name: str, reason: str, secrets: Secrets) -> None:
    with pytest.raises(SecretError) as raised:
        secrets.resolve(Reference(kind, name))
    assert str(raised.value) == reason
    assert CANARY not in "".join(traceback.format_exception(raised.value))


def test_what_was_not_named_gives_nothing() -> None:
    for kind, reason in (("file", "no directory"), ("env", "the variable"), ("command", "no command")):
        with pytest.raises(SecretError, match=reason):
            Secrets().resolve(Reference(kind, "a"))


COMMANDS = {
    "a good one": (["sh", "-c", f"echo {CANARY}"], ""),
    "a failing one": (
        ["sh", "-c", f"echo {CANARY}; echo {CANARY} >&2; exit 3"],
        "the command that gives secrets failed: exit status 3",
    ),
    "one that is killed": (
        ["sh", "-c", f"echo {CANARY}; kill -9 $$"],
        "the command that gives secrets failed: it was ended, or gave no answer within 10 s",
    ),
    "a missing one": (["/nonexistent/give"], "the command that gives secrets failed: exit status 127"),
}


@pytest.mark.parametrize("command, reason", COMMANDS.values(), ids=list(COMMANDS))
def test_a_real_command(command: list[str], reason: str) -> None:
    secrets = Secrets(command=command)
    if not reason:
        assert secrets.resolve(Reference("command", "a")).reveal() == CANARY
        return
    with pytest.raises(SecretError) as raised:
        secrets.resolve(Reference("command", "a"))
    assert str(raised.value) == reason
    assert raised.value.__context__ is None
