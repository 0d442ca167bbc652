"""The command line of fcct 0.2.0: an fcos 1.0.0 document comes in by file or stdin, Ignition 3.0.0 goes out.

The report goes to stdout, before the config, with an empty line after it even when there is nothing in it: who wants
the config alone says `-output`. Exit codes: 0 also with warnings; 1 for a document or a file that will not do; 2 for a
wrong flag.
"""

from __future__ import annotations

from typing import Final

from stoker.cli.applets.answers import FAILED, USAGE, answer
from stoker.cli.gofiles import PathError, read_file, write_file
from stoker.cli.goflags import Flag, describe_flags, parse_flags
from stoker.cli.streams import talk, write_data

VERSION: Final = "Fedora CoreOS Config Transpiler v0.2.0"

FLAGS: Final = (
    Flag("input", "", "read from input file instead of stdin"),
    Flag("output", "", "write to output file instead of stdout"),
    Flag("pretty", False, "output formatted json"),
    Flag("strict", False, "fail on any warning"),
    Flag("version", False, "print the version and exit"),
)


def run(arguments: list[str], program: str) -> int:
    """Be fcct, called as `program`."""
    parsed = parse_flags(FLAGS, arguments)
    usage = f"Usage of {program}:\n{describe_flags(FLAGS)}"
    answered = answer(parsed, usage, VERSION, help_code=USAGE)
    if answered is not None:
        return answered
    try:
        text = read_file(parsed.text("input") or None)
    except PathError as error:
        return _fail(f"failed to {error.operation} {error.path}: {error}")
    from stoker.butane.fcct import translate  # noqa: PLC0415 -- `-help` and mistakes do not pay for the language
    from stoker.report.render import as_lines  # noqa: PLC0415

    output, report, reason, _ = translate(text, pretty=parsed.is_set("pretty"), strict=parsed.is_set("strict"))
    if output is not None or len(report):
        write_data(f"{as_lines(report)}\n".encode("utf-8", "surrogateescape"))
    if output is None:
        return _fail(f"Error translating config: {reason}")
    try:
        write_file(parsed.text("output") or None, output)
    except PathError as error:
        attempt = "Failed to write config to" if error.operation == "write" else "failed to open"
        return _fail(f"{attempt} {error.path}: {error}")
    return 0


def _fail(line: str) -> int:
    talk(f"{line}\n")
    return FAILED
