"""That JSON Schema and compiler agree: on the seeds, on one-edit mutations of them, and on what is beyond a schema."""

from __future__ import annotations

import functools
import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from stoker.butane import compile_text
from stoker.butane.clc import compile_clc
from stoker.ignition.parse import parse_plainly
from stoker.report import Report
from stoker.schema.constraints import BEYOND
from stoker.schema.constraints_old import BEYOND as OLD_BEYOND
from stoker.schema.jsonschema import schema_of
from stoker.schema.specs import EVERY
from tests.schema.mutations import KINDS, SEEDS, mutate, seed_of


@functools.cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    variant, version = name.split(" ")
    return jsonschema.Draft202012Validator(schema_of(EVERY[variant, version]))


@pytest.fixture(scope="module")
def files_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("files")
    (directory / "f").write_text("f")
    (directory / "tree").mkdir()
    (directory / "tree" / "x").write_text("x")
    return directory


def findings(name: str, text: str, files_dir: Path) -> Report:
    """What the compiler, being strict, has against a config."""
    if name.startswith("ignition"):
        return parse_plainly(json.dumps(yaml.safe_load(text)).encode()).report
    if name.startswith("clc"):
        return compile_clc(text.encode(), files_dir=str(files_dir)).report
    return compile_text(text.encode(), files_dir=str(files_dir)).report


@pytest.mark.parametrize("spec", EVERY.values(), ids=str)
def test_a_schema_is_one(spec: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(spec))


@pytest.mark.parametrize("name", SEEDS)
def test_the_seeds_are_fine(name: str, files_dir: Path) -> None:
    text = yaml.safe_dump(seed_of(name))
    assert [entry.message for entry in findings(name, text, files_dir)] == []
    assert [error.message for error in validator(name).iter_errors(yaml.safe_load(text))] == []


# a document of parts -> whether the schema is fine with it
PARTS = {
    "a fragment": ("include: [{path: base.bu, with: {a: 1, b: [x], c: yes}}]", True),
    "a path that reads as a number": ("include: [{path: 5}]", True),
    "an empty path": ("include: [{path: ''}]", False),
    "nothing for a path": ("include: [{path: ~}]", False),
    "no path": ("include: [{with: {a: 1}}]", False),
    "a bare path": ("include: [base.bu]", False),
    "variables": ("variables: {a: {type: string}, b: {type: list, default: []}}", True),
    "no such type": ("variables: {a: {type: text}}", False),
    "no such name": ("variables: {a b: {type: string}}", False),
    "a number": ("storage: {files: [{path: /a, mode: '${{ m }}'}]}", True),
    "a switch": ("storage: {files: [{path: /a, overwrite: '${{ o }}', contents: {inline: x}}]}", True),
    "a list": ("passwd: {users: [{name: core, groups: '${{ g }}'}]}", True),
    "a path": ("storage: {files: [{path: '${{ p }}'}]}", True),
    "the end of a path": ("storage: {files: [{path: '/etc/${{ p }}'}]}", True),
    "the beginning of a path": ("storage: {files: [{path: '${{ p }}/x'}]}", True),
    "no path at all": ("storage: {files: [{path: 'x/${ p }'}]}", False),
    "a word": ("storage: {filesystems: [{device: /dev/a, format: '${{ f }}'}]}", True),
    "another word": ("storage: {filesystems: [{device: /dev/a, format: '${ f }'}]}", False),
    "a digest": (
        "storage: {files: [{path: /a, contents: {source: '${{ u }}/a', verification: {hash: '${{ h }}'}}}]}",
        True,
    ),
    "a device in a list": ("storage: {raid: [{name: a, level: raid1, devices: ['${{ d }}', /dev/b]}]}", True),
    "another text for a list": ("passwd: {users: [{name: core, groups: wheel}]}", False),
}


@pytest.mark.parametrize(("text", "is_valid"), PARTS.values(), ids=PARTS)
def test_parts(text: str, is_valid: bool) -> None:
    data = {"variant": "fcos", "version": "1.6.0"} | yaml.safe_load(text)
    assert validator("fcos 1.6.0").is_valid(data) is is_valid


def disagreements(count: int, files_dir: Path) -> list[tuple[str, str, bool, set[str], str]]:
    """Where they disagree on `count` mutations of each kind: seed, kind, what the schema says, codes, the text."""
    dice = random.Random(11)
    found = []
    for kind in KINDS:
        for _ in range(count):
            name = dice.choice(list(SEEDS))
            text = yaml.safe_dump(mutate(name, kind, dice))
            report = findings(name, text, files_dir)
            is_valid = validator(name).is_valid(yaml.safe_load(text))
            if is_valid != (len(report) == 0):
                found.append((name, kind, is_valid, {entry.code for entry in report}, text))
    return found


def hold(count: int, files_dir: Path, share: float) -> None:
    found = disagreements(count, files_dir)
    assert [one for one in found if not (one[2] and one[3] <= BEYOND | OLD_BEYOND)] == []
    assert len(found) <= share * count * len(KINDS)


def test_schema_and_compiler_agree(files_dir: Path) -> None:
    hold(50, files_dir, 0.02)  # of so few, chance may make it twice the share


@pytest.mark.soak
def test_schema_and_compiler_agree_on_many(files_dir: Path) -> None:
    hold(500, files_dir, 0.01)
