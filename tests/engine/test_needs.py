"""Whether a config needs the network: asked of every place of the table where something may be far away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from stoker.engine.first_boot.needs import needs_network
from stoker.schema.decode import Row, all_rows
from stoker.schema.objects import Object
from stoker.schema.v3 import Config, Resource

# These are fetched before it is asked.
FETCHED = {"ignition.config.merge", "ignition.config.replace"}


def rows(cls: type[Object]) -> list[Row]:
    return [row for row, _ in all_rows(cls) if not row.dates.is_sugar]


def resources(cls: type[Object], path: tuple[Row, ...] = ()) -> Iterator[tuple[Row, ...]]:
    """Every way down the table that ends at a resource."""
    for row in rows(cls):
        if row.is_object and issubclass(row.type, Resource):
            yield (*path, row)
        elif row.is_object:
            yield from resources(row.type, (*path, row))


def holding(cls: type[Object], path: tuple[Row, ...], leaf: dict[str, Any]) -> dict[str, Any]:
    """The smallest object that has `leaf` at the end of that way."""
    row, *rest = path
    inner = holding(row.type, tuple(rest), leaf) if rest else leaf
    needed = {each.json: "x" for each in rows(cls) if each.required and each.type is str}
    return needed | {row.json: [inner] if row.is_list else inner}


PLACES = {".".join(row.json for row in path): path for path in resources(Config)}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(("source", "is_far"), [("http://x/y", True), ("data:,x", False), (None, False)])
def test_resources(name: str, source: str | None, is_far: bool) -> None:
    held = holding(Config, PLACES[name], {} if source is None else {"source": source})
    config = msgspec.convert({"ignition": {"version": "3.4.0"}} | held, Config)
    assert needs_network(config) == (is_far and name not in FETCHED)


def test_there_are_places_to_ask_of() -> None:
    assert PLACES.keys() > FETCHED
    assert {"storage.files.contents", "storage.files.append", "storage.luks.keyFile"} < PLACES.keys()


# what unlocks a volume, whether that needs the network
CLEVIS: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, False),
    "a chip": ({"tpm2": True}, False),
    "a server": ({"tang": [{"url": "http://x"}]}, True),
    "a server that is known": ({"tang": [{"url": "http://x", "advertisement": "{}"}]}, False),
    "another pin": ({"custom": {"pin": "x", "config": "{}"}}, False),
    "another pin that says so": ({"custom": {"pin": "x", "config": "{}", "needsNetwork": True}}, True),
}


@pytest.mark.parametrize(("clevis", "is_far"), CLEVIS.values(), ids=CLEVIS)
def test_what_unlocks_volumes(clevis: dict[str, Any], is_far: bool) -> None:
    volume = {"name": "a", "device": "/dev/a", "clevis": clevis}
    config = msgspec.convert({"ignition": {"version": "3.4.0"}, "storage": {"luks": [volume]}}, Config)
    assert needs_network(config) == is_far
