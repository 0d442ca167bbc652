"""The command line of ct, as of 0.9.0: a Container Linux Config comes in, an Ignition 2.3 config goes out.

Flags, words, exit codes and the order of what goes to stderr are the original's: the report on what was written, then
the report on what it became. The original hands a report to Printf as the format, so a `%` in it comes out as Go
complains about it. Where the original lets its YAML decoder speak, the fault is said in other words at the same line.
Exit codes: 0 also with warnings, 1 for a config or a file that will not do, 2 for a wrong command line.
"""

from __future__ import annotations

from typing import Final

from stoker.cli.applets.answers import FAILED, answer
from stoker.cli.gofiles import PathError, read_file, write_file
from stoker.cli.goflags import Flag, Parsed, describe_flags, parse_flags
from stoker.cli.gotext import printf_without_arguments
from stoker.cli.streams import talk
from stoker.report import Entry, Report
from stoker.schema.platforms import PLATFORMS

VERSION: Final = "ct v0.9.0"

FLAGS: Final = (
    Flag("files-dir", "", "Directory to read local files from."),
    Flag("help", False, "Print help and exit."),
    Flag("in-file", "", "Path to the container linux config. Standard input unless specified otherwise."),
    Flag("out-file", "", "Path to the resulting Ignition config. Standard output unless specified otherwise."),
    Flag("platform", "", f"Platform to target. Accepted values: [{' '.join(PLATFORMS)}]."),
    Flag("pretty", False, "Indent the resulting Ignition config."),
    Flag("strict", False, "Fail if any warnings are encountered."),
    Flag("version", False, "Print the version and exit."),
)


def run(arguments: list[str], program: str) -> int:
    """Be ct, called as `program`."""
    parsed = parse_flags(FLAGS, arguments)
    usage = f"Usage of {program}:\n{describe_flags(FLAGS)}"
    answered = answer(parsed, usage, VERSION)
    return _transpile(parsed) if answered is None else answered


def _transpile(parsed: Parsed) -> int:
    try:
        text = read_file(parsed.text("in-file") or None)
    except PathError as error:
        return _fail(f"Failed to {error.operation}: {error}")
    from msgspec import to_builtins  # noqa: PLC0415 -- `-help` and mistakes do not pay for the language

    from stoker.butane.clc import lower, read  # noqa: PLC0415
    from stoker.ignition.encode import encode  # noqa: PLC0415

    is_strict = parsed.is_set("strict")
    source = read(text)
    _show(source.report)
    if source.config is None or (is_strict and len(source.report)):
        return _fail("Failed to parse config")
    files_dir, platform = parsed.text("files-dir"), parsed.text("platform")
    done = lower(source, files_dir=files_dir, platform=platform, as_reference=True)
    _show(done.report)
    if done.config is None or (is_strict and len(done.report)):
        return FAILED
    data = to_builtins(done.config)
    for array in data["storage"].get("raid", ()):
        array["devices"] = array["devices"] or None  # what a Go program writes for a list that was never made
    output = encode(data, pretty=parsed.is_set("pretty"))
    return _write(parsed.text("out-file"), output + b"\n" if parsed.is_set("pretty") else output)


def _write(path: str, output: bytes) -> int:
    try:
        write_file(path or None, output)
    except PathError as error:
        attempt = "write" if error.operation == "write" else "create"
        return _fail(f"Failed to {attempt}: {error}")
    return 0


def _show(report: Report) -> None:
    if len(report):
        talk(printf_without_arguments(as_blocks(report)) + "\n")


def as_blocks(report: Report) -> str:
    """A report as ct writes it: a head line with the place, then the message; on one line where there is no place."""
    from stoker.document.messages import SYNTAX  # noqa: PLC0415 -- as above
    from stoker.schema.clc_messages import NOT_A_VERSION  # noqa: PLC0415
    from stoker.schema.messages import WRONG_TYPE  # noqa: PLC0415

    codes = {entry.code for entry in report}
    if codes & {message.code for message in SYNTAX}:
        return f"error: yaml: {', '.join(map(_decoder_line, report))}"
    if NOT_A_VERSION.code in codes:
        return next(f"error: {entry.message}" for entry in report if entry.code == NOT_A_VERSION.code)
    if WRONG_TYPE.code in codes:
        return "\n  ".join(["error: yaml: unmarshal errors:", *map(_decoder_line, report)])
    return "\n".join(map(_block, report))


def _decoder_line(entry: Entry) -> str:
    return entry.message if entry.place is None else f"line {entry.place.line}: {entry.message}"


def _block(entry: Entry) -> str:
    place = entry.place
    if place is None:
        return f"{entry.severity.value}: {entry.message}"
    return f"{entry.severity.value} at line {place.line}, column {place.column}\n{entry.message}"


def _fail(line: str) -> int:
    talk(f"{line}\n")
    return FAILED
