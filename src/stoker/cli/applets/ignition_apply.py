"""The command line of ignition-apply, as of Ignition 2.26: a config comes in, its files and units go into a tree.

It runs in containers only, and logs to stdout. Exit codes: 0 done; 1 for all that fails; 2 for a wrong flag.
"""

from __future__ import annotations

import os
from typing import Final

from stoker.cli.applets.answers import FAILED, answer
from stoker.cli.applets.versions import IGNITION
from stoker.cli.gofiles import STDIN_NAME, PathError, read_file
from stoker.cli.goflags import Flag, Parsed, describe_pflags, parse_pflags
from stoker.cli.streams import talk

FLAGS: Final = (
    Flag("ignore-unsupported", False, "ignore unsupported config sections"),
    Flag("offline", False, "error out if config references remote resources"),
    Flag("root", "/", "root of the filesystem"),
    Flag("version", False, "print the version of ignition-apply"),
)


def run(arguments: list[str], program: str) -> int:
    """Be ignition-apply, called as `program`."""
    parsed = parse_pflags(FLAGS, arguments)
    usage = f"Usage: {program} [options] config.ign\nOptions:\n{describe_pflags(FLAGS)}"
    answered = answer(parsed, usage, IGNITION)
    if answered is not None:
        return answered
    if len(parsed.positionals) != 1:
        talk(usage)
        return FAILED
    error = _apply(parsed, parsed.positionals[0])
    return FAILED if error else 0


def _apply(parsed: Parsed, path: str) -> str:
    """Apply, and log how it went. Returns what is wrong, empty if nothing is."""
    from pathlib import Path  # noqa: PLC0415 -- mistakes do not pay for it

    from stoker.cli.stage_logs import open_log  # noqa: PLC0415
    from stoker.engine.errors import BadConfig, EngineFault  # noqa: PLC0415
    from stoker.engine.first_boot import surroundings_of  # noqa: PLC0415
    from stoker.engine.first_boot.containers import apply_to_container, is_container  # noqa: PLC0415
    from stoker.fetch import FetchFault  # noqa: PLC0415
    from stoker.report import Level  # noqa: PLC0415
    from stoker.system import SystemFault  # noqa: PLC0415

    log = open_log(to_stdout=True)
    log(IGNITION)
    error, hint = "", None
    try:
        text = read_file(None if path == "-" else path)
        if is_container(os.environ, Path("/")):
            outcome = apply_to_container(
                text,
                STDIN_NAME if path == "-" else path,
                Path(os.path.abspath(parsed.text("root"))),
                surroundings_of(os.environ).distribution,
                log,
                ignore_unsupported=parsed.is_set("ignore-unsupported"),
                offline=parsed.is_set("offline"),
            )
            errors = [entry.message for entry in outcome.report if entry.is_error]
            error = f"failed to apply: {errors[0]}" if errors else ""
        else:
            error = (
                "failed to apply: this tool is not designed to run on a host system; reprovision the machine instead"
            )
    except PathError as fault:
        error = f"couldn't read config: {fault}"
    except BadConfig as fault:
        error, hint = f"couldn't parse config: {fault}", fault.hint
    except (EngineFault, FetchFault) as fault:
        error, hint = f"failed to apply: {fault}", fault.hint
    except SystemFault as fault:
        error = f"failed to apply: {fault}"
    if hint:
        log.at(Level.ERROR, f"hint: {hint}")
    if error:
        log.at(Level.CRITICAL, error)
    return error
