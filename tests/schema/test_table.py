"""The table as such: every row has a date, a name and a sentence, and every reader knows its type."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stoker.schema.decode import YAML, Row, all_rows, plan, rows
from stoker.schema.judge import judge_source
from stoker.schema.objects import json_name
from stoker.schema.rules.forbidden import FORBIDDEN
from stoker.schema.specs import SPECS, Spec
from stoker.schema.v3 import Config, Ignition, Object

NAMES = {
    "path": "path",
    "home_dir": "homeDir",
    "size_mib": "sizeMiB",
    "start_mib": "startMiB",
    "ssh_authorized_keys": "sshAuthorizedKeys",
    "tpm2": "tpm2",
}


@pytest.mark.parametrize("name, expected", NAMES.items())
def test_json_names(name: str, expected: str) -> None:
    assert json_name(name) == expected


def classes(cls: type[Object] = Config) -> Iterator[type[Object]]:
    yield cls
    for row, _ in all_rows(cls):
        if row.is_object:
            yield from classes(row.type)


def every_row() -> list[tuple[type[Object], Row]]:
    return [(cls, row) for cls in dict.fromkeys(classes()) for row, _ in all_rows(cls)]


@pytest.mark.parametrize("cls, row", every_row(), ids=lambda part: getattr(part, "name", None) or part.__name__)
def test_a_row_says_what_it_is(cls: type[Object], row: Row) -> None:
    assert row.doc.endswith(".")
    assert row.doc[0].isupper() or not row.doc[0].isalpha()
    assert row.is_object or row.type in {str, int, bool}
    assert (row.is_list or row.is_map) <= (not row.is_optional)
    assert any(row.dates.has(spec) for spec in SPECS.values()), f"no spec has {cls.__name__}.{row.name}"


@pytest.mark.parametrize("cls", dict.fromkeys(classes()), ids=lambda cls: cls.__name__)
def test_a_list_of_objects_holds_objects_with_a_key(cls: type[Object]) -> None:
    """But sugar, which is gone before anything is merged."""
    for row, _ in all_rows(cls):
        if row.is_list and row.is_object and not row.dates.is_sugar and row.name not in cls.APPEND:
            assert getattr(row.type, "key", None) is not Object.key
    assert {name for row, _ in all_rows(cls) for name in [row.name]} >= cls.APPEND | set(cls.SHARED)


@pytest.mark.parametrize("spec", SPECS.values(), ids=str)
def test_a_spec_loses_no_row_of_the_one_before(spec: Spec) -> None:
    """Rows have come, none has gone."""
    order = [other for other in SPECS.values() if other.variant == spec.variant]
    before = order[order.index(spec) - 1] if order.index(spec) else None
    if before is not None:
        for cls in dict.fromkeys(classes()):
            assert set(rows(cls, before)) <= set(rows(cls, spec))


@pytest.mark.parametrize("spec", [spec for spec in SPECS.values() if spec.is_butane], ids=str)
def test_nothing_is_wrong_with_an_empty_document(spec: Spec) -> None:
    """But that a MachineConfig needs a name, which only matters where there is metadata."""
    assert set(plan(Config, spec, YAML).fields) == {row.name for row in rows(Config, spec)}
    assert judge_source(Config(ignition=Ignition(version="")), spec) == []


def test_what_is_forbidden_exists() -> None:
    for path, message, _ in FORBIDDEN:
        cls: type[Object] = Config
        for step in path.split("."):
            row = next((row for row, _ in all_rows(cls) if row.json == step), None)
            assert row is not None, f"{path}: {message.code}"
            cls = row.type
