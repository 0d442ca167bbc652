"""What the units of a config run.

In goes a config; out come its enabled services: their options with the places of each, the commands they start, and
the scripts of the same config that those commands run.
"""

from __future__ import annotations

import re
import shlex
import zlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from stoker.report import Pointer
from stoker.schema.dataurls import DataUrlError, decode
from stoker.schema.unitfiles import read_options
from stoker.schema.v3 import Config, File, Unit

# A script is read up to here; longer ones are not written by hand.
MAX_SCRIPT: Final = 1 << 16
# So many characters of a command are split into words.
MAX_COMMAND: Final = 1 << 12
_PREFIX: Final = re.compile(r"[-@:+!|]*")
_STARTS: Final = frozenset({"ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition"})


class Text(NamedTuple):
    """A line of text in the config: of a unit, drop-in or script. `line` counts from 0."""

    pointer: Pointer
    line: int
    text: str


class Setting(NamedTuple):
    """An option of a unit or of one of its drop-ins."""

    section: str
    name: str
    value: str
    place: Text


class Command(NamedTuple):
    """What a unit starts: its words, and where that stands."""

    words: list[str]
    place: Text


Match = tuple[Text, re.Match[str]]


class Script:
    """A file of the config that commands run. It is searched once for each pattern, however many units run it."""

    def __init__(self, file: File, index: int) -> None:
        pointer = ("storage", "files", index, "contents", "source")
        lines = enumerate(text_of(file).split("\n"))
        self.lines = [Text(pointer, number, line) for number, line in lines if not line.lstrip().startswith("#")]
        self._found: dict[re.Pattern[str], list[Match]] = {}

    def find(self, pattern: re.Pattern[str]) -> list[Match]:
        """The lines that have a pattern."""
        if pattern not in self._found:
            self._found[pattern] = list(matches(pattern, self.lines))
        return self._found[pattern]


class Service(NamedTuple):
    """An enabled unit. `is_whole` tells whether all of it is here, rather than drop-ins to a unit of the system."""

    name: str
    is_whole: bool
    settings: list[Setting]
    commands: list[Command]
    scripts: list[Script]

    def names(self, *options: str) -> set[str]:
        """All that options of [Unit] such as `After` name."""
        lists = (setting.value.split() for setting in self.settings if setting.name in options)
        return {name for names in lists for name in names}

    def find(self, pattern: re.Pattern[str]) -> list[Match]:
        """The lines with a pattern among all that runs when the unit starts."""
        found = list(matches(pattern, (command.place for command in self.commands)))
        return found + [one for script in self.scripts for one in script.find(pattern)]


def matches(pattern: re.Pattern[str], lines: Iterable[Text]) -> Iterator[Match]:
    """The lines that have a pattern, with what has it."""
    return ((line, found) for line in lines if (found := pattern.search(line.text)))


def find_services(config: Config) -> list[Service]:
    """The enabled services of a config, in its order."""
    if config.systemd is None:
        return []
    files = config.storage.files if config.storage is not None else []
    scripts = Scripts(files)
    return [
        _service(unit, ("systemd", "units", number), scripts)
        for number, unit in enumerate(config.systemd.units)
        if unit.enabled and not unit.mask
    ]


class Scripts:
    """The files of a config as scripts, each made when a command first names it."""

    def __init__(self, files: list[File]) -> None:
        self._files = {file.path: (file, index) for index, file in enumerate(files)}
        self._made: dict[str, Script] = {}

    def named(self, path: str) -> Script | None:
        """The script at a path of the machine."""
        if path in self._files and path not in self._made:
            self._made[path] = Script(*self._files[path])
        return self._made.get(path)


def _service(unit: Unit, pointer: Pointer, scripts: Scripts) -> Service:
    settings = list(_settings(unit, pointer))
    commands = _commands(settings)
    named = dict.fromkeys(word for command in commands for word in command.words)
    run = [script for word in named if (script := scripts.named(word))]
    return Service(unit.name, bool(unit.contents), settings, commands, run)


def _settings(unit: Unit, pointer: Pointer) -> Iterator[Setting]:
    texts = [(unit.contents, (*pointer, "contents"))]
    texts += [(one.contents, (*pointer, "dropins", index, "contents")) for index, one in enumerate(unit.dropins)]
    for text, where in texts:
        for section, name, value, line in read_options(text or ""):
            yield Setting(section, name, value, Text(where, line, value))


def _commands(settings: list[Setting]) -> list[Command]:
    """The commands a service starts; an empty assignment takes back those before it (systemd.service(5))."""
    found: dict[str, list[Command]] = {}
    for setting in settings:
        if setting.name not in _STARTS:
            continue
        commands = found.setdefault(setting.name, [])
        if not setting.value:
            commands.clear()
            continue
        text = setting.value[len(_PREFIX.match(setting.value)[0]) :]  # type: ignore[index]
        commands.append(Command(_words(text[:MAX_COMMAND]), setting.place))
    return [command for commands in found.values() for command in commands]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def text_of(file: File) -> str:
    """The text of a file whose contents stand in the config; empty for any other, and for what is no text."""
    contents = file.contents
    if contents is None or not (contents.source or "").startswith("data:"):
        return ""
    try:
        raw = decode(contents.source or "")
        if contents.compression == "gzip":
            raw = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, MAX_SCRIPT)
    except (DataUrlError, zlib.error):
        return ""
    return "" if b"\0" in raw[:MAX_SCRIPT] else raw[:MAX_SCRIPT].decode("utf-8", "replace")
