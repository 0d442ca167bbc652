"""What the verbs of the language read: one text, or every config below a directory.

In go the words of the command line; out come named texts. `-` is standard input.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

from stoker.cli.exits import CommandError, UsageError
from stoker.cli.streams import STDIN, read_all
from stoker.ignition.parse import looks_like_json
from stoker.report import Message, Report, Severity
from stoker.schema.platforms import NAMES

BUTANE_SUFFIXES: Final = (".bu", ".butane", ".fcc", ".clc", ".yaml", ".yml")
IGNITION_SUFFIXES: Final = (".ign", ".json")
UNREADABLE: Final = Message("unreadable", "`{path}` cannot be read: {reason}")
STDIN_NAME: Final = "<stdin>"


class Input(NamedTuple):
    """A text and the name to show for it."""

    name: str
    text: bytes

    @property
    def is_ignition(self) -> bool:
        """Whether it is JSON rather than Butane: by its name, or else by its first character."""
        if self.name.endswith(IGNITION_SUFFIXES):
            return True
        return not self.name.endswith(BUTANE_SUFFIXES) and looks_like_json(self.text)


def read_input(path: str) -> Input:
    """Read a file, or standard input for `-`. Raises OSError."""
    is_stdin = path == "-"
    name = STDIN_NAME if is_stdin else path
    descriptor = STDIN if is_stdin else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return Input(name, read_all(descriptor))
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from error
    finally:
        if not is_stdin:
            os.close(descriptor)


def read_stdin_once(*paths: str | None) -> None:
    """Raise UsageError where standard input is named more than once: the second to read it would find nothing."""
    if paths.count("-") > 1:
        raise UsageError("`-` is named twice: there is only one standard input", hint="write one of them to a file")


def try_input(path: str) -> Input | Report:
    """Read one of many: a file that cannot be read is a finding, so that the others are heard."""
    try:
        return read_input(path)
    except OSError as error:
        report = Report()
        report.add(Severity.ERROR, UNREADABLE, path=path, reason=(error.strerror or str(error)).lower())
        return report


def find_files(paths: list[str], suffixes: tuple[str, ...] = BUTANE_SUFFIXES + IGNITION_SUFFIXES) -> list[str]:
    """The files that `paths` name: themselves, and below those that are directories all with a suffix, in order."""
    read_stdin_once(*paths)
    found = [file for path in paths for file in ([path] if not os.path.isdir(path) else _below(path, suffixes))]
    if not found:
        raise CommandError(
            f"no config in {', '.join(f'`{path}`' for path in paths)}", hint=f"configs end in {', '.join(suffixes)}"
        )
    return found


def _below(path: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    for directory, names, files in os.walk(path):
        names.sort()
        for file in sorted(files):
            if file.endswith(suffixes):
                yield os.path.join(directory, file)


def is_site(path: str) -> bool:
    """Whether a directory is laid out as Matchbox's, which the server reads: it has groups and profiles."""
    return os.path.isdir(os.path.join(path, "groups")) and os.path.isdir(os.path.join(path, "profiles"))


def filled(text: str) -> str:
    """The value of an option that names a place. An empty one is a variable that was not set, not the place we are."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def add_files_dir(parser: argparse.ArgumentParser) -> None:
    """Give a verb the option that says where local files are."""
    parser.add_argument(
        "-d", "--files-dir", metavar="DIR", help="directory of local files; by default the document's own"
    )


def add_platform(parser: argparse.ArgumentParser) -> None:
    """Give a verb the option that says where the machine of a Container Linux Config runs."""
    parser.add_argument(
        "--platform",
        metavar="NAME",
        choices=NAMES,
        default="",
        help=f"where the machine of a Container Linux Config runs, for `{{HOSTNAME}}` and the like: {', '.join(NAMES)}",
    )


def files_dir(source: Input, given: str | None = None) -> str:
    """Where a document's local files are: as given, or beside it; standard input has none."""
    if given is not None:
        return given
    return "" if source.name == STDIN_NAME else os.path.dirname(source.name) or "."


def add_output(parser: argparse.ArgumentParser, formats: tuple[str, ...] = ("text", "json", "jsonl")) -> None:
    """Give a verb the options that say how it shows things."""
    parser.add_argument(
        "-o", "--output", choices=formats, default="text", help=f"form of the answer: {', '.join(formats)}"
    )
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="colour on stderr; auto: on a terminal"
    )


def wants_color(choice: str, descriptor: int) -> bool:
    """Whether to colour what goes to `descriptor` (https://no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and os.isatty(descriptor)
