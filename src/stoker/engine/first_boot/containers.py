"""A config applied to the tree of a container: in go its text and a root, out come its files and units there.

What a container cannot have (disks, mounts, accounts, kernel arguments) is refused before anything is written, or left
out if so asked. Source: Ignition's `internal/apply` (2.27).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.contents import settings_of
from stoker.engine.distributions import Distribution
from stoker.engine.errors import NeedsNetwork, Refused
from stoker.engine.execution import carry_out
from stoker.engine.first_boot.log import Log
from stoker.engine.first_boot.needs import needs_network
from stoker.engine.outcome import Outcome
from stoker.engine.plan import plan
from stoker.engine.references import Renderer, read_config, say_report
from stoker.fetch import Fetcher, Settings
from stoker.schema.v3 import Config, KernelArguments, Passwd, Storage
from stoker.system import RealSystem

SIGNS: Final = ("run/.containerenv", ".dockerenv")  # of podman and of docker

# What is refused, in Ignition's words, and whether a config has it.
UNSUPPORTED: Final[dict[str, Callable[[Config], bool]]] = {
    "kargs modifications": lambda config: bool(
        (config.kernel_arguments or KernelArguments()).should_exist
        or (config.kernel_arguments or KernelArguments()).should_not_exist
    ),
    "disk modifications": lambda config: any(_disks(config)),
    "filesystems modifications": lambda config: bool((config.storage or Storage()).filesystems),
    "passwd": lambda config: bool((config.passwd or Passwd()).users or (config.passwd or Passwd()).groups),
}


def is_container(environment: Mapping[str, str], root: Path) -> bool:
    """Whether this runs in a container, as its manager says by `container` or by a file."""
    return bool(environment.get("container")) or any((root / sign).exists() for sign in SIGNS)


def apply_to_container(
    text: bytes, name: str, root: Path, distribution: Distribution, log: Log, *, ignore_unsupported: bool, offline: bool
) -> Outcome:
    """Apply a config, which is called `name`, to the tree below `root`.

    Raises `EngineFault` for a config that cannot be used or has what is not supported, `FetchFault`, `SystemFault`.
    """
    read = read_config(text, name, log)
    done = Renderer(lambda settings: _fetcher(settings, log), log, offline=offline).render(read).config
    if offline and needs_network(done):
        raise NeedsNetwork(messages.NEEDS_NETWORK, name="what the config names")
    for what, has in UNSUPPORTED.items():
        if has(done) and not ignore_unsupported:
            raise Refused(messages.NOT_LIVE, what=what)
    storage = done.storage and msgspec.structs.replace(done.storage, disks=[], raid=[], luks=[], filesystems=[])
    supported = msgspec.structs.replace(done, kernel_arguments=None, passwd=None, storage=storage)
    plainly = msgspec.structs.replace(distribution, relabels=False, result="")
    with closing(RealSystem(root)) as system:
        planned = plan(supported, system, plainly, online=not offline)
        say_report(planned.report, log)
        return carry_out(planned, system, log, _fetcher(settings_of(done), log))


def _fetcher(settings: Settings, log: Log) -> Fetcher:
    return Fetcher(settings, say=log.inform)


def _disks(config: Config) -> tuple[object, ...]:
    storage = config.storage or Storage()
    return (storage.disks, storage.raid, storage.luks, storage.filesystems)
