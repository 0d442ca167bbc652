"""That every message of the catalogues is produced by a case somewhere, and which cannot be."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from stoker import ignition
from stoker.butane import compile_text
from stoker.butane import messages as butane_messages
from stoker.document import json, yaml
from stoker.document import messages as document_messages
from stoker.ignition import messages as ignition_messages
from stoker.report import Message, Report
from stoker.schema import messages as schema_messages
from stoker.schema.specs import IGNITION, NEWEST
from tests.butane.golden import compiled, runs
from tests.ignition.test_convert import convert_text
from tests.ignition.test_validate import REFUSED, RUNS, whole

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


def another_version() -> Report:
    """A config judged as what it does not say it is."""
    config = ignition.parse(b'{"ignition": {"version": "3.0.0"}}').config
    assert config is not None
    return ignition.judge(config, NEWEST)


# What cannot be a file that a person reads.
MADE: dict[str, Callable[[], Report]] = {
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
    "no config": lambda: ignition.check(b""),
}


def said() -> Iterator[tuple[str, str]]:
    """Code and text of every finding of every case; the texts of what is said instead of a report have no code."""
    reports = [compiled(case, spec).report for case, spec in runs()]
    reports += [ignition.validate(whole(case, spec))[0] for case, spec in RUNS]
    reports += [make() for make in MADE.values()]
    for report in reports:
        yield from ((entry.code, entry.message) for entry in report)
    for text, _, _ in REFUSED.values():
        words, error = ignition.validate(text.encode())
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
    """Only the list of layouts has two texts, by date."""
    codes = [message.code for message in MESSAGES.values()]
    assert {code for code in codes if codes.count(code) > 1} == {"layout-unknown"}


def test_a_hint_is_no_sentence_with_a_capital_and_a_full_stop() -> None:
    hints = [message.hint for message in MESSAGES.values() if message.hint is not None]
    assert [hint for hint in hints if hint.endswith(".") or hint[0].isupper()] == []
