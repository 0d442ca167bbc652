"""The command line of ignition-rmcfg, as of Ignition 2.26: takes a machine's config back from its host.

Exit codes: 0 gone; 1 it cannot be removed there; 2 for a wrong flag or platform.
"""

from __future__ import annotations

from stoker.cli.applets.answers import FAILED, USAGE, answer
from stoker.cli.applets.versions import IGNITION
from stoker.cli.goflags import Flag, describe_pflags, parse_pflags
from stoker.cli.streams import talk


def run(arguments: list[str], program: str) -> int:
    """Be ignition-rmcfg, called as `program`."""
    from stoker.platforms import PLATFORMS  # noqa: PLC0415 -- only these commands pay for them

    platforms = " ".join(sorted(PLATFORMS))
    table = (
        Flag("log-to-stdout", False, "log to stdout instead of the system log"),
        Flag("platform", "", f"current platform. [{platforms}]"),
        Flag("version", False, "print the version and exit"),
    )
    parsed = parse_pflags(table, arguments)
    usage = f"Usage: {program} [options]\n{describe_pflags(table)}"
    answered = answer(parsed, usage, IGNITION)
    if answered is not None:
        return answered
    if parsed.positionals:
        talk(usage)
        return USAGE
    name = parsed.text("platform")
    if not name:
        talk("'--platform' must be provided\n")
        return USAGE
    return _remove(name, to_stdout=parsed.is_set("log-to-stdout"))


def _remove(platform: str, *, to_stdout: bool) -> int:
    from stoker.cli.stage_logs import open_log  # noqa: PLC0415 -- mistakes do not pay for it
    from stoker.platforms import PlatformFault, UnknownPlatform, remove_config, this_machine  # noqa: PLC0415
    from stoker.report import Level  # noqa: PLC0415
    from stoker.system import SystemFault  # noqa: PLC0415

    log = open_log(to_stdout=to_stdout)
    log(IGNITION)
    try:
        remove_config(platform, this_machine(), log)
    except UnknownPlatform as fault:
        log.at(Level.CRITICAL, str(fault))
        return USAGE
    except (PlatformFault, SystemFault) as fault:
        log.at(Level.CRITICAL, f"couldn't delete config: {fault}")
        return FAILED
    log("Successfully deleted config")
    return 0
