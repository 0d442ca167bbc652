"""Snapshots made of text, so that a test shows the files it is about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stoker.store import Item, Snapshot
from stoker.store.snapshots import digest, take_snapshot

MakeSnapshot = Callable[[dict[str, str]], Snapshot]


@pytest.fixture
def make_snapshot() -> MakeSnapshot:
    def make(files: dict[str, str]) -> Snapshot:
        items = {key: Item(key, text.encode(), digest(text.encode()), f"/data/{key}") for key, text in files.items()}
        return take_snapshot(items)

    return make
