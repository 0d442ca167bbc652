"""The argument parser of a native verb: a row of the table and its arguments come in, an argparse parser goes out.

Its help is short: usage, one line on what the verb does, the arguments, an example. What it cannot understand it
raises as a UsageError; only `-h` prints and ends the process, as argparse has it.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from stoker.cli.exits import UsageError
from stoker.cli.guesses import guess
from stoker.cli.streams import write_data
from stoker.cli.verbs import Verb

HELP_COLUMN: Final = 30
HELP_WIDTH: Final = 79
PREFIX: Final = "STOKER_"
ON: Final = frozenset({"1", "true", "yes", "on"})
OFF: Final = frozenset({"", "0", "false", "no", "off"})


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Argparse's own layout with a capital `Usage:`, `-o, --output FILE` and a fixed width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=HELP_COLUMN, width=HELP_WIDTH)

    def add_usage(self, usage: str | None, actions: object, groups: object, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, prefix or "Usage: ")  # type: ignore[arg-type]

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"


class _Parser(argparse.ArgumentParser):
    """A parser that raises what it does not understand, with a guess at what was meant."""

    def print_help(self, file: object = None) -> None:
        write_data(self.format_help().encode())

    def error(self, message: str) -> NoReturn:
        usage = self.format_usage().strip().replace("Usage: ", "usage: ", 1)
        raise UsageError(f"{self.prog.partition(' ')[2]}: {message}", hint=self._meant(message) or usage)

    def _meant(self, message: str) -> str | None:
        unknown = re.search(r"unrecognized arguments: (--[^\s=]+)", message)
        choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if choice and "-o/--output" in message and re.search(r"[./]", choice[1]):
            return f"`-o` is the form of the answer, which goes to a file by `> {choice[1]}`"
        meant = None
        if unknown:
            meant = guess(unknown[1], self._option_string_actions)
        elif choice:
            meant = guess(choice[1], re.findall(r"[\w-]+", choice[2]))
        return f"did you mean `{meant}`?" if meant else None


def build_parser(verb: Verb, add_arguments: Callable[[argparse.ArgumentParser], None]) -> argparse.ArgumentParser:
    """The parser of `verb`; `add_arguments` is its module's own. Options are not abbreviated."""
    parser = _Parser(
        prog=f"stoker {verb.name}",
        description=f"{verb.summary[0].upper()}{verb.summary[1:]}.",
        epilog=f"Example:\n  {verb.example}",
        formatter_class=_Formatter,
        allow_abbrev=False,
        add_help=False,
    )
    add_arguments(parser)
    parser.add_argument("-h", "--help", action="help", help="show this and exit")
    return parser


def words_of_environment(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> list[str]:
    """The options that the environment gives: `STOKER_FILES_DIR=x` is `--files-dir=x`, `STOKER_STRICT=1` is `--strict`.

    They come before what is typed, which so counts more. Raises UsageError for a switch that is neither on nor off, and
    for a value that is none of the choices.
    """
    words = []
    for action in parser._actions:  # noqa: SLF001 -- argparse offers no other list
        option = next((name for name in action.option_strings if name.startswith("--")), "--help")
        name = f"{PREFIX}{option[2:].upper().replace('-', '_')}"
        if option == "--help" or name not in environment:
            continue
        value = environment[name]
        if action.choices is not None and value not in action.choices:
            raise UsageError(f"`{name}` is `{value}`", hint=f"known are: {', '.join(map(str, action.choices))}")
        if action.nargs != 0:
            words.append(f"{option}={value}")
        elif value.lower() in ON:
            words.append(option)
        elif value.lower() not in OFF:
            raise UsageError(f"`{name}` is `{value}`", hint="1 turns the option on, 0 leaves it off")
    return words
