"""The command line of ignition-validate, as of Ignition 2.26: a config comes in, its report goes to stdout.

The original hands the report to Printf as the format, without arguments, so a `%` in a message comes out as Go
complains about it; scripts may see that, so it stays. Exit codes: 0 valid, perhaps with warnings; 1 not; 2 for a
wrong flag.
"""

from __future__ import annotations

from typing import Final

from stoker.cli.applets.answers import answer
from stoker.cli.applets.versions import IGNITION
from stoker.cli.gofiles import PathError, read_file
from stoker.cli.goflags import Flag, describe_flags, parse_flags
from stoker.cli.gotext import printf_without_arguments
from stoker.cli.streams import talk, write_data

INVALID: Final = 1

FLAGS: Final = (Flag("version", False, "print the version of ignition-validate"),)


def run(arguments: list[str], program: str) -> int:
    """Be ignition-validate, called as `program`."""
    parsed = parse_flags(FLAGS, arguments)
    usage = f"Usage:\n  {program} [flags] config.ign\n\n{describe_flags(FLAGS)}"
    answered = answer(parsed, usage, IGNITION)
    if answered is not None:
        return answered
    if len(parsed.positionals) != 1:
        talk(usage)
        return INVALID
    return _validate(parsed.positionals[0])


def _validate(path: str) -> int:
    try:
        raw = read_file(None if path == "-" else path)
    except PathError as error:
        return _fail(f"couldn't read config: {error}")
    from stoker.ignition.parse import validate  # noqa: PLC0415 -- `-help` and mistakes do not pay for the language
    from stoker.report.render import as_lines  # noqa: PLC0415

    report, reason = validate(raw)
    if len(report):
        text = printf_without_arguments(as_lines(report).strip())
        write_data(f"{text}\n".encode("utf-8", "surrogateescape"))
    if report.has_errors:
        return INVALID
    return 0 if reason is None else _fail(f"couldn't parse config: {reason}")


def _fail(line: str) -> int:
    talk(f"{line}\n")
    return INVALID
