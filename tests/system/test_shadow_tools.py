"""Accounts by the machine's own tools: the commands that are run, in the order of arguments that Ignition has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stoker.system import Accounts, GroupFields, RealSystem, UserFields

Act = Callable[[Accounts], object]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[tuple[RealSystem, list[str]]]:
    """A machine whose tools do nothing, and what is run on it."""
    ran: list[str] = []
    tools = dict.fromkeys(("useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel"), "true")

    def watch(arguments: Sequence[str]) -> None:
        ran.append(" ".join(arguments))

    with closing(RealSystem(tmp_path, with_shadow_tools=True, tools=tools, watch=watch)) as system:
        yield system, ran


def user(**fields: Any) -> UserFields:
    return UserFields("u", **fields)


COMMON = "--uid 1 --comment A B --gid g --groups a,b --shell /s"
FULL = {
    "uid": 1,
    "gecos": "A B",
    "home": "/h",
    "shell": "/s",
    "password": "x",
    "primary_group": "g",
    "groups": ("a", "b"),
}

# what is asked, the commands without the program's name, which is `true` here
CASES: dict[str, tuple[Act, list[str]]] = {
    "a plain user": (lambda it: it.add_user(user()), ["--create-home --password * u"]),
    "no home": (lambda it: it.add_user(user(create_home=False)), ["--no-create-home --password * u"]),
    "all there is": (
        lambda it: it.add_user(user(**FULL, user_group=False, system=True, log_init=False)),
        [
            f"--home-dir /h --create-home --no-user-group --system --no-log-init --password x {COMMON} u",
            "--password x u",
        ],
    ),
    "a user changed": (
        lambda it: it.change_user(user(**FULL)),
        [
            f"--home /h --move-home --password x {COMMON} u",
            "--password x u",
        ],
    ),
    "a user as it is": (lambda it: it.change_user(user()), ["u"]),
    "a user gone": (lambda it: it.remove_user("u"), ["--remove u"]),
    "a group": (lambda it: it.add_group(GroupFields("g")), ["g"]),
    "a group and all there is": (
        lambda it: it.add_group(GroupFields("g", 5, "x", system=True)),
        ["--gid 5 --password x --system g"],
    ),
    "a group changed": (lambda it: it.change_group(GroupFields("g", 5, "x", system=True)), ["--gid 5 --password x g"]),
    "a group gone": (lambda it: it.remove_group("g"), ["g"]),
}


@pytest.mark.parametrize(("act", "expected"), CASES.values(), ids=CASES)
def test_commands(machine: tuple[RealSystem, list[str]], act: Act, expected: list[str]) -> None:
    system, ran = machine
    act(system.accounts)
    assert [line.replace(f"true --root {system.root} ", "").replace(f" --root {system.root}", "") for line in ran] == [
        line if "--remove" not in line else f"true {line}" for line in expected
    ]


def test_what_tools_change_is_seen(machine: tuple[RealSystem, list[str]], tmp_path: Path) -> None:
    system, _ = machine
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("u:x:1:1::/h:/s\n")
    assert system.accounts.user("u") is not None
    (tmp_path / "etc/passwd").write_text("other:x:1:1::/h:/s\n")
    assert system.accounts.user("u") is None
