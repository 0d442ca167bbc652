"""That the golden cases say every row of the table in every variant that has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stoker.document.nodes import ALIAS, MAPPING, SCALAR, SEQUENCE, Node
from stoker.schema.decode import rows
from stoker.schema.specs import BUTANE, Spec
from stoker.schema.v3 import Config, Object
from tests.butane.golden import compiled, runs

VARIANTS = list(dict.fromkeys(spec.variant for spec in BUTANE))


def known(cls: type[Object], spec: Spec, path: str = "") -> Iterator[str]:
    """Every field that a spec has, as a dotted path."""
    for row in rows(cls, spec):
        yield path + row.name
        if row.is_object:
            yield from known(row.type, spec, f"{path}{row.name}.")


def said(node: Node, cls: type[Object], spec: Spec, path: str = "") -> Iterator[str]:
    """Every field that a text says."""
    if node.kind == SEQUENCE:
        for item in node.value:
            yield from said(item, cls, spec, path)
    elif node.kind == MAPPING:
        names = {row.name: row for row in rows(cls, spec)}
        for key, value in node.value:
            row = names.get(key.value) if key.kind == SCALAR else None
            if row is not None:
                yield path + row.name
                if row.is_object and value.kind != ALIAS:
                    yield from said(value, row.type, spec, f"{path}{row.name}.")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_field_is_in_a_case_of_every_variant(variant: str) -> None:
    wanted = {field for spec in BUTANE if spec.variant == variant for field in known(Config, spec)}
    found = {
        field
        for case, spec in runs()
        if spec is not None and spec.variant == variant
        if (document := compiled(case, spec).document) is not None and document.root is not None
        for field in said(document.root, Config, spec)
    }
    assert wanted - found == set()


def test_every_spec_has_a_case() -> None:
    assert set(BUTANE) - {spec for _, spec in runs() if spec is not None} == set()
