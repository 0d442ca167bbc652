"""The table of states: every pair of a state and a sign, and what people are shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.machines.facts import ORDERS
from stoker.machines.states import MEANINGS, REFUSALS, SIGNS, TRANSITIONS, Sign, State, step, transitions_text

GOLDEN = Path(__file__).parent / "golden" / "states.txt"
PAIRS = """
discovered   seen         discovered
discovered   start        provisioning
discovered   install      installing
discovered   config       provisioning
discovered   installed    provisioning
discovered   stage        provisioning
discovered   up           up
discovered   failed       failed
discovered   exhausted    quarantined
discovered   reprovision  discovered
discovered   quarantine   quarantined
discovered   release      refused: nothing holds it back
discovered   retire       retired
discovered   forget       forgotten
installing   seen         installing
installing   start        provisioning
installing   install      installing
installing   config       installing
installing   installed    provisioning
installing   stage        installing
installing   up           up
installing   failed       failed
installing   exhausted    quarantined
installing   reprovision  installing
installing   quarantine   quarantined
installing   release      refused: nothing holds it back
installing   retire       retired
installing   forget       refused: it is in use; retire it first
provisioning seen         provisioning
provisioning start        provisioning
provisioning install      installing
provisioning config       provisioning
provisioning installed    provisioning
provisioning stage        provisioning
provisioning up           up
provisioning failed       failed
provisioning exhausted    quarantined
provisioning reprovision  provisioning
provisioning quarantine   quarantined
provisioning release      refused: nothing holds it back
provisioning retire       retired
provisioning forget       refused: it is in use; retire it first
up           seen         up
up           start        provisioning
up           install      installing
up           config       up
up           installed    up
up           stage        provisioning
up           up           up
up           failed       failed
up           exhausted    quarantined
up           reprovision  up
up           quarantine   quarantined
up           release      refused: nothing holds it back
up           retire       retired
up           forget       refused: it is in use; retire it first
failed       seen         failed
failed       start        provisioning
failed       install      installing
failed       config       provisioning
failed       installed    provisioning
failed       stage        failed
failed       up           up
failed       failed       failed
failed       exhausted    failed
failed       reprovision  failed
failed       quarantine   quarantined
failed       release      discovered
failed       retire       retired
failed       forget       forgotten
quarantined  seen         quarantined
quarantined  start        refused: it is quarantined; release it first
quarantined  install      refused: it is quarantined; release it first
quarantined  config       refused: it is quarantined; release it first
quarantined  installed    quarantined
quarantined  stage        quarantined
quarantined  up           quarantined
quarantined  failed       quarantined
quarantined  exhausted    quarantined
quarantined  reprovision  refused: it is quarantined; release it first
quarantined  quarantine   refused: it is quarantined already
quarantined  release      discovered
quarantined  retire       retired
quarantined  forget       forgotten
retired      seen         retired
retired      start        refused: it is retired; release it first
retired      install      refused: it is retired; release it first
retired      config       refused: it is retired; release it first
retired      installed    retired
retired      stage        retired
retired      up           retired
retired      failed       retired
retired      exhausted    retired
retired      reprovision  refused: it is retired; release it first
retired      quarantine   refused: it is retired; release it first
retired      release      discovered
retired      retire       refused: it is retired already
retired      forget       forgotten
"""
ROWS = [line.split(maxsplit=2) for line in PAIRS.strip().splitlines()]


@pytest.mark.parametrize("state, sign, expected", ROWS, ids=[f"{state}, {sign}" for state, sign, _ in ROWS])
def test_a_pair(state: str, sign: str, expected: str) -> None:
    taken = step(State(state), Sign(sign))
    assert (f"refused: {taken.refusal}" if taken.refusal else taken.state or "forgotten") == expected


def test_every_pair_has_a_row() -> None:
    every = {(state, sign) for state in State for sign in Sign}
    assert every == TRANSITIONS.keys() == {(State(state), Sign(sign)) for state, sign, _ in ROWS}
    assert set(MEANINGS) == set(State)
    assert set(SIGNS) == set(Sign)


def test_only_a_person_ends_a_quarantine_and_what_is_retired() -> None:
    out = {
        sign
        for state in (State.QUARANTINED, State.RETIRED)
        for sign in Sign
        if not step(state, sign).refusal and step(state, sign).state is not state
    }
    assert out <= ORDERS


def test_each_refusal_is_used() -> None:
    assert {taken.refusal for taken in TRANSITIONS.values()} == {"", *REFUSALS.values()}


def test_the_printed_table() -> None:
    text = transitions_text()
    assert max(map(len, text.splitlines())) <= 80
    assert text == GOLDEN.read_text()
