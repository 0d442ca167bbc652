"""Configs in files of the system: which hides which, in what order, and what cannot be read."""

from __future__ import annotations

import pytest

from stoker.platforms import BaseConfig, base_configs, find_config
from stoker.system import FileFault
from tests.platforms.doubles import World, nobody


def test_base_configs_are_merged_in_the_order_of_their_names(world: World) -> None:
    files = {
        "/usr/lib/ignition/base.d/10-a.ign": b"vendor a",
        "/usr/lib/ignition/base.d/30-c.ign": b"vendor c",
        "/etc/ignition/base.d/30-c.ign": b"local c",
        "/etc/ignition/base.d/20-b": b"local b",
        "/run/ignition/base.d/10-a.ign": b"run a",
        "/usr/lib/ignition/base.platform.d/aws/05-p.ign": b"platform",
        "/usr/lib/ignition/base.platform.d/gcp/05-p.ign": b"of another",
    }
    for path, content in files.items():
        world.write(path, content)
    assert base_configs("aws", world.machine, world.say) == [
        BaseConfig("/run/ignition/base.d/10-a.ign", b"run a", tolerated=False),
        BaseConfig("/etc/ignition/base.d/20-b", b"local b", tolerated=False),
        BaseConfig("/etc/ignition/base.d/30-c.ign", b"local c", tolerated=False),
        BaseConfig("/usr/lib/ignition/base.platform.d/aws/05-p.ign", b"platform", tolerated=True),
    ]
    assert world.said == []


def test_a_machine_without_base_configs(world: World) -> None:
    assert base_configs("metal", world.machine, world.say) == []


def test_the_environment_names_other_directories(world: World) -> None:
    world.environment = {
        "IGNITION_SYSTEM_CONFIG_DIR": "/opt/vendor",
        "IGNITION_SYSTEM_LOCAL_CONFIG_DIR": "local",  # from the working directory, /run
        "IGNITION_SYSTEM_RUNTIME_CONFIG_DIR": "",
    }
    for path in ("/opt/vendor/base.d/1", "/run/local/base.d/2", "/run/ignition/base.d/3", "/usr/lib/ignition/base.d/4"):
        world.write(path, b"{}")
    paths = [config.path for config in base_configs("metal", world.machine, world.say)]
    assert paths == ["/opt/vendor/base.d/1", "/run/local/base.d/2", "/run/ignition/base.d/3"]


def test_what_cannot_be_read_stops_but_for_the_platforms(world: World) -> None:
    world.write("/usr/lib/ignition/base.platform.d/aws/directory/file", b"")
    assert base_configs("aws", world.machine, world.say) == []
    (said,) = world.said
    assert said.startswith("no config at `base.platform.d/aws`: cannot read `/usr/lib/ignition/base.platform.d/aws/")
    assert said.endswith("/directory`: not a regular file")
    base = world.root / "usr/lib/ignition/base.d"
    base.mkdir()
    (base / "lost.ign").symlink_to("/nowhere")
    with pytest.raises(FileFault, match=r"cannot read `/usr/lib/ignition/base\.d/lost\.ign`: no such file"):
        base_configs("aws", world.machine, world.say)


# Each hides those after it.
USER_FILES = [
    "/run/ignition/user.ign",
    "/etc/ignition/user.ign",
    "/boot/ignition/config.ign",
    "/oem/config.ign",
    "/usr/lib/ignition/user.ign",
]


@pytest.mark.parametrize("first", range(len(USER_FILES)), ids=USER_FILES)
def test_the_first_user_config_counts(first: int, world: World) -> None:
    for path in USER_FILES[first:]:
        world.write(path, path.encode())
    found = find_config("metal", world.machine, nobody, world.say)
    assert (found.config, found.where, found.provider) == (
        USER_FILES[first].encode(),
        f"`{USER_FILES[first]}`",
        "system",
    )


def test_an_empty_user_config_says_that_there_is_none(world: World) -> None:
    world.write("/etc/ignition/user.ign", b"")
    world.write("/usr/lib/ignition/user.ign", b"{}")
    found = find_config("gcp", world.machine, nobody, world.say)
    assert (found.config, found.provider) == (None, "system")


def test_a_link_is_followed_inside_the_root(world: World) -> None:
    world.write("/usr/share/config", b"shared")
    link = world.root / "usr/lib/ignition/user.ign"
    link.parent.mkdir(parents=True)
    link.symlink_to("/usr/share/config")
    assert find_config("metal", world.machine, nobody, world.say).config == b"shared"
