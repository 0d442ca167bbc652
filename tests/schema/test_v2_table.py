"""The table of Ignition 2 against the keys that its documents list, and the version that brought each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stoker.schema.decode import rows
from stoker.schema.objects import Object
from stoker.schema.specs import IGNITION_2, Spec
from stoker.schema.v2 import Config

# One line a key: the version that brought it, and the key, as `doc/configuration-v2_*.md` of Ignition has them.
DOCUMENTED = Path(__file__).parent / "v2_keys.txt"


def keys(cls: type[Object], spec: Spec, above: str = "") -> Iterator[str]:
    for row in rows(cls, spec):
        yield f"{above}{row.json}"
        if row.is_object:
            yield from keys(row.type, spec, f"{above}{row.json}.")


def test_the_table_is_what_is_documented() -> None:
    first: dict[str, str] = {}
    for spec in IGNITION_2:
        known = set(keys(Config, spec))
        assert first.keys() <= known, "nothing was taken away"
        for key in known:
            first.setdefault(key, spec.version[:3])
    assert [f"{since} {key}" for key, since in sorted(first.items())] == DOCUMENTED.read_text().splitlines()


def test_every_row_says_what_it_is() -> None:
    for row in rows(Config, IGNITION_2[-1]):
        assert row.doc.endswith("."), row.name
