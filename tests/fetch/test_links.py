"""Why there is no network, from a directory laid out as the kernel does."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from stoker.fetch import Settings
from stoker.fetch.errors import GaveUp, Unavailable
from stoker.fetch.links import hindrance
from stoker.fetch.messages import NO_ANSWER
from stoker.fetch.patience import Patience
from stoker.fetch.web import _no_answer

LOOPBACK = {"flags": "0x9", "carrier": "1"}
UP = {"flags": "0x1003", "carrier": "1"}
UNPLUGGED = {"flags": "0x1003", "carrier": "0"}
DOWN = {"flags": "0x1002"}


def lay(directory: Path, links: dict[str, dict[str, str]]) -> str:
    for name, attributes in links.items():
        (directory / name).mkdir()
        for attribute, value in attributes.items():
            (directory / name / attribute).write_text(value + "\n")
    (directory / "bonding_masters").write_text("")
    return str(directory)


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ({}, "no network interface"),
        ({"lo": LOOPBACK}, "no network interface"),
        ({"lo": LOOPBACK, "eno1": DOWN}, "eno1 is down"),
        ({"eno1": DOWN, "eno2": DOWN}, "eno1, eno2 are down"),
        ({"lo": LOOPBACK, "eno1": UNPLUGGED, "eno2": DOWN}, "no carrier on eno1"),
        ({"eno1": UNPLUGGED, "eno2": UNPLUGGED}, "no carrier on eno1, eno2"),
        ({f"eno{number}": UNPLUGGED for number in range(7)}, "no carrier on eno0, eno1, eno2, eno3 and 3 more"),
        ({"eno1": UNPLUGGED, "eno2": UP}, None),
        ({"odd": {}}, "odd is down"),
    ],
)
def test_what_hinders(links: dict[str, dict[str, str]], expected: str | None, tmp_path: Path) -> None:
    assert hindrance(lay(tmp_path, links)) == expected


def test_without_such_a_directory_nothing_is_said(tmp_path: Path) -> None:
    assert hindrance(str(tmp_path / "none")) is None


def fail() -> None:
    raise Unavailable(NO_ANSWER, brief="network is unreachable", is_network=True, url="http://h/f")


def test_waiting_for_the_network_is_not_done_in_silence(clock: Any, tmp_path: Path) -> None:
    said: list[str] = []
    links = lay(tmp_path, {"eno1": UNPLUGGED})
    patience = Patience("http://h/f", Settings(total=20.0), clock, said.append, links)

    with pytest.raises(GaveUp, match="network is unreachable, no carrier on eno1"):
        patience.persist("GET", fail)
    assert said[:6] == [
        "GET http://h/f: attempt #1",
        "GET error: network is unreachable",
        "waiting for network, 0 s, no carrier on eno1",
        "GET http://h/f: attempt #2",
        "GET error: network is unreachable",
        "waiting for network, 0 s, no carrier on eno1",
    ]
    assert said[-1] == "waiting for network, 16 s, no carrier on eno1"


def test_a_network_with_a_carrier_may_still_be_missing(clock: Any, tmp_path: Path) -> None:
    said: list[str] = []
    patience = Patience("http://h/f", Settings(total=1.0), clock, said.append, lay(tmp_path, {"eno1": UP}))
    with pytest.raises(GaveUp):
        patience.persist("GET", fail)
    assert said[-1] == "waiting for network, 1 s, network is unreachable"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENETUNREACH, True),
        (errno.EHOSTUNREACH, True),
        (errno.ENETDOWN, True),
        (errno.ECONNREFUSED, False),
        (errno.ECONNRESET, False),
    ],
)
def test_what_is_a_fault_of_the_network(number: int, expected: bool) -> None:
    assert _no_answer("http://h", OSError(number, "words")).is_network is expected
