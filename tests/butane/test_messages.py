"""That every message of the catalogues is produced by a case somewhere, and which cannot be."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from stoker.butane import compile_document, compile_text
from stoker.butane import messages as butane_messages
from stoker.document import json, yaml
from stoker.document import messages as document_messages
from stoker.ignition import messages as ignition_messages
from stoker.ignition.parse import judge, parse, parse_newer, parse_plainly, validate
from stoker.ignition.versions import find_target, to_version
from stoker.report import Message, Report
from stoker.schema import messages as schema_messages
from stoker.schema.specs import IGNITION, NEWEST, NEWEST_2
from tests.butane.golden import compiled, runs
from tests.ignition import test_losses, test_v2_dedupe, test_v2_golden, test_v2_keys
from tests.ignition.test_convert import convert_text
from tests.ignition.test_validate import REFUSED, RUNS, whole
from tests.schema import test_v2_rules

CATALOGUES = {
    "schema": schema_messages,
    "butane": butane_messages,
    "document": document_messages,
    "ignition": ignition_messages,
}
MESSAGES = {
    f"{room}.{name}": message
    for room, catalogue in CATALOGUES.items()
    for name, message in vars(catalogue).items()
    if isinstance(message, Message)
}


def pipe_in_a_tree() -> Report:
    """A tree with something that is no file, directory or link."""
    with TemporaryDirectory() as directory:
        os.mkfifo(Path(directory) / "pipe")
        text = b"variant: fcos\nversion: 1.1.0\nstorage: {trees: [{local: .}]}\n"
        return compile_text(text, files_dir=directory).report


def to(version: str, text: str) -> Report:
    """What is said on the way to another version."""
    target = find_target(version)
    assert target is not None
    return to_version(parse(text.encode()), target)[1]


def another_version() -> Report:
    """A config judged as what it does not say it is."""
    config = parse(b'{"ignition": {"version": "3.0.0"}}').config
    assert config is not None
    return judge(config, NEWEST)


# What cannot be a file that a person reads.
MADE: dict[str, Callable[[], Report]] = {
    "a wrong type": lambda: parse_plainly(b'{"ignition": {"version": 3}}').report,
    "a text too large": lambda: yaml.read(bytes(yaml.MAX_BYTES + 1), "")[1],
    "lists too deep": lambda: yaml.read(b"[" * (yaml.MAX_DEPTH + 1), "")[1],
    "too much in lists too deep": lambda: yaml.read(b"[" * 9_000 + b"a," * 20_000, "")[1],
    "a pipe in a tree": pipe_in_a_tree,
    "another version": another_version,
    "down to a version that cannot say it": lambda: convert_text(
        '"kernelArguments": {"shouldExist": ["a"]}', NEWEST, IGNITION[0]
    )[1],
    "bits that never worked": lambda: convert_text(
        '"storage": {"files": [{"path": "/a", "mode": 2541}]}', IGNITION[0], NEWEST
    )[1],
    "a rule of the target": lambda: convert_text(
        '"storage": {"luks": [{"name": "a", "device": "/dev/a", "clevis": {"custom": {"pin": "x", "config": "y"}}}]}',
        NEWEST,
        IGNITION[5],
    )[1],
    "no JSON": lambda: json.read(b"{", "")[1],
    "a reference without a source, down": lambda: to(
        "2.4.0", '{"ignition": {"version": "3.0.0", "config": {"merge": [{}]}}}'
    ),
    "a header that takes one away, down": lambda: to(
        "2.4.0",
        '{"ignition": {"version": "3.1.0"}, "storage": {"files": [{"path": "/a", "contents": '
        '{"source": "https://h", "httpHeaders": [{"name": "a"}]}}]}}',
    ),
    "the root by name, up": lambda: to(
        "3.0.0", '{"ignition": {"version": "2.3.0"}, "storage": {"filesystems": [{"name": "root", "path": "/"}]}}'
    ),
    "Container Linux Config": lambda: compile_document(b"passwd: {users: [{name: a}]}").report,
    "Ignition": lambda: compile_document(b'{"ignition": {"version": "3.4.0"}}').report,
    "gzip data": lambda: yaml.read(b"\x1f\x8b\x08", "")[1],
    "Butane in JSON's place": lambda: parse_plainly(b"variant: fcos\nversion: 1.5.0\n").report,
    "no config": lambda: parse_plainly(b"").report,
    "Ignition 1": lambda: parse_plainly(b'{"ignitionVersion": 1}').report,
    "Ignition 2 for those who want 3": lambda: parse_newer(b'{"ignition": {"version": "2.3.0"}}').report,
    "a networkd file without contents": lambda: to(
        "3.0.0", '{"ignition": {"version": "2.3.0"}, "networkd": {"units": [{"name": "a.network"}]}}'
    ),
}


def of_ignition_2() -> Iterator[Report]:
    """What the tables of Ignition 2 make the parser and the translators say."""
    for version, rest, _ in test_v2_rules.CASES:
        yield parse(json_of(version, rest)).report
    raws = [test_v2_keys.sample(key, value) for key, (value, _) in test_v2_keys.OUTCOMES.items()]
    ways = [(raw, "3.4.0") for raw in raws]
    for version, target, rest, *_ in [*test_losses.LOSSES.values(), *test_losses.FAULTS.values()]:
        ways.append((json_of(version, rest), target))
    ways += [((test_v2_golden.GOLDEN / f"{name}.ign").read_bytes(), target) for name, target in test_v2_golden.CASES]
    for raw, target in ways:
        spec = find_target(target)
        if spec is not None:
            for alike in (False, True):
                yield to_version(parse(raw), spec, {"var": "/var"}, like_ign_converter=alike)[1]
    for section, items, *_ in test_v2_dedupe.DEDUPED.values():
        parsed = parse(test_v2_dedupe.config_of(section, items))
        yield to_version(parsed, NEWEST_2, dedupe=True)[1]


def json_of(version: str, rest: dict[str, Any]) -> bytes:
    return msgspec.json.encode(rest | {"ignition": {"version": version} | rest.get("ignition", {})})


def said() -> Iterator[tuple[str, str]]:
    """Code and text of every finding of every case; the texts of what is said instead of a report have no code."""
    reports = [compiled(case, spec).report for case, spec in runs()]
    reports += of_ignition_2()
    reports += [validate(whole(case, spec))[0] for case, spec in RUNS]
    reports += [make() for make in MADE.values()]
    for report in reports:
        yield from ((entry.code, entry.message) for entry in report)
    for text, _, _ in REFUSED.values():
        words, error = validate(text.encode())
        yield from ((entry.code, entry.message) for entry in words)
        yield "", error or ""


@functools.cache
def all_said() -> frozenset[tuple[str, str]]:
    return frozenset(said())


@pytest.mark.parametrize("name", MESSAGES)
def test_a_case_produces_it(name: str) -> None:
    message = MESSAGES[name]
    text = re.compile(re.sub(r"\\\{\w+\\\}", "(?s:.*)", re.escape(message.text)))
    codes = {message.code} if "{" in message.text else {message.code, ""}
    assert any(code in codes and text.fullmatch(words) for code, words in all_said())


def test_codes_tell_messages_apart() -> None:
    """The list of layouts has two texts, by date; families have their own words for some things."""
    codes = [message.code for message in MESSAGES.values()]
    assert {code for code in codes if codes.count(code) > 1} == {
        "layout-unknown",
        "no-should-exist",
        "raid-spares",
        "rule-in-target",
        "unused-key",
        "wrong-json-type",
    }


def test_a_hint_is_no_sentence_with_a_capital_and_a_full_stop() -> None:
    hints = [message.hint for message in MESSAGES.values() if message.hint is not None]
    assert [hint for hint in hints if hint.endswith(".") or hint[0].isupper()] == []
