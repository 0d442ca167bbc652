"""That every file below examples/ is read: what becomes of it, or the finding that names the line in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.butane.conversion import convert_text
from stoker.butane.documents import compile_document
from stoker.butane.review import review_butane, review_ignition
from stoker.ignition.parse import looks_like_json
from stoker.schema.specs import SPECS

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
TARGET = SPECS["ignition", "3.4.0"]
# Texts for people; and what `stoker serve` reads, which has its own test.
OTHERS = {"matchbox", "README.md"}

# compiled: file -> its Ignition version
COMPILED = {
    "fcos-httpd.bu": "3.3.0",
    "fcos-simple.bu": "3.0.0",
    "flatcar-nginx.bu": "3.3.0",
    "kubeadm-node-2020.bu": "3.0.0",
    "kubeadm-node.bu": "3.4.0",
    "older/first.fcc": "3.0.0",
    "older/install.clc": "2.3.0",
    "older/member.clc": "2.3.0",
}

# carried on to 3.4: file -> what is said of what is not the same any more, with its line
CONVERTED = {
    "older/disks-2.2.ign": [],
    "older/install.clc": [],
    "older/member.clc": [
        "container-linux-only:3",
        "container-linux-only:10",
        "container-linux-only:16",
        "container-linux-only:18",
        "networkd-moved:24",
    ],
    "older/network-2.4.ign": ["networkd-moved:5", "networkd-moved:8"],
    "older/web-2.0.ign": ["user-create-moved:22"],
}

# refused: file -> why, with the line in the way
REFUSED = {
    "refused/first.ign": ["oldest-ignition:2"],
    "refused/install.clc.tmpl": ["template-field:6"],
    "refused/machineconfig.yaml": ["kubernetes:2"],
    "refused/profile.tf": ["terraform:2"],
    "refused/sectors-2.1.ign": ["sectors:4", "sectors:4"],
    "refused/user-data.sh": ["script:1"],
    "refused/user-data.toml": ["toml:2"],
    "refused/user-data.yaml": ["cloud-config:1"],
}


def test_every_file_has_a_row() -> None:
    files = [path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*") if path.is_file()]
    assert {str(path) for path in files if OTHERS.isdisjoint(path.parts)} == {*COMPILED, *CONVERTED, *REFUSED}


@pytest.mark.parametrize("name", COMPILED)
def test_it_is_compiled(name: str) -> None:
    done = compile_document((EXAMPLES / name).read_bytes(), file=name, platform="ec2")
    assert [entry.code for entry in done.report if entry.severity != "info"] == []
    assert done.config is not None
    assert done.config.ignition.version == COMPILED[name]


def converted(name: str) -> tuple[bool, list[str]]:
    text = (EXAMPLES / name).read_bytes()
    config, report = convert_text(text, TARGET, {"data": "/var/data"}, file=name, platform="ec2")
    assert all(entry.place is not None and entry.place.file == name for entry in report)
    said = [entry for entry in report if entry.severity != "info"]
    return config is not None, [f"{entry.code}:{entry.place.line}" for entry in said if entry.place is not None]


@pytest.mark.parametrize("name", CONVERTED)
def test_it_is_carried_on(name: str) -> None:
    assert converted(name) == (True, CONVERTED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_line(name: str) -> None:
    assert converted(name) == (False, REFUSED[name])


@pytest.mark.parametrize("name", [*COMPILED, *CONVERTED])
def test_no_example_has_an_error(name: str) -> None:
    text = (EXAMPLES / name).read_bytes()
    if looks_like_json(text):
        report = review_ignition(text, file=name).report
    else:
        report = review_butane(text, file=name, platform="ec2").report
    assert [entry.message for entry in report if entry.is_error] == []
