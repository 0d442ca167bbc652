"""That Butane without sugar is Ignition in another spelling: the same config, and the same judgement of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings

from stoker.butane import compile_text
from stoker.butane.compile import INVALID_SOURCE
from stoker.butane.origins import snake, snake_pointer
from stoker.ignition.parse import judge
from stoker.report import Report
from stoker.schema.specs import NEWEST, SPECS
from tests.schema.configs import configs

HEAD = {"variant": "fcos", "version": "1.8.0-experimental"}


def spelled(data: Any) -> Any:
    """Plain data with Butane's names."""
    if isinstance(data, dict):
        return {snake(key): spelled(value) for key, value in data.items()}
    return [spelled(item) for item in data] if isinstance(data, list) else data


def said(report: Report) -> set[tuple[str, str, str]]:
    return {(entry.severity, entry.message, str(snake_pointer(entry.pointer))) for entry in report}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(config=configs(NEWEST))
def test_the_same_config_and_the_same_judgement(config: Any) -> None:
    assert SPECS["fcos", HEAD["version"]].minor == NEWEST.minor
    data = HEAD | spelled(msgspec.to_builtins(config))
    del data["ignition"]["version"]
    done = compile_text(json.dumps(data, ensure_ascii=False).replace("\x7f", "\\u007f").encode())
    if done.error == INVALID_SOURCE:
        return  # Butane has rules of its own
    expected = said(judge(config, NEWEST))
    assert expected <= said(done.report)
    if done.config is not None:
        assert done.config == config
