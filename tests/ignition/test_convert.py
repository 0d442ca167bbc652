"""Configs from one version to another: what changes on the way up, what is lost on the way down."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from stoker.ignition.convert import convert
from stoker.ignition.parse import parse
from stoker.report import Report, Severity, pointer_text
from stoker.schema.specs import IGNITION, SPECS, Spec


def convert_text(rest: str, spec: Spec, target: Spec) -> tuple[dict[str, Any], Report]:
    """Convert a config given without its version; the result without its version, and what is said."""
    comma = ", " if rest else ""
    parsed = parse(f'{{"ignition": {{"version": "{spec.version}"}}{comma}{rest}}}'.encode())
    assert parsed.config is not None, [entry.message for entry in parsed.report]
    config, report = convert(parsed.config, spec, target)
    data = msgspec.to_builtins(config)
    assert data["ignition"].pop("version") == target.version
    return {key: value for key, value in data.items() if value}, report


def lines(report: Report) -> list[str]:
    return [f"{pointer_text(entry.pointer)}: {entry.message}" for entry in report]


FILE = '{"storage": {"files": [{"path": "/a", "mode": 420, "contents": {"source": "data:,x"}}]}}'
MASKED = (
    "setuid, setgid and sticky bits are dropped: before 3.6.0 they had no effect, so keeping them would give more "
    "rights than before"
)
NO_BITS = "setuid/setgid/sticky bits are not supported or functional in spec versions older than 3.6.0"
SERVER = '{"advertisement": "{}", "thumbprint": "x", "url": "http://x"}'
TANG = f'{{"storage": {{"luks": [{{"clevis": {{"tang": [{SERVER}]}}, "device": "/dev/a", "name": "a"}}]}}}}'
LUKS = '{"storage": {"luks": [{"device": "/dev/a", "name": "a"}]}}'

# the config, from, to -> the config, what is said
CONVERTED = {
    "up": (FILE, "3.0.0", "3.7.0-experimental", FILE, []),
    "down": (FILE, "3.7.0-experimental", "3.0.0", FILE, []),
    "to itself": (FILE, "3.4.0", "3.4.0", FILE, []),
    "bits that never worked, up": (
        '{"storage": {"files": [{"path": "/a", "mode": 2541}], "directories": [{"path": "/b", "mode": 1023}]}}',
        "3.5.0",
        "3.6.0",
        '{"storage": {"files": [{"path": "/a", "mode": 493}], "directories": [{"path": "/b", "mode": 511}]}}',
        [f"$.storage.directories.0.mode: {MASKED}", f"$.storage.files.0.mode: {MASKED}"],
    ),
    "bits that work stay": (
        '{"storage": {"files": [{"path": "/a", "mode": 2541}]}}',
        "3.6.0",
        "3.7.0-experimental",
        '{"storage": {"files": [{"path": "/a", "mode": 2541}]}}',
        [],
    ),
    "bits that stop working, down": (
        '{"storage": {"files": [{"path": "/a", "mode": 2541}]}}',
        "3.6.0",
        "3.5.0",
        '{"storage": {"files": [{"path": "/a", "mode": 2541}]}}',
        ["$.storage.files.0.mode: special mode bits are not supported in spec v3.5"],
    ),
    "a whole section": (
        LUKS,
        "3.2.0",
        "3.1.0",
        "{}",
        ["$.storage.luks: `luks` cannot be said in Ignition 3.1.0; it came with 3.2.0"],
    ),
    "one field": (
        '{"storage": {"luks": [{"device": "/dev/a", "discard": true, "name": "a"}]}}',
        "3.4.0",
        "3.3.0",
        LUKS,
        ["$.storage.luks.0.discard: `discard` cannot be said in Ignition 3.3.0; it came with 3.4.0"],
    ),
    "a field that says nothing": (
        '{"storage": {"luks": [{"device": "/dev/a", "openOptions": [], "name": "a"}]}}',
        "3.4.0",
        "3.3.0",
        LUKS,
        [],
    ),
    "an advertisement on the way up": (
        TANG,
        "3.4.0",
        "3.5.0",
        TANG,
        [],
    ),
    "a value that the target refuses": (
        '{"storage": {"filesystems": [{"device": "/dev/a", "format": "none"}]}}',
        "3.3.0",
        "3.2.0",
        '{"storage": {"filesystems": [{"device": "/dev/a", "format": "none"}]}}',
        ["$.storage.filesystems.0.format: Ignition 3.2.0 refuses this: invalid filesystem format"],
    ),
    "a link without target": (
        '{"storage": {"links": [{"path": "/a", "target": ""}]}}',
        "3.2.0",
        "3.0.0",
        '{"storage": {"links": [{"path": "/a", "target": ""}]}}',
        [],
    ),
}


@pytest.mark.parametrize("text, source, target, expected, said", CONVERTED.values(), ids=CONVERTED)
def test_convert(text: str, source: str, target: str, expected: str, said: list[str]) -> None:
    config, report = convert_text(text[1:-1], SPECS["ignition", source], SPECS["ignition", target])
    assert config == json.loads(expected)
    assert lines(report) == said


@pytest.mark.parametrize("spec", IGNITION, ids=str)
def test_what_is_lost_is_an_error(spec: Spec) -> None:
    _, report = convert_text('"storage": {"filesystems": [{"device": "t", "format": "virtiofs"}]}', IGNITION[-1], spec)
    assert {entry.severity for entry in report} == (set() if spec == IGNITION[-1] else {Severity.ERROR})
