"""Completion: each shell accepts its script, and bash offers what the tables and parsers say."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from stoker.cli.completion import SCRIPTS, Option, Word, words
from stoker.cli.verbs import APPLETS, VERBS
from tests.cli.conftest import Run

EVERY = [
    Word(
        "burn",
        "it's [hot]: a test",
        (
            Option((), "the file", ()),
            Option(("-o", "--output"), "how to say it", ("text", "json")),
            Option(("--strict",), "be strict", None),
        ),
    ),
    Word("light", "takes one of two", (Option((), "what", ("wood", "coal")), Option(("--fast",), "be fast", None))),
    Word("cool", "takes files"),
]

# what is typed -> what bash offers
OFFERED = {
    "first word": (["stoker", ""], ["burn", "light", "cool", "--help", "--version"]),
    "half a word": (["stoker", "b"], ["burn"]),
    "options": (["stoker", "burn", "--"], ["--output", "--strict"]),
    "values": (["stoker", "burn", "-o", ""], ["text", "json"]),
    "without a dash it is left to files": (["stoker", "burn", ""], []),
    "a place with choices": (["stoker", "light", ""], ["wood", "coal"]),
    "an applet leaves it to files": (["stoker", "cool", ""], []),
}


@pytest.mark.parametrize(("typed", "expected"), OFFERED.values(), ids=OFFERED)
def test_bash(typed: list[str], expected: list[str]) -> None:
    line = " ".join(f"'{word}'" for word in typed)
    ask = f'COMP_WORDS=({line}); COMP_CWORD={len(typed) - 1}; _stoker; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", SCRIPTS["bash"](EVERY) + ask], capture_output=True, text=True, check=True, env={}
    )
    assert (done.stdout.split(), done.stderr) == (expected, "")


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_shell_can_read_it(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([program, "-n"], input=SCRIPTS[shell](EVERY), text=True, check=True)


def test_every_word_is_known() -> None:
    assert [word.name for word in words()] == [*VERBS, *APPLETS]


def test_the_variants_of_a_schema_are_offered() -> None:
    (schema,) = (word for word in words() if word.name == "schema")
    assert {"fcos", "flatcar", "ignition", "clc"} <= set(schema.options[0].choices or ())


def test_the_verb_prints_it(run: Run) -> None:
    assert run("completion", "fish").stdout == SCRIPTS["fish"](list(words()))
