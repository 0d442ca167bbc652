"""What the environment says of the image: a table of variables and what comes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stoker.engine.first_boot.surroundings import TOOLS, surroundings_of

PAGE = Path(__file__).parent.parent.parent / "docs" / "first-boot.md"

SAID: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "nothing": (
        {},
        {
            "keys": ".ssh/authorized_keys.d/ignition",
            "relabels": True,
            "result": "/etc/.ignition-result.json",
            "volume_keys": "/etc/luks",
        },
    ),
    "keys in one file": ({"WRITE_AUTHORIZED_KEYS_FRAGMENT": "false"}, {"keys": ".ssh/authorized_keys"}),
    "keys in one file, by a digit": ({"WRITE_AUTHORIZED_KEYS_FRAGMENT": "0"}, {"keys": ".ssh/authorized_keys"}),
    "keys as they are by default": (
        {"WRITE_AUTHORIZED_KEYS_FRAGMENT": ""},
        {"keys": ".ssh/authorized_keys.d/ignition"},
    ),
    "no labels": ({"SELINUX_RELABEL": "false"}, {"relabels": False}),
    "labels": ({"SELINUX_RELABEL": "1"}, {"relabels": True}),
    "a record elsewhere": ({"RESULT_FILE_PATH": "/var/r"}, {"result": "/var/r"}),
    "no record": ({"RESULT_FILE_PATH": ""}, {"result": ""}),
    "keys of volumes elsewhere": ({"LUKS_REAL_ROOT_KEY_FILE_PATH": "/var/luks/"}, {"volume_keys": "/var/luks"}),
}


@pytest.mark.parametrize(("said", "expected"), SAID.values(), ids=SAID)
def test_the_image(said: dict[str, str], expected: dict[str, Any]) -> None:
    found = surroundings_of({f"IGNITION_{name}": value for name, value in said.items()}).distribution
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(("tool", "variable"), TOOLS.items(), ids=TOOLS)
def test_tools(tool: str, variable: str) -> None:
    found = surroundings_of({f"IGNITION_{variable}": "/opt/other", "IGNITION_BOOT_ID_PATH": "/opt/id"})
    assert (found.tools, found.boot_id) == ({tool: "/opt/other"}, "/opt/id")


def test_the_page_names_every_tool() -> None:
    text = PAGE.read_text()
    assert [name for name in TOOLS.values() if f"`IGNITION_{name}`" not in text] == []
