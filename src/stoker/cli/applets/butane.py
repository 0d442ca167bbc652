"""Butane's command line, as of 0.29: a config comes in by file or stdin, Ignition JSON or a MachineConfig goes out.

Flags, words, exit codes and the order of what goes to stderr are the original's: notes on flags, the report, one
final line. Exit codes: 0 also with warnings, 1 for a config or a file that will not do, 2 for a wrong command line.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from stoker.cli.applets.answers import FAILED, USAGE, answer, print_text
from stoker.cli.gofiles import PathError, read_file, write_file
from stoker.cli.goflags import Flag, Parsed, describe_pflags, parse_pflags
from stoker.cli.streams import STDERR, talk

VERSION: Final = "Butane v0.29.0"

_COLOR: Final = 'control color output: "auto", "always", or "never"'

FLAGS: Final = (
    Flag("check", False, "check config without producing output", short="c"),
    Flag("color", "auto", _COLOR, bare="always"),
    Flag("colour", "auto", _COLOR, bare="always", alias_of="color", is_hidden=True),
    Flag("debug", False, "log translations", short="D", is_hidden=True),
    Flag("files-dir", "", "allow embedding local files from this directory", short="d"),
    Flag("help", False, "show usage and exit", short="h"),
    Flag("input", "", "read from input file instead of stdin", deprecated="specify filename directly on command line"),
    Flag("output", "", "write to output file instead of stdout", short="o"),
    Flag("pretty", False, "output formatted json", short="p"),
    Flag("raw", False, "never wrap in a MachineConfig; force Ignition output", short="r"),
    Flag("raw-errors", False, "show raw errors, rather than pretty printing them"),
    Flag("strict", False, "fail on any warning", short="s"),
    Flag("version", False, "print the version and exit", short="V"),
)


def run(arguments: list[str], program: str) -> int:
    """Be Butane, called as `program`."""
    parsed = parse_pflags(FLAGS, arguments)
    usage = f"Usage: {program} [options] [input-file]\nOptions:\n{describe_pflags(FLAGS)}"
    talk("".join(f"{note}\n" for note in parsed.notes))
    if parsed.error is None and len(parsed.positionals) > (0 if parsed.text("input") else 1):
        talk(usage)
        return USAGE
    answered = answer(parsed, usage, VERSION, complaint="{usage}{error}\n", tell_help=print_text)
    if answered is not None:
        return answered
    return _translate(parsed, parsed.text("input") or "".join(parsed.positionals))


def _translate(parsed: Parsed, path: str) -> int:
    try:
        text = read_file(path or None)
    except PathError as error:
        return _fail(f"failed to {error.operation} {error.path}: {error}")
    from stoker.butane import translate  # noqa: PLC0415 -- `--help` and mistakes do not pay for the language
    from stoker.report.render import as_lines, as_snippets  # noqa: PLC0415

    file = path or "<stdin>"
    translation = translate(
        text,
        file=file,
        files_dir=parsed.text("files-dir"),
        raw=parsed.is_set("raw"),
        pretty=parsed.is_set("pretty"),
        as_reference=True,
    )
    report = translation.report
    is_raw, color = parsed.is_set("raw-errors"), _wants_color(parsed)
    talk(as_lines(report) if is_raw else as_snippets(report, text, file, color=color))
    if translation.error is not None or translation.output is None:
        return _fail(f"Error translating config: {translation.error}")
    if parsed.is_set("strict") and len(report):
        return _fail("Config produced warnings and --strict was specified")
    return 0 if parsed.is_set("check") else _write(parsed.text("output"), translation.output + b"\n")


def _write(path: str, output: bytes) -> int:
    try:
        write_file(path or None, output)
    except PathError as error:
        attempt = "Failed to write config to" if error.operation == "write" else "failed to open"
        return _fail(f"{attempt} {error.path}: {error}")
    return 0


def _fail(line: str) -> int:
    talk(f"{line}\n")
    return FAILED


def _wants_color(parsed: Parsed) -> bool:
    """Whether the report is coloured; a word that is none of those known means no."""
    color = parsed.text("color")
    if color in {"always", "yes"}:
        return True
    if color != "auto" or "NO_COLOR" in os.environ:
        return False
    try:
        return stat.S_ISCHR(os.fstat(STDERR).st_mode)
    except OSError:  # closed
        return False
