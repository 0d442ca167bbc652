"""The sequence of one stage: in goes its name and a Boot; it is done, noted and reported, and out comes how it ended.

Source: Ignition's `internal/exec/engine.go` (2.27): the image's own config, then the user's, the stage, the platform's
status, and the state, which is only saved after success.
"""

from __future__ import annotations

import time
from typing import Final, NamedTuple

import msgspec

from stoker.engine.errors import BadState, EngineFault, NeedsNetwork
from stoker.engine.first_boot import stages
from stoker.engine.first_boot.acquire import base_config, cached_config, fetched_config
from stoker.engine.first_boot.announcements import announce_configs
from stoker.engine.first_boot.boot import Boot
from stoker.engine.first_boot.state import State, load_state, save_state, write_whole
from stoker.engine.first_boot.tidings import tell
from stoker.engine.origins import Origins
from stoker.engine.outcome import Outcome
from stoker.engine.references import Rendered, merged
from stoker.fetch import FetchFault, Settings
from stoker.platforms import NeedsNetwork as PlatformNeedsNetwork
from stoker.platforms import PlatformFault, reader, report_status
from stoker.report import Event, Level
from stoker.schema.v3 import Config
from stoker.system import SystemFault

OFFLINE: Final = "fetch-offline"
FETCHING: Final = frozenset({OFFLINE, "fetch"})
FLAG_MODE: Final = 0o644
STATUS_SECONDS: Final = 10.0  # that the platform's status may take in all

# In the order of a boot.
STAGES: Final[dict[str, stages.Stage]] = {
    OFFLINE: stages.fetch_offline,
    "fetch": stages.fetch,
    "kargs": stages.change_kernel_arguments,
    "disks": stages.prepare_disks,
    "mount": stages.mount,
    "files": stages.write_files,
    "umount": stages.unmount,
}


class Ending(NamedTuple):
    """How a stage ended: the error is empty if well. `config` is the whole one, if it came to that.

    `outcome` is what the stage did, if it came to that; each event has the digest of the config that asked for it, and
    the pointer into that one.
    """

    error: str = ""
    config: Config | None = None
    outcome: Outcome | None = None


def run_stage(name: str, boot: Boot) -> Ending:
    """Run one of `STAGES`. Raises `BadState` when the state of earlier stages cannot be read."""
    began = time.monotonic()
    is_online = name != OFFLINE
    try:
        state = load_state(boot.places.state_file)
    except BadState as fault:
        tell(boot, name, f"reading state: {fault}", None, None, time.monotonic() - began, is_online=is_online)
        raise
    try:
        ending = _run(name, boot, state)
    except (NeedsNetwork, PlatformNeedsNetwork) as fault:
        ending = _signal(boot, fault)
    except (EngineFault, PlatformFault, FetchFault, SystemFault) as fault:
        _hint(boot, None if isinstance(fault, SystemFault) else fault.hint)
        ending = Ending(str(fault))
    except Exception as fault:  # noqa: BLE001 -- a mistake of ours ends the boot as any fault does: said and told
        ending = _mistake(boot, fault)
    if boot.platform == "packet":
        read = reader(boot.fetch_by(Settings(total=STATUS_SECONDS)), offline=not is_online)
        report_status(boot.platform, name, ending.error, read, boot.log)
    if not ending.error:
        try:
            save_state(state, boot.places.state_file)
        except EngineFault as fault:
            ending = Ending(f"writing state: {fault}")
    seconds = time.monotonic() - began
    tell(boot, name, ending.error, ending.config, ending.outcome, seconds, is_online=is_online)
    return ending


def _mistake(boot: Boot, fault: Exception) -> Ending:
    """The ending by what nobody has foreseen; where it happened goes to the log, for whoever mends it."""
    import traceback  # noqa: PLC0415 -- a boot that goes well does not pay for it

    for line in "".join(traceback.format_exception(fault)).splitlines():
        boot.log.at(Level.ERROR, line)
    return Ending(f"a mistake in stoker itself: {type(fault).__name__}: {fault}")


def _run(name: str, boot: Boot, state: State) -> Ending:
    base = base_config(boot, state)
    if name in FETCHING:
        user = fetched_config(boot, state, offline=name == OFFLINE)
        announce_configs(boot, state)
    else:
        user = cached_config(boot)
    whole = user if base is None else merged(base, user)
    try:
        outcome = STAGES[name](boot, whole.config, state)
    except NeedsNetwork:
        raise
    except (EngineFault, PlatformFault, FetchFault, SystemFault) as fault:
        return Ending(str(fault), whole.config)
    error = _blame(boot, outcome, whole)
    located = msgspec.structs.replace(outcome, events=[_located(event, whole.origins) for event in outcome.events])
    if error:
        return Ending(error, whole.config, located)
    boot.log(f"{name}: {name} passed")
    return Ending("", whole.config, located)


def _located(event: Event, origins: Origins) -> Event:
    """An event with the config that is to thank for it, or to blame; what is nobody's wish has none."""
    if not event.pointer:
        return event
    origin = origins.find(event.pointer)
    return msgspec.structs.replace(event, digest=origin.digest, pointer=origin.pointer)


def _blame(boot: Boot, outcome: Outcome, whole: Rendered) -> str:
    """Say which part of which config each error is about; the first of them is what the stage failed by."""
    errors = [entry for entry in outcome.report if entry.is_error]
    for entry in errors:
        if entry.pointer:
            boot.log.at(Level.ERROR, f"this was asked for at {whole.origins.find(entry.pointer)}")
        _hint(boot, entry.hint)
    return errors[0].message if errors else ""


def _hint(boot: Boot, hint: str | None) -> None:
    if hint:
        boot.log.at(Level.ERROR, f"hint: {hint}")


def _signal(boot: Boot, fault: Exception) -> Ending:
    """Ask for the network: the stage `fetch` comes once it is there."""
    boot.log(f"failed to fetch config: {fault}")
    try:
        write_whole(boot.places.need_net, b"", FLAG_MODE)
    except EngineFault as error:
        return Ending(f"failed to signal neednet: {error}")
    return Ending()
