"""Inventories from elsewhere: what no machine could have is refused, what one could have comes back as it was."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, lay_base
from stoker.engine.captured import lay_accounts, read_inventory
from stoker.engine.errors import BadInventory
from stoker.engine.targets import distribution_of_system
from stoker.system import ScratchSystem, User

MACHINE: dict[str, Any] = {
    "version": 1,
    "devices": {
        "disks": {
            "/dev/vda": {
                "size": 1 << 30,
                "sector_size": 512,
                "table": {
                    "sector_size": 512,
                    "sectors": 1 << 21,
                    "first_usable": 34,
                    "last_usable": (1 << 21) - 34,
                    "partitions": [{"number": 1, "start": 2048, "size": 2048}],
                },
                "contents": {"1048576": {"type": "ext4"}},
            }
        }
    },
    "users": [{"name": "core", "uid": 1000, "gid": 1000, "gecos": "", "home": "/home/core", "shell": "/bin/sh"}],
    "groups": [{"name": "core", "gid": 1000, "members": ["core"]}],
}

Change = Callable[[dict[str, Any]], object]


def disk(machine: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = machine["devices"]["disks"]["/dev/vda"]
    return found


def table(machine: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = disk(machine)["table"]
    return found


# id: (what is changed, what is said)
FAULTS: dict[str, tuple[Change, str]] = {
    "no name": (lambda m: m["devices"]["disks"].update({"": disk(m)}), "`` is no device"),
    "a name elsewhere": (lambda m: m["devices"]["disks"].update({"/etc/x": disk(m)}), "`/etc/x` is no device"),
    "a size below nothing": (lambda m: disk(m).update(size=-5, table=None), "`/dev/vda`: it has -5 bytes"),
    "a size beyond all": (lambda m: disk(m).update(size=1 << 62, table=None), f"`/dev/vda`: it has {1 << 62} bytes"),
    "no sectors": (lambda m: disk(m).update(sector_size=0, table=None), "`/dev/vda`: its sectors have 0 bytes"),
    "sectors of two sizes": (
        lambda m: table(m).update(sector_size=4096),
        "`/dev/vda`: its table counts in sectors of 4096 bytes",
    ),
    "a table beyond the disk": (
        lambda m: table(m).update(last_usable=1 << 30),
        f"`/dev/vda`: its table has room from sector 34 to {1 << 30}",
    ),
    "a table of no entries": (lambda m: table(m).update(entries=0), "`/dev/vda`: its table has 0 entries"),
    "a partition below 1": (
        lambda m: table(m)["partitions"][0].update(number=-1),
        "`/dev/vda`: its partitions have the numbers [-1]",
    ),
    "a partition twice": (
        lambda m: table(m)["partitions"].append(table(m)["partitions"][0]),
        "`/dev/vda`: its partitions have the numbers [1, 1]",
    ),
    "a partition beyond the disk": (
        lambda m: table(m)["partitions"][0].update(size=1 << 40),
        f"`/dev/vda`: partition 1 is at sector 2048 and has {1 << 40}",
    ),
    "a user of two lines": (lambda m: m["users"][0].update(gecos="a\nroot:x:0:0"), "`core` cannot be an account"),
    "a user with a colon": (lambda m: m["users"][0].update(name="a:b"), "`a:b` cannot be an account"),
    "a user without a name": (lambda m: m["users"][0].update(name=""), "`` cannot be an account"),
    "an id beyond all": (lambda m: m["users"][0].update(uid=1 << 40), f"`core` has the ids {1 << 40}, 1000"),
    "a member of two lines": (lambda m: m["groups"][0].update(members=["a\nb"]), "`core` cannot be an account"),
    "anything else that is JSON": (lambda m: m.clear(), "Object missing required field `version`"),
    "disks in the wrong place": (lambda m: m.update(disks=5), "Object contains unknown field `disks`"),
    "a part of a disk that is none": (
        lambda m: disk(m).update(label="x"),
        "Object contains unknown field `label` - at `$.devices.disks[...]`",
    ),
    "another type": (lambda m: m.update(users="x"), "Expected `array`, got `str` - at `$.users`"),
}


@pytest.mark.parametrize(("change", "reason"), FAULTS.values(), ids=FAULTS)
def test_what_no_machine_could_have(change: Change, reason: str) -> None:
    machine = copy.deepcopy(MACHINE)
    change(machine)
    with pytest.raises(BadInventory) as caught:
        read_inventory(json.dumps(machine).encode())
    assert str(caught.value) == f"it is no inventory: {reason}"


def test_an_inventory_that_is_deeper_than_any() -> None:
    with pytest.raises(BadInventory, match="maximum recursion depth"):
        read_inventory(b'{"x":' + b"[" * 100_000)


def test_a_machine_comes_back_as_it_was(tmp_path: Path) -> None:
    captured = read_inventory(json.dumps(MACHINE).encode())
    assert read_inventory(msgspec.json.encode(captured)) == captured
    with closing(ScratchSystem(tmp_path / "root")) as system:
        lay_accounts(system, captured)
        lay_base(system, DISTRIBUTIONS["fcos"])
        assert system.accounts.users() == [User("core", 1000, 1000, "", "/home/core", "/bin/sh")]
        assert [group.members for group in system.accounts.groups()] == [("core",)]


# what os-release(5) says -> the distribution
SYSTEMS: list[tuple[dict[str, str], str | None]] = [
    ({"ID": "fedora", "VARIANT_ID": "coreos"}, "fcos"),
    ({"ID": "fedora", "VARIANT_ID": "server"}, None),
    ({"ID": "rhcos"}, "rhcos"),
    ({"ID": "rhel", "VARIANT_ID": "coreos"}, "rhcos"),
    ({"ID": "scos"}, "rhcos"),
    ({"ID": "flatcar", "ID_LIKE": "coreos"}, "flatcar"),
    ({"ID": "debian"}, "debian"),
    ({"ID": "ubuntu", "ID_LIKE": "debian"}, "debian"),
    ({}, None),
]


@pytest.mark.parametrize(("said", "expected"), SYSTEMS)
def test_which_distribution_a_system_is(said: dict[str, str], expected: str | None) -> None:
    found = distribution_of_system(said)
    assert (found and found.name) == expected
