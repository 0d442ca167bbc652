"""A world around a machine, and a metadata service on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platforms.doubles import Metadata, World, metadata


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.system.close()


@pytest.fixture
def service() -> Iterator[Metadata]:
    with metadata() as server:
        yield server
