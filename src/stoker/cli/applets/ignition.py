"""The command line of ignition, as of Ignition 2.26: a stage of a first boot by name, one process each.

Flags are read as Go's package flag does. Exit codes: 0 done; 1 the stage failed; 2 for a wrong flag, platform or stage;
3 when what earlier stages left cannot be read. After a failure of the stage itself stderr has the whole config.
"""

from __future__ import annotations

import os
from typing import Final

from stoker.cli.applets.answers import FAILED, USAGE, answer
from stoker.cli.applets.versions import IGNITION
from stoker.cli.godurations import seconds_of
from stoker.cli.goflags import Flag, Parsed, describe_flags, parse_flags
from stoker.cli.streams import talk

UNREADABLE: Final = 3

STAGES: Final = ("disks", "fetch", "fetch-offline", "files", "kargs", "mount", "umount")


def run(arguments: list[str], program: str) -> int:
    """Be ignition, called as `program`."""
    table = _flags()
    parsed = parse_flags(table, arguments)
    answered = answer(parsed, f"Usage of {program}:\n{describe_flags(table)}", IGNITION)
    if answered is not None:
        return answered
    for name in ("platform", "stage"):
        if not parsed.text(name):
            talk(f"'--{name}' must be provided\n")
            return USAGE
    return _run_stage(parsed)


def _flags() -> tuple[Flag, ...]:
    from stoker.platforms import PLATFORMS  # noqa: PLC0415 -- only these commands pay for them

    platforms = tuple(sorted(PLATFORMS))
    return (
        Flag("config-cache", "/run/ignition.json", "where to cache the config"),
        Flag("fetch-timeout", "2m0s", "initial duration for which to wait for config", kind="duration"),
        Flag("log-to-stdout", False, "log to stdout instead of the system log when set"),
        Flag("neednet", "/run/ignition/neednet", "flag file to write from fetch-offline if networking is needed"),
        Flag("platform", "", f"current platform. [{' '.join(platforms)}]", kind="value", choices=platforms),
        Flag("root", "/", "root of the filesystem"),
        Flag("stage", "", f"execution stage. [{' '.join(STAGES)}]", kind="value", choices=STAGES),
        Flag("state-file", "/run/ignition/state", "where to store internal state"),
        Flag("version", False, "print the version and exit"),
    )


def _run_stage(parsed: Parsed) -> int:
    from stoker.cli.stage_logs import open_log  # noqa: PLC0415 -- mistakes do not pay for the engine
    from stoker.engine.errors import BadState  # noqa: PLC0415
    from stoker.engine.first_boot import Boot, Places, run_stage, surroundings_of  # noqa: PLC0415
    from stoker.ignition.encode import encode  # noqa: PLC0415
    from stoker.platforms import this_machine  # noqa: PLC0415
    from stoker.report import Level  # noqa: PLC0415
    from stoker.system.log_sockets import Journal  # noqa: PLC0415

    log = open_log(to_stdout=parsed.is_set("log-to-stdout"))
    stage = parsed.text("stage")
    log(IGNITION)
    log(f"Stage: {stage}")
    image = surroundings_of(os.environ)
    places = Places(*map(parsed.text, ("root", "config-cache", "neednet", "state-file")))
    boot = Boot(
        parsed.text("platform"),
        places,
        seconds_of(parsed.text("fetch-timeout")) or 0.0,
        this_machine(image.tools, log.execute),
        image,
        log,
        Journal(),
    )
    try:
        ending = run_stage(stage, boot)
    except BadState as fault:
        log.at(Level.CRITICAL, f"reading state: {fault}")
        return UNREADABLE
    if ending.error and ending.config is not None:
        talk(f"{stage} failed\nFull config:\n{encode(ending.config, pretty=True).decode(errors='replace')}\n")
    if ending.error:
        log.at(Level.CRITICAL, f"Ignition failed: {ending.error}")
        return FAILED
    log("Ignition finished successfully")
    return 0
