"""Ids for new accounts, and the files that say where they come from."""

from __future__ import annotations

import pytest

from stoker.system.account_defaults import Defaults, next_block, next_id


@pytest.mark.parametrize(
    ("ids", "taken", "system", "expected"),
    [
        (range(10, 20), set(), False, 10),
        (range(10, 20), {10, 12}, False, 13),
        (range(10, 20), {5, 30}, False, 10),
        (range(10, 20), {19}, False, 10),
        (range(10, 20), {10, 11, 19}, False, 12),
        (range(10, 20), set(range(10, 20)), False, None),
        (range(10, 20), set(), True, 19),
        (range(10, 20), {19, 17}, True, 16),
        (range(10, 20), {10}, True, 19),
        (range(10, 20), {10, 19, 18}, True, 17),
        (range(0), set(), False, None),
    ],
)
def test_next_id(ids: range, taken: set[int], system: bool, expected: int | None) -> None:
    assert next_id(ids, taken, system=system) == expected


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], 100),
        ([range(100, 110)], 110),
        ([range(105, 115)], 115),
        ([range(110, 120)], 100),
        ([range(120, 130), range(100, 110)], 110),
        ([range(100, 195)], None),
        ([range(50)], 100),
    ],
)
def test_next_block(taken: list[range], expected: int | None) -> None:
    assert next_block(range(100, 200), 10, taken) == expected


def test_defaults_are_read() -> None:
    defaults = Defaults(
        "# UID_MIN 1\n\nUID_MIN\t500\nUMASK 027\nUSERGROUPS_ENAB yes\nGID_MAX 0x100\nGID_MIN junk\nlonely\n",
        'SHELL="/bin/zsh"\n#HOME=/x\nSKEL = /usr/share/skel\n',
    )
    assert defaults.ids("UID", False) == range(500, 60001)
    assert defaults.ids("UID", True) == range(101, 500)
    assert defaults.ids("GID", False) == range(1000, 257)
    assert defaults.home_mode == 0o750
    assert defaults.user_groups
    assert (defaults.shell, defaults.homes, defaults.skeleton) == ("/bin/zsh", "/home", "/usr/share/skel")
    assert defaults.optional("PASS_MAX_DAYS") == ""


def test_without_files_the_tools_own_defaults_hold() -> None:
    defaults = Defaults("", "")
    assert (defaults.ids("UID", False), defaults.home_mode, defaults.shell) == (range(1000, 60001), 0o755, "/bin/bash")
    assert not defaults.user_groups
