"""What a YAML scalar means when a string, an integer or a boolean is wanted."""

from __future__ import annotations

import pytest

from stoker.document import scalars, yaml
from stoker.document.nodes import Node
from stoker.document.scalars import MISMATCH


def node(text: str) -> Node:
    """A scalar where scalars mostly stand: as the value of a key."""
    document, report = yaml.read(f"key: {text}".encode(), "")
    assert document is not None, list(report)
    assert document.root is not None
    scalar: Node = document.root.value[0][1]
    return scalar


INTEGERS = {
    "0": 0,
    "00": 0,
    "-0": 0,
    "7": 7,
    "+5": 5,
    "-5": -5,
    "0644": 0o644,
    "-0644": -0o644,
    "0o644": 0o644,
    "0O644": 0o644,
    "0x1a4": 0x1A4,
    "0X1A4": 0x1A4,
    "0b110": 6,
    "0B110": 6,
    "1_000": 1000,
    "0_644": 0o644,
    "420.0": 420,
    "4.2e2": 420,
    "1e3": 1000,
    "1.5": 1,
    "-1.9": -1,
    ".5": 0,
    "5.": 5,
    "08": 8,
    "0844": 844,
    "9223372036854775807": (1 << 63) - 1,
    "-9223372036854775808": -(1 << 63),
    "!!int 5": 5,
    "!odd 5": 5,
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "!!null x": None,
    "nUll": MISMATCH,
    '"5"': MISMATCH,
    "'0644'": MISMATCH,
    "!!str 5": MISMATCH,
    "|\n  5": MISMATCH,
    "9223372036854775808": MISMATCH,
    "-9223372036854775809": MISMATCH,
    "99999999999999999999": MISMATCH,
    "1e300": MISMATCH,
    "1e400": MISMATCH,
    "1:30": MISMATCH,
    "true": MISMATCH,
    "abc": MISMATCH,
    "0x": MISMATCH,
    "0xg": MISMATCH,
    "0b2": MISMATCH,
    "1 2": MISMATCH,
    "٣": MISMATCH,
    "²": MISMATCH,
    ".inf": MISMATCH,
    ".nan": MISMATCH,
    "1" * 5000: MISMATCH,
    "0x" + "f" * 5000: MISMATCH,
    "1." + "0" * 5000: MISMATCH,
}


@pytest.mark.parametrize("text, expected", INTEGERS.items(), ids=[text[:24] for text in INTEGERS])
def test_integer(text: str, expected: object) -> None:
    assert scalars.integer(node(text)) is expected or scalars.integer(node(text)) == expected


BOOLEANS = {
    **dict.fromkeys(["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"], True),
    **dict.fromkeys(["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"], False),
    # A quoted word of the second kind is a string that is wanted as a boolean; one of the first is a plain string.
    **dict.fromkeys(['"yes"', "'on'", "!!str y"], True),
    **dict.fromkeys(['"no"', "'off'", "!!str n"], False),
    **dict.fromkeys(["", "~", "null", "!!null true"], None),
    **dict.fromkeys(['"true"', "'false'", "!!str true", "tRUE", "yEs", "1", "0", "t", "oN", '""'], MISMATCH),
}


@pytest.mark.parametrize("text, expected", BOOLEANS.items())
def test_boolean(text: str, expected: object) -> None:
    assert scalars.boolean(node(text)) is expected


STRINGS = {
    "abc": "abc",
    "0644": "0644",
    "1.50": "1.50",
    "yes": "yes",
    "true": "true",
    "2020-01-01": "2020-01-01",
    "12:30:45": "12:30:45",
    '"~"': "~",
    "'null'": "null",
    '""': "",
    "!!str": "",
    "!!str ~": "~",
    "!!int 5": "5",
    "!custom ~": None,
    "!custom text": "text",
    "": None,
    "~": None,
    "NULL": None,
    "!!null text": None,
    "!!binary aGVsbG8=": "hello",
    "!!binary aGVs\n  bG8=": "hello",
    "!!binary /w==": "\udcff",
    "!!binary '%'": MISMATCH,
    "!!binary a": MISMATCH,
    ">-\n  two\n  words": "two words",
    "|+\n  kept\n\n": "kept\n\n",
}


@pytest.mark.parametrize("text, expected", STRINGS.items())
def test_string(text: str, expected: object) -> None:
    value = scalars.string(node(text))
    assert value is expected or value == expected
