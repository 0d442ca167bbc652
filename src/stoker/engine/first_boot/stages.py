"""What each stage does: in go a Boot, the whole config and the State; out comes an Outcome, and what is noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any, Final

import msgspec

from stoker.engine import messages
from stoker.engine.contents import settings_of
from stoker.engine.errors import NeedsNetwork
from stoker.engine.execution import carry_out
from stoker.engine.first_boot.announcements import announce_keys
from stoker.engine.first_boot.boot import Boot
from stoker.engine.first_boot.needs import needs_network
from stoker.engine.first_boot.state import State
from stoker.engine.operations import Step
from stoker.engine.operations.accounts import AuthorizeKeys
from stoker.engine.operations.kernel import ChangeKernelArguments
from stoker.engine.operations.labels import Relabel, first_missing, has_labels
from stoker.engine.outcome import Outcome
from stoker.engine.past import NOTHING, Past
from stoker.engine.plan import Plan, plan
from stoker.engine.references import say_report
from stoker.engine.units import template
from stoker.report import Level, Report
from stoker.schema.v3 import Config, KernelArguments
from stoker.system import CommandFault, RealSystem, System

OLD_SYSTEMD: Final = 240  # before it, presets could not name instances of a template (systemd's NEWS)

Stage = Callable[[Boot, Config, State], Outcome]


class _NotingSystem(RealSystem):
    """A machine that remembers which directories were made on it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.made: list[str] = []

    def make_directory(self, path: str, mode: int = 0o755, owner: tuple[int, int] | None = None) -> None:
        """See `System.make_directory`."""
        parts = path.strip("/").split("/")
        places = ["/" + "/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        missing = [place for place in places if self.look(place) is None]
        super().make_directory(path, mode, owner)
        self.made.extend(missing)


def fetch_offline(_boot: Boot, config: Config, _state: State) -> Outcome:
    """See whether the network is needed at all. Raises `NeedsNetwork` when it is."""
    if needs_network(config):
        raise NeedsNetwork(messages.NEEDS_NETWORK, name="what the config names")
    return _nothing()


def fetch(boot: Boot, _config: Config, _state: State) -> Outcome:
    """The config has been fetched already."""
    boot.log("fetch: fetch complete")
    return _nothing()


def change_kernel_arguments(boot: Boot, config: Config, _state: State) -> Outcome:
    """Change the kernel's arguments."""
    wanted = config.kernel_arguments or KernelArguments()
    if not (wanted.should_exist or wanted.should_not_exist):
        return _nothing()
    change = ChangeKernelArguments(tuple(wanted.should_exist), tuple(wanted.should_not_exist))
    with closing(boot.open_system()) as system:
        step = Step(("kernelArguments",), "kargs", change)
        return carry_out(Plan((step,), Report(), wanted), system, boot.log)


def prepare_disks(boot: Boot, config: Config, state: State) -> Outcome:
    """Make partitions, arrays, volumes and file systems."""
    with closing(boot.open_system()) as system:
        outcome = _carry_out(boot, config, system, "disks")
        if system.devices is not None and system.devices.volume_keys:
            state.note_keys(system.devices.volume_keys)
        return outcome


def mount(boot: Boot, config: Config, state: State) -> Outcome:
    """Mount file systems below the root."""
    with closing(boot.open_system(_NotingSystem)) as system:
        outcome = _carry_out(boot, config, system, "mount")
        state.note_directories(system.made)
        return outcome


def write_files(boot: Boot, config: Config, state: State) -> Outcome:
    """Make accounts, files and units."""
    with closing(boot.open_system()) as system:
        _warn_of_old_systemd(boot, config, system)
        if system.devices is not None:
            system.devices.volume_keys.update(state.keys())
        past = Past(
            tuple(state.notated_directories or ()),
            state.files(),
            any(fetched.kind == "user" for fetched in state.fetched_configs or ()),
        )
        outcome = _carry_out(boot, config, system, "files", past)
    if outcome.succeeded:
        state.luks_persist_key_files = None
    return outcome


def unmount(boot: Boot, config: Config, _state: State) -> Outcome:
    """Unmount what was mounted, also after another stage has failed."""
    with closing(boot.open_system()) as system:
        return _carry_out(boot, config, system, "umount")


def _carry_out(boot: Boot, config: Config, system: System, stage: str, past: Past = NOTHING) -> Outcome:
    """Plan a stage on the machine as it is now, and do it, unless something is wrong with it."""
    planned = _plan(boot, config, system, stage, past)
    fetcher = boot.fetch_by(settings_of(config))
    outcome = carry_out(planned, system, boot.log, fetcher)
    for step in _steps(planned):
        if isinstance(step.operation, AuthorizeKeys) and step.operation.is_done(system, fetcher):
            announce_keys(boot, system, step.operation)
    return outcome


def _plan(boot: Boot, config: Config, system: System, stage: str, past: Past) -> Plan:
    """Plan a stage, and say what is wrong with it."""
    planned = plan(config, system, boot.surroundings.distribution, online=True, stages=(stage,), past=past)
    say_report(planned.report, boot.log)
    return _labelled(boot, config, planned, system) if stage == "files" else planned


def _steps(planned: Plan) -> Iterator[Step]:
    for part in planned.steps:
        yield from (part,) if isinstance(part, Step) else part.steps


def _labelled(boot: Boot, config: Config, planned: Plan, system: System) -> Plan:
    """The plan with labels for all that it makes, if the machine has any."""
    if not boot.surroundings.distribution.relabels or not has_labels(system):
        boot.log.at(Level.DEBUG, "files: no relabeling is asked for, or the root has no policy; skipping")
        return planned
    touched = (touch for step in _steps(planned) for touch in step.operation.touch(system))
    paths = dict.fromkeys(first_missing(system, touch.name) for touch in touched if touch.kind == "path")
    accounts = config.passwd
    users = [
        user.name
        for user in (accounts.users if accounts else ())
        if not user.no_create_home and user.should_exist is not False
    ]
    operation = Relabel(paths=tuple(paths), users=tuple(users), with_accounts=bool(accounts))
    if not paths and not accounts:
        return planned
    return msgspec.structs.replace(planned, steps=(*planned.steps, Step((), "files", operation)))


def _warn_of_old_systemd(boot: Boot, config: Config, system: System) -> None:
    units = config.systemd.units if config.systemd else []
    if not any(unit.enabled is not None and template(unit.name)[1] is not None for unit in units):
        return
    with suppress(CommandFault):
        found = re.search(r"\d+", system.run(["systemctl", "--version"]).decode(errors="replace"))
        if found is not None and int(found[0]) < OLD_SYSTEMD:
            boot.log.at(Level.WARNING, f"files: {messages.OLD_SYSTEMD.text.format(version=found[0])}")


def _nothing() -> Outcome:
    return Outcome([], Report(), KernelArguments(), [])
