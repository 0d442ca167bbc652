"""What a sighting stands for, where the machine says what is no text."""

from __future__ import annotations

import msgspec
import pytest

from stoker.machines import Identity
from stoker.machines.facts import Seen, Told
from stoker.machines.sightings import Sighting, facts_of
from stoker.report import Event

TEXTS = [
    ("plain", "plain"),
    ("\u00fc \u6f22", "\u00fc \u6f22"),
    ("a\udcff", "a?"),
    ("\ud800\udcfe", "??"),
    ("\x00", "\x00"),
]


@pytest.mark.parametrize("given, kept", TEXTS, ids=[ascii(row[0]) for row in TEXTS])
def test_what_is_kept_of_a_sighting_is_text(given: str, kept: str) -> None:
    sighting = Sighting(Identity(), (Event(1.0, "boot", given),), {given: given}, given, given)
    facts = list(facts_of(sighting))
    assert facts == [Seen({kept: kept}, kept, kept), Told(Event(1.0, "boot", kept))]
    assert msgspec.json.decode(msgspec.json.encode(facts))
