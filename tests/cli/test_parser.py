"""The parser of a verb: its help, and options from the environment."""

from __future__ import annotations

import argparse

import pytest

from stoker.cli.exits import UsageError
from stoker.cli.parser import build_parser, words_of_environment
from stoker.cli.verbs import Verb

VERB = Verb("burn", "stoker.cli.burn", "burn a file", "stoker burn coal.bu", "Fire")

HELP = """\
Usage: stoker burn [--files-dir DIR] [-o {text,json}] [--strict] [-h] file

Burn a file.

positional arguments:
  file                      what to burn

options:
  --files-dir DIR           where files are
  -o, --output {text,json}  how to say it
  --strict                  stop at a warning
  -h, --help                show this and exit

Example:
  stoker burn coal.bu
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="what to burn")
    parser.add_argument("--files-dir", metavar="DIR", help="where files are")
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text", help="how to say it")
    parser.add_argument("--strict", action="store_true", help="stop at a warning")


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    return build_parser(VERB, add_arguments)


def test_help(parser: argparse.ArgumentParser) -> None:
    assert parser.format_help() == HELP


REFUSED = {
    "a slip": (["x", "--ouptut=json"], "burn: unrecognized arguments: --ouptut=json", "did you mean `--output`?"),
    "no abbreviations": (["x", "--str"], "burn: unrecognized arguments: --str", "did you mean `--strict`?"),
    "nothing like it": (
        ["x", "y"],
        "burn: unrecognized arguments: y",
        "usage: stoker burn [--files-dir DIR] [-o {text,json}] [--strict] [-h] file",
    ),
}


@pytest.mark.parametrize(("words", "message", "hint"), REFUSED.values(), ids=REFUSED)
def test_refused(words: list[str], message: str, hint: str, parser: argparse.ArgumentParser) -> None:
    with pytest.raises(UsageError) as refused:
        parser.parse_args(words)
    assert (str(refused.value), refused.value.hint) == (message, hint)


def test_a_slip_in_a_choice(parser: argparse.ArgumentParser) -> None:
    with pytest.raises(UsageError, match="'jsno'") as refused:
        parser.parse_args(["x", "-o", "jsno"])
    assert refused.value.hint == "did you mean `json`?"


ENVIRONMENTS = {
    "nothing": ({"HOME": "/", "STOKER_OTHER": "x", "STOKER_FILE": "x"}, []),
    "a value": ({"STOKER_FILES_DIR": "a b"}, ["--files-dir=a b"]),
    "an empty value": ({"STOKER_FILES_DIR": ""}, ["--files-dir="]),
    "on": ({"STOKER_STRICT": "yes"}, ["--strict"]),
    "off": ({"STOKER_STRICT": "0"}, []),
    "empty is off": ({"STOKER_STRICT": ""}, []),
    "help is for the typing": ({"STOKER_HELP": "1"}, []),
}


@pytest.mark.parametrize(("environment", "words"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_environment(environment: dict[str, str], words: list[str], parser: argparse.ArgumentParser) -> None:
    assert words_of_environment(parser, environment) == words


def test_a_value_of_the_environment_is_one_of_the_choices(parser: argparse.ArgumentParser) -> None:
    with pytest.raises(UsageError, match="`STOKER_OUTPUT` is `xml`") as refused:
        words_of_environment(parser, {"STOKER_OUTPUT": "xml"})
    assert refused.value.hint == "known are: text, json"


def test_a_file_for_the_answer(parser: argparse.ArgumentParser) -> None:
    """As `-o` means in Butane."""
    with pytest.raises(UsageError) as refused:
        parser.parse_args(["x", "-o", "out.ign"])
    assert refused.value.hint == "`-o` is the form of the answer, which goes to a file by `> out.ign`"


def test_what_is_typed_counts_more(parser: argparse.ArgumentParser) -> None:
    words = [*words_of_environment(parser, {"STOKER_OUTPUT": "json"}), "--output=text", "x"]
    assert parser.parse_args(words).output == "text"


def test_a_switch_is_on_or_off(parser: argparse.ArgumentParser) -> None:
    with pytest.raises(UsageError, match="`STOKER_STRICT` is `perhaps`"):
        words_of_environment(parser, {"STOKER_STRICT": "perhaps"})
