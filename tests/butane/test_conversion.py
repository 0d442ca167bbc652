"""That whatever is handed over to be converted or reviewed ends in a config, or in a report that says why not."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest
import yaml

from stoker.butane.conversion import convert_text
from stoker.butane.review import review_butane, review_ignition
from stoker.ignition.parse import looks_like_json
from stoker.ignition.versions import TARGETS
from stoker.schema.platforms import NAMES
from tests.butane.clc.golden import ALL
from tests.butane.test_examples import EXAMPLES
from tests.schema.mutations import KINDS, SEEDS, mutate

TEXTS = [path.read_bytes() for path in sorted(EXAMPLES.rglob("*")) if path.is_file()]
TEXTS += [case.text for case in ALL.values()]
MOUNTED = {"data": "/var/data", "oem": "/oem"}
BITS = [b"", b"{{", b"null", b"- ", b"\\ud800", b"\xff", b'"', b"\n"]


def splice(dice: random.Random) -> bytes:
    """A text with a few bytes replaced, by others or by a piece of another text."""
    text = bytearray(dice.choice(TEXTS))
    for _ in range(dice.randrange(1, 5)):
        start = dice.randrange(len(text) + 1)
        other = dice.choice(TEXTS)
        piece = dice.randrange(len(other) + 1)
        text[start : start + dice.randrange(6)] = dice.choice([*BITS, other[piece : piece + 30]])
    return bytes(text)


def edit(dice: random.Random) -> bytes:
    """A seed of the older languages with one edit of its structure."""
    name = dice.choice([name for name in SEEDS if name.startswith(("ignition", "clc"))])
    data = mutate(name, dice.choice(list(KINDS)), dice)
    return (json.dumps(data) if name.startswith("ignition") else yaml.safe_dump(data)).encode()


@pytest.mark.parametrize("make", [splice, edit])
def test_anything_ends_in_a_report(make: Callable[[random.Random], bytes]) -> None:
    dice = random.Random(3)
    for _ in range(300):
        text = make(dice)
        target, platform = dice.choice(TARGETS), dice.choice(["", *NAMES])
        config, report = convert_text(text, target, MOUNTED, file="x", platform=platform, dedupe=dice.random() < 0.3)
        assert config is not None or report.has_errors
        assert all(entry.place is None or entry.place.line >= 0 for entry in report)
        review = review_ignition if looks_like_json(text) else review_butane
        assert review(text, file="x", platform=platform).report is not None
