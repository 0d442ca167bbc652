"""What becomes of whole documents, and that every part of the result knows the line it came from."""

from __future__ import annotations

import msgspec
import pytest

from stoker.ignition.parts import leaves
from tests.butane.clc.golden import ALL


@pytest.mark.parametrize("name", ALL)
def test_it_becomes(name: str) -> None:
    case = ALL[name]
    answers = case.answers()
    assert {file: case.expected(file) for file in answers} == answers


@pytest.mark.parametrize("name", ALL)
def test_every_part_of_the_result_has_a_line(name: str) -> None:
    done = ALL[name].compiled()
    parts = leaves(msgspec.to_builtins(done.config), ()) if done.config is not None else ()
    assert [pointer for pointer in parts if not done.sources(pointer)] == []
