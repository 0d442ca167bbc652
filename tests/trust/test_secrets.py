"""A secret shows itself to nobody who does not ask."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from stoker.trust import Secret

SECRET = Secret("canary")


@pytest.mark.parametrize("shown", [str(SECRET), repr(SECRET), f"{SECRET}", f"{[SECRET]}", f"{SECRET!r:>20}"])
def test_it_prints_as_one(shown: str) -> None:
    assert "canary" not in shown


@pytest.mark.parametrize("store", [pickle.dumps, copy.deepcopy, json.dumps, vars])
def test_it_is_not_stored(store: object) -> None:
    with pytest.raises(TypeError):
        store(SECRET)  # type: ignore[operator]


def test_who_asks_is_told() -> None:
    assert (SECRET.reveal(), bool(SECRET), bool(Secret(""))) == ("canary", True, False)
