"""Who may do what: all pairs of route and role, and the file of tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.server.errors import TokenFileError
from stoker.server.roles import ANYONE, Access, Caller, Role, Tokens, load_tokens, make_token, read_tokens, refusal

MAC = "52:54:00:a1:9c:ae"
SELF = frozenset({MAC})

# access -> the answer to: anyone, the machine itself, another machine, a viewer, an operator
TABLE = {
    Access.PUBLIC: "yes yes yes yes yes",
    Access.REPORT: "yes yes no no yes",
    Access.SELF: "no yes no yes yes",
    Access.SEE: "no no no yes yes",
    Access.CHANGE: "no no no no yes",
}
CALLERS = (
    ANYONE,
    Caller(Role.MACHINE, MAC),
    Caller(Role.MACHINE, "52:54:00:00:00:02"),
    Caller(Role.VIEWER, "bob"),
    Caller(Role.OPERATOR, "alice"),
)
PAIRS = [
    (access, caller, answer == "yes")
    for access, row in TABLE.items()
    for caller, answer in zip(CALLERS, row.split(), strict=True)
]


def test_every_access_is_in_the_table() -> None:
    assert set(TABLE) == set(Access)


@pytest.mark.parametrize("access, caller, expected", PAIRS, ids=[f"{a.name} {c}" for a, c, _ in PAIRS])
def test_who_may(access: Access, caller: Caller, expected: bool) -> None:
    assert (refusal(access, caller, SELF, Tokens()) is None) is expected


def test_for_a_machine_with_a_token_nobody_else_speaks() -> None:
    tokens = read_tokens(f"machine {MAC} sha256:{'0' * 64}", "tokens")
    assert refusal(Access.REPORT, ANYONE, SELF, tokens) == (
        "this machine has a token: its events are taken only with it"
    )
    assert refusal(Access.REPORT, ANYONE, frozenset({"52:54:00:00:00:02"}), tokens) is None
    assert refusal(Access.REPORT, Caller(Role.MACHINE, MAC), SELF, tokens) is None


def test_a_token_lets_in_whom_its_line_names() -> None:
    token, line = make_token(Role.OPERATOR, "alice")
    other, machine = make_token(Role.MACHINE, "52-54-00-A1-9C-AE")
    assert token not in line
    tokens = read_tokens(f"# who may\n\n{line}\n  {machine}  \n", "tokens")
    assert tokens.find(f"Bearer {token}") == Caller(Role.OPERATOR, "alice")
    assert tokens.find(f"bearer {other}") == Caller(Role.MACHINE, MAC)
    assert tokens.find(None) == ANYONE


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x y", "Basic YTpi", "Bearer " + "x" * 501])
def test_what_is_no_known_token_is_nobody(header: str) -> None:
    assert read_tokens(make_token(Role.VIEWER, "bob")[1], "tokens").find(header) is None


BAD_LINES = [
    "operator alice",
    "operator alice hunter2",
    "root alice sha256:" + "0" * 64,
    "machine web sha256:" + "0" * 64,
    "operator alice sha256:" + "0" * 63,
    "operator alice sha256:" + "0" * 64 + " more",
]


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_line_that_is_none_is_named_and_not_shown(line: str) -> None:
    with pytest.raises(TokenFileError) as raised:
        read_tokens(f"# one\n{line}\n", "tokens")
    assert str(raised.value) == "tokens:2: no token: `ROLE NAME sha256:DIGEST`, as `stoker token` writes it"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TokenFileError, match=r"cannot read the tokens in .*: No such file or directory"):
        load_tokens(tmp_path / "tokens")
    (tmp_path / "tokens").write_bytes(b"\xff")
    with pytest.raises(TokenFileError, match="it is not UTF-8"):
        load_tokens(tmp_path / "tokens")
