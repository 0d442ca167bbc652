"""What holds of every config there could be: writing, merging, converting."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.document import json
from stoker.ignition.convert import convert
from stoker.ignition.encode import encode
from stoker.ignition.merge import PARENT, merge, trace
from stoker.report import Pointer
from stoker.schema.judge import decode_ignition
from stoker.schema.specs import IGNITION, NEWEST, Spec
from stoker.schema.v3 import Config, Ignition
from tests.butane.provenance import pointers
from tests.schema.configs import configs

# The oldest, one where much was still required, the newest.
THREE_SPECS = pytest.mark.parametrize("spec", [IGNITION[0], IGNITION[2], NEWEST], ids=str)
QUICKLY = settings(max_examples=50, deadline=None, derandomize=True)
DATA = st.data()


def plain(config: Config) -> Any:
    return msgspec.to_builtins(config)


def leaves(config: Config) -> dict[Pointer, Any]:
    return {pointer: value for pointer, value in pointers(plain(config)) if not isinstance(value, dict | list)}


def at(data: Any, pointer: Pointer) -> Any:
    for step in pointer:
        data = data[step]
    return data


@THREE_SPECS
@QUICKLY
@given(data=DATA)
def test_a_written_config_reads_as_itself(spec: Spec, data: st.DataObject) -> None:
    config = data.draw(configs(spec))
    for pretty in (False, True):
        document, report = json.read(encode(config, pretty=pretty), "")
        assert document is not None, list(report)
        read, faults = decode_ignition(document, spec)
        assert (read, faults.wrong) == (config, [])


@THREE_SPECS
@QUICKLY
@given(data=DATA)
def test_nothing_merged_with_a_config_is_the_config(spec: Spec, data: st.DataObject) -> None:
    config = data.draw(configs(spec))
    nothing = Config(ignition=Ignition(version=spec.version))
    assert merge(nothing, config)[0] == config
    assert merge(config, nothing)[0] == config


@THREE_SPECS
@QUICKLY
@given(data=DATA)
def test_merging_changes_neither_side(spec: Spec, data: st.DataObject) -> None:
    parent, child = data.draw(configs(spec)), data.draw(configs(spec))
    before = plain(parent), plain(child)
    merge(parent, child)
    assert (plain(parent), plain(child)) == before


@THREE_SPECS
@QUICKLY
@given(data=DATA)
def test_it_does_not_matter_which_two_of_three_are_merged_first(spec: Spec, data: st.DataObject) -> None:
    """Promised where no entry moves to another list of its name space and no header is removed."""
    one, two, three = (data.draw(configs(spec)) for _ in range(3))
    left = merge(merge(one, two)[0], three)[0]
    right = merge(one, merge(two, three)[0])[0]
    assert left == right


@THREE_SPECS
@QUICKLY
@given(data=DATA)
def test_every_part_of_a_merge_is_traced_to_who_gave_it(spec: Spec, data: st.DataObject) -> None:
    parent, child = data.draw(configs(spec)), data.draw(configs(spec))
    merged, transcript = merge(parent, child)
    sides = {PARENT: plain(parent), "child": plain(child)}
    for pointer, value in leaves(merged).items():
        sources = trace(transcript, pointer)
        assert sources, pointer
        assert at(sides[sources[-1].side], sources[-1].pointer) == value


@THREE_SPECS
@QUICKLY
@given(data=DATA)
def test_up_and_down_again_is_the_config(spec: Spec, data: st.DataObject) -> None:
    config = data.draw(configs(spec))
    kept = copy.deepcopy(config)
    up, above = convert(config, spec, NEWEST)
    assert [entry for entry in above if entry.is_error] == []
    masked = copy.deepcopy(up)
    masked.ignition.version = spec.version
    down, below = convert(up, NEWEST, spec)
    assert [entry for entry in below if entry.code == "not-in-target"] == []
    assert down == masked
    if not len(above):
        assert down == kept


@THREE_SPECS
@QUICKLY
@given(data=DATA)
def test_every_loss_on_the_way_down_is_reported(spec: Spec, data: st.DataObject) -> None:
    config = data.draw(configs(NEWEST))
    before = leaves(config)
    down, report = convert(config, NEWEST, spec)
    after = leaves(down)
    reported = [entry.pointer for entry in report if entry.code == "not-in-target"]
    for pointer, value in before.items():
        if pointer == ("ignition", "version") or after.get(pointer) == value:
            continue
        assert any(pointer[: len(found)] == found for found in reported), pointer
