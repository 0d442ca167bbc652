"""Secrets by reference: where they come from, and what is refused."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from stoker.trust import REFERENCE, Reference, Secret, SecretError, Secrets

CANARY = "canary-c0ffee"


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
