"""Modes: which a person would write, and which were written in decimal by mistake."""

from __future__ import annotations

import pytest

from stoker.schema.rules.butane import is_decimal_mistake, is_typical_mode

FILE, DIRECTORY = False, True

TYPICAL = {
    **dict.fromkeys(
        [(mode, FILE) for mode in (0, 0o644, 0o755, 0o600, 0o400, 0o444, 0o640, 0o4755, 0o2755, 0o700)], True
    ),
    **dict.fromkeys([(mode, DIRECTORY) for mode in (0, 0o755, 0o700, 0o750, 0o1777, 0o2775, 0o711 | 0o44)], True),
    (0o1204, FILE): False,  # 644 in decimal
    (0o1363, DIRECTORY): False,  # 755 in decimal
    (0o200, FILE): False,  # writing without reading
    (0o466, FILE): False,  # others may what the owner may not
    (0o745, FILE): False,  # others may run it, the group may not
    (0o4644, FILE): False,  # setuid of what cannot run
    (0o6777, FILE): False,  # setuid of what all may write
    (0o1755, FILE): False,  # a sticky file
    (0o644, DIRECTORY): False,  # a directory that cannot be entered
    (0o4755, DIRECTORY): False,  # setuid of a directory
    (0o1555, DIRECTORY): False,  # sticky where nobody writes
}


@pytest.mark.parametrize("mode, is_directory", TYPICAL, ids=str)
def test_typical(mode: int, is_directory: bool) -> None:
    assert is_typical_mode(mode, is_directory) is TYPICAL[mode, is_directory]


MISTAKES = {
    (644, FILE): True,
    (755, FILE): True,
    (755, DIRECTORY): True,
    (600, FILE): True,
    (1777, DIRECTORY): True,
    (4755, FILE): True,
    (0o644, FILE): False,  # 420: right as it is
    (493, DIRECTORY): False,
    (0, FILE): False,
    (644, DIRECTORY): False,  # no directory is like that in octal either
    (888, FILE): False,  # no octal digits
    (-644, FILE): False,
    (7778, FILE): False,
    (10644, FILE): False,
}


@pytest.mark.parametrize("mode, is_directory", MISTAKES, ids=str)
def test_decimal_mistake(mode: int, is_directory: bool) -> None:
    assert is_decimal_mistake(mode, is_directory=is_directory) is MISTAKES[mode, is_directory]


def test_no_typical_mode_is_a_mistake() -> None:
    for is_directory in (FILE, DIRECTORY):
        typical = {mode for mode in range(0o10000) if is_typical_mode(mode, is_directory)}
        assert not {mode for mode in typical if is_decimal_mistake(mode, is_directory=is_directory)}
