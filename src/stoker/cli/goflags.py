"""Command lines as Go programs read them: a table of flags and raw arguments come in, values and positionals go out.

Two dialects: that of the package github.com/spf13/pflag 1.0.10 (`--long`, `-s`, bundles, flags after positionals),
and that of Go's own package flag (`-x v`, `-x=v`, `--x v`, flags before positionals). Their words are kept, since
scripts and people know them. What is wrong with a command line is a value: `Parsed.error`.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from stoker.cli.godurations import seconds_of
from stoker.cli.gotext import quote

TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})
QUOTE: Final = "'"


class Flag(NamedTuple):
    """A row of a command's table.

    `default` says the kind: a bool or a string. `bare` is the value of a string flag given without one (pflag's
    NoOptDefVal), `alias_of` the flag whose value it sets. `deprecated` says what to do instead. `kind` is Go's word for
    what the flag takes: `string`, `duration`, or `value` for one of `choices`.
    """

    name: str
    default: bool | str
    usage: str
    short: str = ""
    bare: str = ""
    alias_of: str = ""
    is_hidden: bool = False
    deprecated: str = ""
    kind: str = "string"
    choices: tuple[str, ...] = ()

    @property
    def is_bool(self) -> bool:
        return isinstance(self.default, bool)


Flags = tuple[Flag, ...]


class Parsed:
    """A command line as far as it could be read.

    `notes` are lines for stderr, before anything else; `given` are the flags that were set. At an `error`, or when help
    is asked for by a flag that is not in the table (`wants_help`), reading stopped.
    """

    __slots__ = ("error", "given", "notes", "positionals", "values", "wants_help")

    def __init__(self, flags: Flags) -> None:
        self.values: dict[str, bool | str] = {flag.name: flag.default for flag in flags}
        self.given: set[str] = set()
        self.positionals: list[str] = []
        self.notes: list[str] = []
        self.error: str | None = None
        self.wants_help = False

    def is_set(self, name: str) -> bool:
        """Whether a bool flag is true."""
        return self.values[name] is True

    def text(self, name: str) -> str:
        """The value of a string flag."""
        return str(self.values[name])


class _Stop(Exception):
    """Ends the reading of a line: with an error, or, when that is None, because help is wanted."""

    def __init__(self, error: str | None = None) -> None:
        super().__init__(error)
        self.error = error


def parse_pflags(flags: Flags, arguments: list[str]) -> Parsed:
    """Read `arguments` as pflag does: flags and positionals in any order until `--`."""
    parsed, rest = Parsed(flags), list(arguments)
    try:
        while rest:
            word = rest.pop(0)
            if word == "--":
                parsed.positionals += rest
                break
            if word.startswith("--"):
                _read_long(flags, word, rest, parsed)
            elif word.startswith("-") and word != "-":
                _read_shorts(flags, word[1:], rest, parsed)
            else:
                parsed.positionals.append(word)
    except _Stop as stop:
        parsed.error, parsed.wants_help = stop.error, stop.error is None
    return parsed


def parse_flags(flags: Flags, arguments: list[str]) -> Parsed:
    """Read `arguments` as Go's package flag does: the first positional, or `--`, ends the flags."""
    parsed, rest = Parsed(flags), list(arguments)
    try:
        while rest and len(rest[0]) > 1 and rest[0].startswith("-"):
            word = rest.pop(0)
            if word == "--":
                break
            _read_go_flag(flags, word, rest, parsed)
    except _Stop as stop:
        parsed.error, parsed.wants_help = stop.error, stop.error is None
    parsed.positionals = rest
    return parsed


def _split(word: str, dashes: int) -> tuple[str, str | None]:
    """Take `--name=value` apart; the value is None when there is none."""
    name, equals, value = word[dashes:].partition("=")
    if not name or name.startswith("-"):
        raise _Stop(f"bad flag syntax: {word}")
    return name, value if equals else None


def _find(flags: Flags, name: str, complaint: str) -> Flag:
    for flag in flags:
        if flag.name == name:
            return flag
    raise _Stop(None if name == "help" else complaint)


def _read_long(flags: Flags, word: str, rest: list[str], parsed: Parsed) -> None:
    name, value = _split(word, 2)
    flag = _find(flags, name, f"unknown flag: --{name}")
    if value is None:
        value = _value_when_bare(flag)
    if value is None:
        value = _next(rest, f"--{name}")
    _set(flag, value, parsed)


def _read_shorts(flags: Flags, letters: str, rest: list[str], parsed: Parsed) -> None:
    """Read a bundle: `-psd DIR`, `-dDIR`, `-d=DIR`."""
    while letters:
        flag = _find_short(flags, letters)
        letter, tail = letters[0], letters[1:]
        bare = _value_when_bare(flag)
        if len(tail) > 1 and tail.startswith("="):
            value, letters = tail[1:], ""
        elif bare is not None:
            value, letters = bare, tail
        elif tail:
            value, letters = tail, ""
        else:
            value, letters = _next(rest, f"{quote(letter, QUOTE)} in -{letters}"), ""
        _set(flag, value, parsed)


def _find_short(flags: Flags, letters: str) -> Flag:
    for flag in flags:
        if flag.short == letters[0]:
            return flag
    if letters[0] == "h":
        raise _Stop
    byte = chr(os.fsencode(letters[0])[0])  # the original looks at bytes
    raise _Stop(f"unknown shorthand flag: {quote(byte, QUOTE)} in -{letters}")


def _value_when_bare(flag: Flag) -> str | None:
    return "true" if flag.is_bool else flag.bare or None


def _next(rest: list[str], name: str) -> str:
    if not rest:
        raise _Stop(f"flag needs an argument: {name}")
    return rest.pop(0)


def _set(flag: Flag, value: str, parsed: Parsed) -> None:
    if flag.is_bool and value not in TRUE | FALSE:
        name = f"-{flag.short}, --{flag.name}" if flag.short else f"--{flag.name}"
        reason = f"strconv.ParseBool: parsing {quote(value)}: invalid syntax"
        raise _Stop(f"invalid argument {quote(value)} for {quote(name)} flag: {reason}")
    parsed.given.add(flag.alias_of or flag.name)
    parsed.values[flag.alias_of or flag.name] = value in TRUE if flag.is_bool else value
    if flag.deprecated:
        parsed.notes.append(f"Flag --{flag.name} has been deprecated, {flag.deprecated}")


def _read_go_flag(flags: Flags, word: str, rest: list[str], parsed: Parsed) -> None:
    name, value = _split(word, 2 if word.startswith("--") else 1)
    flag = _find(flags, "help" if name == "h" else name, f"flag provided but not defined: -{name}")
    if value is None:
        value = "true" if flag.is_bool else _next(rest, f"-{name}")
    if flag.is_bool and value not in TRUE | FALSE:
        raise _Stop(f"invalid boolean value {quote(value)} for -{name}: parse error")
    if flag.kind == "value" and value not in flag.choices:
        raise _Stop(f"invalid value {quote(value)} for flag -{name}: {value} is not a valid {name}")
    if flag.kind == "duration" and seconds_of(value) is None:
        raise _Stop(f"invalid value {quote(value)} for flag -{name}: parse error")
    parsed.given.add(flag.name)
    parsed.values[flag.name] = value in TRUE if flag.is_bool else value


def describe_pflags(flags: Flags) -> str:
    """The list of flags in pflag's usage text, sorted by name, without the hidden and the deprecated ones."""
    rows = [(_pflag_name(flag), flag) for flag in _shown(flags)]
    width = max(len(name) for name, _ in rows) + 3
    return "".join(f"{name:{width}}{flag.usage}{_default(flag)}\n" for name, flag in rows)


def _pflag_name(flag: Flag) -> str:
    short = f"-{flag.short}, " if flag.short else "    "
    value = "" if flag.is_bool else " string"
    bare = f"[={quote(flag.bare)}]" if flag.bare else ""
    return f"  {short}--{flag.name}{value}{bare}"


def describe_flags(flags: Flags) -> str:
    """The list of flags as Go's package flag prints it."""
    return "".join(f"{_go_flag_name(flag)}{flag.usage}{_default(flag)}\n" for flag in _shown(flags))


def _go_flag_name(flag: Flag) -> str:
    name = f"  -{flag.name}{'' if flag.is_bool else f' {flag.kind}'}"
    return f"{name}\t" if len(name) <= 4 else f"{name}\n    \t"


def _shown(flags: Flags) -> list[Flag]:
    return sorted(flag for flag in flags if not flag.is_hidden and not flag.deprecated)


def _default(flag: Flag) -> str:
    if not flag.default or flag.is_bool:
        return ""
    return f" (default {quote(str(flag.default)) if flag.kind == 'string' else flag.default})"
