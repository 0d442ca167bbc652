"""Scalars as the tools of Container Linux read them: text, and what it means where a type is wanted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stoker.document import oldscalars, yaml
from stoker.document.nodes import Node
from stoker.document.scalars import MISMATCH

# the text of a value -> as a string, an integer, a boolean
NOTHING = (None, None, None)
ZERO = ("", 0, False)
MEANINGS: dict[str, tuple[object, object, object]] = {
    "": NOTHING,
    "null": NOTHING,
    '"null"': NOTHING,
    "!!null x": NOTHING,
    "~": ZERO,
    "Null": ZERO,
    "NULL": ZERO,
    '""': ("", MISMATCH, MISMATCH),
    '"~"': ("~", MISMATCH, MISMATCH),
    "core": ("core", MISMATCH, MISMATCH),
    "0644": ("0644", 0o644, MISMATCH),
    "0o644": ("0o644", 0o644, MISMATCH),
    "0999": ("0999", 999, MISMATCH),
    "0x1ff": ("0x1ff", 511, MISMATCH),
    "0b11": ("0b11", 3, MISMATCH),
    "-0b11": ("-0b11", -3, MISMATCH),
    "1_000": ("1_000", 1000, MISMATCH),
    "_1": ("_1", MISMATCH, MISMATCH),
    "+5": ("+5", 5, MISMATCH),
    "420.0": ("420.0", 420, MISMATCH),
    "2.5": ("2.5", 2, MISMATCH),
    ".5": (".5", 0, MISMATCH),
    "1e3": ("1e3", MISMATCH, MISMATCH),
    "1e+3": ("1e+3", 1000, MISMATCH),
    ".inf": (".inf", MISMATCH, MISMATCH),
    "9223372036854775807": ("9223372036854775807", (1 << 63) - 1, MISMATCH),
    "9223372036854775808": ("9223372036854775808", MISMATCH, MISMATCH),
    '"0644"': ("0644", MISMATCH, MISMATCH),
    "!!str 0644": ("0644", MISMATCH, MISMATCH),
    '!!int "0644"': ("0644", 0o644, MISMATCH),
    "!!int x": (MISMATCH, MISMATCH, MISMATCH),
    "!!int 1.5": (MISMATCH, MISMATCH, MISMATCH),
    "!!float 1": (MISMATCH, MISMATCH, MISMATCH),
    "!!float 1.5": ("1.5", 1, MISMATCH),
    "!!float .inf": (".inf", MISMATCH, MISMATCH),
    "!!bool yes": ("yes", MISMATCH, True),
    "!!bool 1": (MISMATCH, MISMATCH, MISMATCH),
    "true": ("true", MISMATCH, True),
    "yes": ("yes", MISMATCH, True),
    "off": ("off", MISMATCH, False),
    "n": ("n", MISMATCH, False),
    '"true"': ("true", MISMATCH, MISMATCH),
    "!!binary aGk=": ("hi", MISMATCH, MISMATCH),
    "!!binary '*'": (MISMATCH, MISMATCH, MISMATCH),
    "!mine 7": ("7", MISMATCH, MISMATCH),
}
READINGS: tuple[Callable[[Node], object], ...] = (oldscalars.string, oldscalars.integer, oldscalars.boolean)


def node(text: str) -> Node:
    document, _ = yaml.read(f"- {text}\n".encode(), "")
    assert document is not None
    assert document.root is not None
    item = document.root.value[0]
    assert isinstance(item, Node)
    return item


@pytest.mark.parametrize("text", MEANINGS)
def test_a_scalar_means(text: str) -> None:
    assert tuple(read(node(text)) for read in READINGS) == MEANINGS[text]


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("-1", MISMATCH), ("~", 0), ("null", None)])
def test_a_number_that_is_not_negative(text: str, number: object) -> None:
    assert oldscalars.unsigned(node(text)) == number
