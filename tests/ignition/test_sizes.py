"""What a platform takes: at each edge, and who takes the most."""

from __future__ import annotations

import pytest

from stoker.ignition.encode import encode
from stoker.ignition.sizes import LARGEST, LIMITS, judge_size
from stoker.report import Place
from stoker.schema.v3 import Config, File, Ignition, Resource, Storage


def config_of(size: int) -> Config:
    """A config whose JSON is `size` bytes."""
    config = Config(
        ignition=Ignition(version="3.4.0"), storage=Storage(files=[File(path="/a", contents=Resource(source="data:,"))])
    )
    contents = config.storage.files[0].contents if config.storage is not None else None
    assert contents is not None
    contents.source = "data:," + "x" * (size - len(encode(config)))
    assert len(encode(config)) == size
    return config


# platform, size -> code of the first finding
EDGES = [
    ("aws", 14_745, None),
    ("aws", 14_746, "user-data-nearly-too-large"),
    ("aws", 16_384, "user-data-nearly-too-large"),
    ("aws", 16_385, "user-data-too-large"),
    ("azure", 65_535, "user-data-nearly-too-large"),
    ("azure", 65_536, "user-data-too-large"),
    ("gcp", 262_144, "user-data-nearly-too-large"),
    ("gcp", 262_145, "user-data-too-large"),
    ("vsphere", 524_288, "user-data-nearly-too-large"),
    ("vsphere", 524_289, "user-data-too-large"),
    ("virtualbox", 1_024, "user-data-nearly-too-large"),
    ("virtualbox", 1_025, "user-data-too-large"),
    ("openstack", 49_149, "user-data-nearly-too-large"),
    ("openstack", 49_150, "user-data-too-large"),
]


@pytest.mark.parametrize(("platform", "size", "code"), EDGES, ids=str)
def test_edges(platform: str, size: int, code: str | None) -> None:
    report = judge_size(config_of(size), platform, lambda _: None)
    assert next((entry.code for entry in report), None) == code


def test_the_largest_parts_are_named_first_the_largest() -> None:
    sizes = [10, 500, 100, 400, 200, 300]
    storage = Storage(
        files=[File(path="/a", contents=Resource(source="data:," + "x" * size)) for size in sizes],
    )
    config = Config(ignition=Ignition(version="3.4.0"), storage=storage)
    report = judge_size(config, "virtualbox", lambda pointer: Place("a.bu", int(pointer[-1]) if pointer else 9, 1))
    large = [entry for entry in report if entry.code == "large-part"]
    assert [entry.place.line for entry in large if entry.place is not None] == [1, 3, 5, 4, 2]
    assert len(large) == LARGEST


def test_a_config_counts_as_it_is_written() -> None:
    assert list(judge_size(config_of(900), "virtualbox", lambda _: None)) == []
    report = judge_size(config_of(900), "virtualbox", lambda _: Place("a.ign", 1, 1), written=1_025)
    assert [(entry.code, entry.place) for entry in report][:1] == [("user-data-too-large", Place("a.ign", 1, 1))]
    assert "1025 bytes" in report.entries[0].message


def test_every_limit_has_its_source() -> None:
    assert all(limit.source and limit.size > 0 for limit in LIMITS.values())
