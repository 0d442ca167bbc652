"""What is wrong with a site, found before a machine asks."""

from __future__ import annotations

import pytest

from stoker.machines import read_catalogue
from stoker.machines.rendering import check_ignition
from stoker.machines.review import review
from stoker.report import Message, Place, Report, Severity
from tests.machines.conftest import MakeSnapshot

SITE = {
    "groups/a.json": '{"profile": "p", "selector": {"mac": "52:54:00:00:00:01"}, "metadata": {"n": "1"}}',
    "profiles/p.json": '{"id": "p", "ignition_id": "a.bu", "cloud_id": "c", "generic_id": "g"}',
    "ignition/a.bu": "{{.n}} {{.mac}} {{.request.query.uuid}}\n",
    "cloud/c": "#cloud-config\n",
    "generic/g": "{{.n}}\n",
}


def compiled(text: bytes, file: str) -> tuple[bytes | None, Report]:
    """Stands for a compiler: refuses a line that says so."""
    report = Report()
    for number, line in enumerate(text.split(b"\n"), 1):
        if b"REFUSE" in line:
            report.add(Severity.ERROR, Message("refused", "this line is refused"), (), Place(file, number, 1))
    return (None if report.has_errors else text), report


FOUND = {
    "nothing": ({}, []),
    "a template that lacks a value of one group": (
        {"groups/b.json": '{"profile": "p", "selector": {"mac": "52:54:00:00:00:02"}}'},
        ["/data/ignition/a.bu:1:3 template-missing-key", "/data/generic/g:1:3 template-missing-key"],
    ),
    "a config that does not compile, once for all groups": (
        {
            "ignition/a.bu": "one\n\nREFUSE\n",
            "groups/b.json": '{"profile": "p", "selector": {"mac": "52:54:00:00:00:02"}, "metadata": {"n": "1"}}',
        },
        ["/data/ignition/a.bu:3:1 refused"],
    ),
    "a cloud-config that is none": ({"cloud/c": "text\n"}, ["/data/cloud/c:1:1 machines-not-cloud"]),
    "two groups for the same machine": (
        {"groups/b.json": '{"profile": "p", "selector": {"mac": "52:54:00:00:00:01"}, "metadata": {"n": "1"}}'},
        ["/data/groups/b.json:1:1 machines-never-chosen"],
    ),
    "a group that takes all, beside one that takes more": ({"groups/b.json": '{"profile": "q"}'}, []),
}


@pytest.mark.parametrize(("changed", "found"), FOUND.values(), ids=FOUND)
def test_what_is_found_in_a_site(make_snapshot: MakeSnapshot, changed: dict[str, str], found: list[str]) -> None:
    catalogue, _ = read_catalogue(make_snapshot({**SITE, **changed}))
    report = review(catalogue, compiled, check_ignition)
    assert [f"{entry.place} {entry.code}" for entry in report] == found
