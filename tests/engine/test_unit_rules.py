"""Units of a config: files, drop-ins, masks and the text of the preset file."""

from __future__ import annotations

from typing import Any

import pytest

Unit = dict[str, Any]
SYSTEM = "/etc/systemd/system"
PRESET = "/etc/systemd/system-preset/20-ignition.preset"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"

# id -> (what was there, units, what is there afterwards)
CASES: dict[str, tuple[dict[str, str], list[Unit], dict[str, str]]] = {
    "contents": ({}, [{"name": "a.service", "contents": "x"}], {f"{SYSTEM}/a.service": "x", PRESET: ""}),
    "contents replace": (
        {f"{SYSTEM}/a.service": "old"},
        [{"name": "a.service", "contents": "x"}],
        {f"{SYSTEM}/a.service": "x"},
    ),
    "contents replace a mask": (
        {f"{SYSTEM}/a.service": "-> /dev/null"},
        [{"name": "a.service", "contents": "x", "mask": False}],
        {f"{SYSTEM}/a.service": "x"},
    ),
    "empty contents are not written": ({}, [{"name": "a.service", "contents": ""}], {f"{SYSTEM}/a.service": ""}),
    "drop-ins": (
        {},
        [{"name": "a.service", "dropins": [{"name": "1.conf", "contents": "x"}, {"name": "2.conf", "contents": ""}]}],
        {f"{SYSTEM}/a.service.d/1.conf": "x", f"{SYSTEM}/a.service.d": "/", f"{SYSTEM}/a.service": ""},
    ),
    "drop-in without contents": (
        {},
        [{"name": "a.service", "dropins": [{"name": "1.conf"}]}],
        {f"{SYSTEM}/a.service.d": ""},
    ),
    "enabled": ({}, [{"name": "a.service", "enabled": True}], {PRESET: "enable a.service\n"}),
    "lines are sorted": (
        {},
        [{"name": "b.service", "enabled": True}, {"name": "a.socket", "enabled": True}],
        {PRESET: "enable a.socket\nenable b.service\n"},
    ),
    "instances share a line": (
        {},
        [
            {"name": "e@b.service", "enabled": True},
            {"name": "a.service", "enabled": True},
            {"name": "e@a.service", "enabled": True},
            {"name": "e@c.d.service", "enabled": True},
        ],
        {PRESET: "enable a.service\nenable e@.service b a c.d\n"},
    ),
    "presets are appended": (
        {PRESET: "enable x.service\n"},
        [{"name": "a.service", "enabled": True}],
        {PRESET: "enable x.service\nenable a.service\n"},
    ),
    "disabled, was not enabled": ({}, [{"name": "a.service", "enabled": False}], {PRESET: ""}),
    "disabled, was enabled": (
        {f"{SYSTEM}/multi-user.target.wants/a.service": "-> /usr/lib/systemd/system/a.service"},
        [{"name": "a.service", "enabled": False}],
        {PRESET: "disable a.service\n", f"{SYSTEM}/multi-user.target.wants/a.service": ""},
    ),
    "disabled, is written and idle": (
        {},
        [{"name": "a.service", "enabled": False, "contents": INSTALL}],
        {PRESET: "", f"{SYSTEM}/a.service": INSTALL},
    ),
    "disabled, an instance was enabled": (
        {f"{SYSTEM}/x.target.wants/e@b.service": "-> /usr/lib/systemd/system/e@.service"},
        [{"name": "e@a.service", "enabled": False}, {"name": "e@b.service", "enabled": False}],
        {PRESET: "disable e@.service b\n", f"{SYSTEM}/x.target.wants/e@b.service": ""},
    ),
    "masked": ({}, [{"name": "a.service", "mask": True}], {f"{SYSTEM}/a.service": "-> /dev/null"}),
    "masked over its contents": (
        {f"{SYSTEM}/a.service": "old"},
        [{"name": "a.service", "mask": True, "contents": "x"}],
        {f"{SYSTEM}/a.service": "-> /dev/null"},
    ),
    "unmasked": (
        {f"{SYSTEM}/a.service": "-> /dev/null"},
        [{"name": "a.service", "mask": False}],
        {f"{SYSTEM}/a.service": ""},
    ),
    "unmasking leaves other links": (
        {f"{SYSTEM}/a.service": "-> b.service"},
        [{"name": "a.service", "mask": False}],
        {f"{SYSTEM}/a.service": "-> b.service"},
    ),
}


@pytest.mark.parametrize(("before", "units", "expected"), CASES.values(), ids=CASES)
def test_units(tree: Any, before: dict[str, str], units: list[Unit], expected: dict[str, str]) -> None:
    tree.lay(before)
    outcome = tree.provision({"systemd": {"units": units}})
    assert outcome.succeeded, list(outcome.report)
    assert {path: tree.text(path) for path in expected} == expected


def test_a_unit_behind_a_link_stays_inside(tree: Any) -> None:
    tree.lay({"/etc": "-> ../../outside"})
    tree.provision({"systemd": {"units": [{"name": "a.service", "contents": "x"}]}})
    assert tree.text("/outside/systemd/system/a.service") == "x"


ELSEWHERE: dict[str, Unit] = {
    "a unit above": {"name": "../x.service", "contents": "x"},
    "a unit below": {"name": "x/y.service", "enabled": True},
    "a drop-in above": {"name": "x.service", "dropins": [{"name": "../../z.conf", "contents": "x"}]},
}


@pytest.mark.parametrize("unit", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_name_that_leads_elsewhere_is_refused(tree: Any, unit: Unit) -> None:
    outcome = tree.provision({"systemd": {"units": [unit]}})
    assert [entry.code for entry in outcome.report if entry.is_error] == ["unit-elsewhere"]
    assert tree.text("/etc/systemd/x.service") == ""


# id: (a unit that no file can have the name of, the part that is to blame)
NAMELESS: dict[str, tuple[dict[str, Any], tuple[str | int, ...]]] = {
    "a unit": ({"name": f"{'a' * 300}.service", "contents": "[Unit]\n"}, ("contents",)),
    "a drop-in": ({"name": "a.service", "dropins": [{"name": f"{'a' * 300}.conf", "contents": ""}]}, ("dropins", 0)),
}


@pytest.mark.parametrize(("unit", "place"), NAMELESS.values(), ids=NAMELESS)
def test_a_name_that_no_file_can_have_is_found_before_anything_is_written(
    unit: dict[str, Any], place: tuple[str | int, ...], tree: Any
) -> None:
    outcome = tree.provision({"storage": {"files": [{"path": "/x"}]}, "systemd": {"units": [unit]}})
    assert [entry.pointer for entry in outcome.report if entry.is_error] == [("systemd", "units", 0, *place)]
    assert "file name too long" in outcome.report.entries[0].message
    assert tree.system.look("/x") is None
