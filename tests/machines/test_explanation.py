"""Why a machine gets what it gets, in words and as data."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stoker.machines import Asker, Catalogue, check_ignition, read_catalogue
from stoker.machines.explanation import Explanation, explain, explanation_text
from stoker.report import Report
from tests.machines.conftest import MakeSnapshot

GOLDEN = Path(__file__).parent / "golden"
FILES = {
    "groups/default.json": '{"profile": "install", "metadata": {"stoker.install": "once"}}',
    "groups/web.json": '{"profile": "web", "selector": {"role": "web", "os": "installed"}}',
    "groups/first.json": '{"profile": "web", "selector": {"role": "web", "mac": "525400a19cae"}}',
    "groups/locked.json": '{"profile": "none", "selector": {"role": "lock"}, "metadata": {"stoker.token": "required"}}',
    "groups/lost.json": '{"profile": "nowhere", "selector": {"role": "lost"}}',
    "groups/odd.json": '{"profile": "none", "selector": {"role": "odd"}, "metadata": {"stoker.token": "maybe"}}',
    "profiles/install.json": """{"id": "install", "ignition_id": "install.ign", "boot": {
        "kernel": "/assets/vmlinuz", "initrd": ["/assets/initrd"], "args": ["a", "b=c"]}}""",
    "profiles/web.json": '{"id": "web", "ignition_id": "web.bu", "generic_id": "gone"}',
    "profiles/none.json": '{"id": "none"}',
    "ignition/install.ign": '{"ignition": {"version": "3.4.0"}}',
    "ignition/web.bu": "name: {{.name}}\n",
}
ASKERS = {
    "default": {"mac": "52:54:00:00:00:01", "uuid": ""},
    "installed": {"role": "web", "os": "installed"},
    "two": {"role": "web", "os": "installed", "mac": "52:54:00:a1:9c:ae"},
    "locked": {"role": "lock"},
    "lost": {"role": "lost"},
    "odd": {"role": "odd"},
}
SAID = {
    "default": [],
    "installed": ['template: web.bu:1:8: executing "web.bu" at <.name>: map has no entry for key "name"'],
    "two": ['template: web.bu:1:8: executing "web.bu" at <.name>: map has no entry for key "name"'],
    "locked": [],
    "lost": ["group `lost` names profile `nowhere`: there is none"],
    "odd": ["`stoker.token` is `maybe` in group `odd`"],
}


def answer(catalogue: Catalogue, labels: dict[str, str]) -> tuple[Explanation, Report]:
    return explain(catalogue, Asker(labels), lambda text, _file: (text, Report()), check_ignition)


@pytest.mark.parametrize("name", ASKERS)
def test_an_explanation(name: str, make_snapshot: MakeSnapshot) -> None:
    catalogue, _ = read_catalogue(make_snapshot(FILES))
    explanation, report = answer(catalogue, ASKERS[name])
    assert [entry.message for entry in report if entry.is_error] == SAID[name]
    assert explanation_text(explanation, has_groups=True) == (GOLDEN / f"explained-{name}.txt").read_text()
    assert [tried.group for tried in explanation.tried] == [group.key for group in catalogue.selection.groups]
    chosen = [tried.group for tried in explanation.tried if tried.is_chosen]
    assert chosen == [explanation.group]
    found = catalogue.selection.find(ASKERS[name])
    assert found is not None
    assert found.key == explanation.group
    for tried in explanation.tried:
        assert tried.is_match == all(selector.holds for selector in tried.selectors)
    assert msgspec.json.decode(msgspec.json.encode(explanation), type=Explanation) == explanation


def test_nobody_takes_it(make_snapshot: MakeSnapshot) -> None:
    catalogue, _ = read_catalogue(make_snapshot({"groups/g.json": '{"selector": {"a": "b"}}'}))
    explanation, report = answer(catalogue, {})
    assert explanation_text(explanation, has_groups=False) == "machine\n  no labels\n\nno group takes it\n"
    assert [entry.message for entry in report] == [
        "no group matches a machine without labels",
        "group `g`: `a` must be `b`, it names none",
    ]
