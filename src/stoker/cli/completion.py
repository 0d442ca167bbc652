"""`stoker completion SHELL`: the tables of verbs and applets and the verbs' parsers come in, a shell script goes out.

The script is static: pressing tab starts no process. Values without a list of choices complete as files.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from stoker.cli.exits import Exit
from stoker.cli.parser import build_parser
from stoker.cli.streams import write_data
from stoker.cli.verbs import APPLETS, VERBS


class Option(NamedTuple):
    """What may be typed after a verb: the spellings (none for a positional), its help, and the values it takes.

    `choices` is None for an option without a value and empty for a value of any kind.
    """

    spellings: tuple[str, ...]
    help: str
    choices: tuple[str, ...] | None


class Word(NamedTuple):
    """A first word: a verb with its options, or an applet, whose arguments complete as files."""

    name: str
    summary: str
    options: tuple[Option, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=sorted(SCRIPTS), help="whose script to print")


def run(arguments: argparse.Namespace) -> int:
    write_data(SCRIPTS[arguments.shell](list(words())).encode())
    return Exit.FINE


def words() -> Iterator[Word]:
    """Every first word there is."""
    for verb in VERBS.values():
        parser = build_parser(verb, importlib.import_module(verb.module).add_arguments)
        yield Word(verb.name, verb.summary, tuple(_options(parser)))
    for applet in APPLETS.values():
        yield Word(applet.name, applet.summary)


def _options(parser: argparse.ArgumentParser) -> Iterator[Option]:
    for action in parser._actions:  # noqa: SLF001 -- argparse offers no other list
        if action.help is not argparse.SUPPRESS:
            choices = None if action.nargs == 0 else tuple(map(str, action.choices or ()))
            yield Option(tuple(action.option_strings), action.help or "", choices)


def _bash(every: list[Word]) -> str:
    cases = "".join(f"        {word.name}) {_bash_case(word)} ;;\n" for word in every if word.options)
    return f"""\
# bash completion for stoker
_stoker() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} choices=
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "{" ".join(word.name for word in every)} --help --version" -- "$word")
        return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}    esac
    [ -z "$choices" ] || mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
}}
complete -o default -F _stoker stoker
"""


def _bash_case(word: Word) -> str:
    """Set `choices` by the word before the cursor: the values of an option, else options after a dash and files."""
    rows = [
        f"{'|'.join(option.spellings)}) choices='{' '.join(option.choices)}' ;;"
        for option in word.options
        if option.spellings and option.choices is not None
    ]
    names = " ".join(text for option in word.options for text in option.spellings)
    free = " ".join(text for option in word.options if not option.spellings for text in option.choices or ())
    rows.append(f"*) choices='{free}'; [[ $word != -* ]] || choices='{names}' ;;")
    return f"case $before in {' '.join(rows)} esac"


def _zsh(every: list[Word]) -> str:
    names = "".join(f"        {_quoted(f'{word.name}:{word.summary}')}\n" for word in every)
    cases = "".join(
        f"        {word.name}) _arguments {' '.join(map(_zsh_spec, word.options))} ;;\n"
        for word in every
        if word.options
    )
    return f"""\
#compdef stoker
# zsh completion for stoker
_stoker() {{
    local -a verbs=(
{names}    )
    if (( CURRENT == 2 )); then
        _describe verb verbs
        return
    fi
    local verb=$words[2]
    shift words
    (( CURRENT-- ))
    case $verb in
{cases}        *) _files ;;
    esac
}}
if [ "$funcstack[1]" = _stoker ]; then _stoker; else compdef _stoker stoker; fi
"""


def _zsh_spec(option: Option) -> str:
    """An argument of _arguments: `{-o,--output}'[help]:value:_files'`."""
    text = "".join(f"\\{letter}" if letter in "[]:\\" else letter for letter in option.help)
    action = f"({' '.join(option.choices)})" if option.choices else "_files"
    if not option.spellings:
        return _quoted(f"*:{text}:{action}")
    value = "" if option.choices is None else f":value:{action}"
    return " ".join(_quoted(f"{spelling}[{text}]{value}") for spelling in option.spellings)


def _fish(every: list[Word]) -> str:
    lines = ["# fish completion for stoker"]
    for word in every:
        name = f"-n __fish_use_subcommand -f -a {word.name}"
        lines.append(f"complete -c stoker {name} -d {_quoted(word.summary)}")
        lines += [
            f"complete -c stoker -n '__fish_seen_subcommand_from {word.name}' {_fish_option(option)}"
            for option in word.options
        ]
    return "\n".join([*lines, ""])


def _fish_option(option: Option) -> str:
    flags = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.spellings]
    flags += ["-r"] if option.spellings and option.choices is not None else []
    flags += [f"-f -a '{' '.join(option.choices)}'"] if option.choices else []
    return " ".join([*flags, f"-d {_quoted(option.help)}"])


def _quoted(text: str) -> str:
    """`text` as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


SCRIPTS: Final = {"bash": _bash, "fish": _fish, "zsh": _zsh}
