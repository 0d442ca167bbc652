"""One-time configs: every state of a token and every request, a model of its life, and that no secret is kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.machines import Machine, Tokened, encode_machine, fold
from stoker.machines.tokens import (
    ANSWERS,
    Phase,
    Proof,
    Serving,
    Token,
    fetched,
    finish,
    hand_out,
    judge,
    mint,
    phase_of,
    put_token,
    renew,
    take_token,
)

KEY, SECRET, OTHER = b"key", "canary-7f3a", "canary-other"


def minted(at: float = 0.0) -> Token:
    token = mint(None, SECRET, KEY, at).token
    assert token is not None
    return token


def served(body: bytes = b"{}") -> Token:
    token = hand_out(minted(), "g", body, KEY, 1.0).token
    assert token is not None
    return token


TOKENS: dict[str, Token | None] = {
    "absent": None,
    "fresh": minted(),
    "served": served(),
    "sent": finish(served(), "g", 10.0),
    "fetched": fetched(served()),
}
A_MINUTE, AN_HOUR = 70.0, 3600.0
# token, time, what is presented -> status, phase, event
ROWS = [
    ("absent", 20.0, "", 403, "absent", "refused: asked for a config that takes a token, without one"),
    ("absent", 20.0, SECRET, 403, "absent", "alarm: asked for a config with a token that is not its own"),
    ("fresh", 20.0, "", 403, "fresh", "refused: asked for a config that takes a token, without one"),
    ("fresh", 20.0, OTHER, 403, "fresh", "alarm: asked for a config with a token that is not its own"),
    ("fresh", 20.0, SECRET, 200, "fresh", "done: was handed the config that takes a token"),
    ("fresh", AN_HOUR - 1, SECRET, 200, "fresh", "done: was handed the config that takes a token"),
    ("fresh", AN_HOUR, SECRET, 410, "spent", "alarm: asked again for a config that is handed out once"),
    ("served", 20.0, SECRET, 200, "served", "done: was handed the same config again"),
    ("served", AN_HOUR - 1, SECRET, 200, "served", "done: was handed the same config again"),
    ("served", 20.0, OTHER, 403, "served", "alarm: asked for a config with a token that is not its own"),
    ("served", 20.0, "", 403, "served", "refused: asked for a config that takes a token, without one"),
    ("sent", A_MINUTE - 1, SECRET, 200, "served", "done: was handed the same config again"),
    ("sent", A_MINUTE, SECRET, 410, "spent", "alarm: asked again for a config that is handed out once"),
    ("sent", A_MINUTE, OTHER, 403, "spent", "alarm: asked for a config with a token that is not its own"),
    ("sent", A_MINUTE, "", 403, "spent", "refused: asked for a config that takes a token, without one"),
    ("fetched", 2.0, SECRET, 410, "spent", "alarm: asked again for a config that is handed out once"),
]


@pytest.mark.parametrize(
    "name, at, presented, status, phase, said", ROWS, ids=[f"{row[0]} {row[3]} at {row[1]:.0f}" for row in ROWS]
)
def test_a_request(name: str, at: float, presented: str, status: int, phase: str, said: str) -> None:
    ruling = judge(TOKENS[name], "g", presented, KEY, at)
    assert phase_of(TOKENS[name], "g", at) == phase
    assert ruling.event is not None
    assert (ruling.status, f"{ruling.event.outcome}: {ruling.event.text}") == (status, said)


def test_every_phase_has_an_answer_to_every_proof() -> None:
    assert set(ANSWERS) == {(phase, proof) for phase in Phase for proof in Proof}
    assert {key for key, row in ANSWERS.items() if row.status == 200} == {
        (Phase.FRESH, Proof.RIGHT),
        (Phase.SERVED, Proof.RIGHT),
    }


def test_another_machine_has_another_token() -> None:
    assert judge(mint(None, OTHER, KEY, 0.0).token, "g", SECRET, KEY, 1.0).status == 403


def test_other_bytes_are_not_handed_out() -> None:
    assert hand_out(served(b"one"), "g", b"one", KEY, 2.0).status == 200
    ruling = hand_out(served(b"one"), "g", b"two", KEY, 2.0)
    assert (ruling.status, ruling.event and ruling.event.outcome) == (410, "refused")
    assert ruling.token == served(b"one")


def test_each_group_has_its_config_once() -> None:
    token = fetched(finish(served(), "g", 2.0))
    assert judge(token, "g", SECRET, KEY, 3.0).status == 410
    assert judge(token, "installed", SECRET, KEY, 3.0).status == 200
    for number in range(8):
        token = hand_out(token, str(number), b"", KEY, 3.0).token or token
    assert judge(token, "one too many", SECRET, KEY, 3.0).status == 410


def test_the_minute_runs_from_the_first_whole_answer() -> None:
    token = finish(finish(served(), "g", 10.0), "g", 60.0)
    assert token.servings["g"].done_at == 10.0
    assert finish(minted(), "g", 10.0) == minted()


def test_a_second_token_is_an_alarm_and_ends_the_first() -> None:
    again = mint(minted(), OTHER, KEY, 5.0)
    assert again.event is not None
    assert again.event.outcome == "alarm"
    assert judge(again.token, "g", SECRET, KEY, 6.0).status == 403
    assert judge(again.token, "g", OTHER, KEY, 6.0).status == 200


QUERIES = [
    ("uuid=&mac=x&token=abc", ("abc", "uuid=&mac=x&token=secret://request/token")),
    ("token=abc&os=installed", ("abc", "token=secret://request/token&os=installed")),
    ("token=a&token=b", ("b", "token=secret://request/token&token=secret://request/token")),
    ("%74oken=a%2Db", ("a-b", "token=secret://request/token")),
    ("mac=x&token", ("", "mac=x&token")),
    ("tokens=a", ("", "tokens=a")),
    ("", ("", "")),
]


@pytest.mark.parametrize("query, expected", QUERIES, ids=[query for query, _ in QUERIES])
def test_a_token_leaves_the_query(query: str, expected: tuple[str, str]) -> None:
    assert take_token(query) == expected


def test_a_script_with_a_token() -> None:
    assert (
        put_token(b"#!ipxe\nkernel k a=${token}\nboot\n", "abc")
        == b"#!ipxe\nset token abc\nkernel k a=${token}\nboot\n"
    )


STEPS = st.sampled_from(["ask", "ask wrongly", "hand out", "sent", "fetched", "wait"])


@settings(derandomize=True, max_examples=300)
@given(st.lists(STEPS, max_size=25))
def test_a_life(steps: list[str]) -> None:
    """Once a config is over it never comes back, and nothing that is kept or told has the secret in it."""
    token, at, is_over = minted(), 0.0, False
    machine = Machine("m", 0.0, 0.0)
    for step in steps:
        at += 61.0 if step == "wait" else 1.0
        ruling = judge(token, "g", OTHER if step == "ask wrongly" else SECRET, KEY, at)
        assert not (is_over and ruling.status == 200)
        is_over = is_over or ruling.status == 410
        if step == "hand out" and ruling.status == 200:
            token = hand_out(token, "g", f"body with {SECRET}".encode(), KEY, at).token or token
        elif step == "sent":
            token = finish(token, "g", at)
        elif step == "fetched":
            token = fetched(token)
        folded = fold(machine, Tokened(token, ruling.event), at)
        assert folded.machine is not None
        kept = encode_machine(folded.machine).decode() + repr(folded) + repr(ruling)
        assert SECRET not in kept
        assert OTHER not in kept


OPEN, OVER = Serving("s"), Serving("s", 5.0, is_over=True)
A, B = Token("a", 1.0), Token("b", 0.5)

# what is known, what is told -> what is known then
RENEWED = {
    "a first one": (None, A, A),
    "a new one takes the place of another": (Token("a", 1.0, {"g": OVER}), B, B),
    "none": (A, None, None),
    "what was handed out": (A, Token("a", 1.0, {"g": OPEN}), Token("a", 1.0, {"g": OPEN})),
    "what is told late undoes nothing": (
        Token("a", 1.0, {"g": OVER}),
        Token("a", 1.0, {"g": Serving("s", 3.0), "h": OPEN}),
        Token("a", 1.0, {"g": Serving("s", 3.0, is_over=True), "h": OPEN}),
    ),
    "of one that is good for nothing any more": (B, Token("a", 1.0, {"g": OPEN}), B),
    "of one that a person took back": (None, Token("a", 1.0, {"g": OPEN}), None),
}


@pytest.mark.parametrize("known, told, expected", RENEWED.values(), ids=RENEWED)
def test_what_servers_tell_of_a_token_counts_in_any_order(
    known: Token | None, told: Token | None, expected: Token | None
) -> None:
    assert renew(known, told) == expected
