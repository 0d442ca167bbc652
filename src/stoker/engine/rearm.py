"""Arming a first boot anew: in go a machine and a config, out come two files: the config, and the mark of a first boot.

What would make that useless or worse is said before anything is written. Where the files lie depends on the
distribution. Sources: the grub.cfg of Fedora CoreOS and of Flatcar, Flatcar's page on its boot process, systemd(1) on
first boots.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from stoker.engine import messages
from stoker.engine.distributions import Distribution
from stoker.engine.errors import Refused
from stoker.engine.impact import flat
from stoker.engine.operations.units import SetPreset
from stoker.engine.plan import Plan
from stoker.platforms.kernel import CONFIG_DEVICE, CONFIG_URLS, kernel_arguments
from stoker.report import Report, Severity
from stoker.system import System

CONFIG_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700
MACHINE_ID: Final = "/etc/machine-id"
HIDING: Final = ("/run/ignition/user.ign", "/etc/ignition/user.ign")  # configs that hide an installed one


class Arming(NamedTuple):
    """Where a distribution looks: for the mark of a first boot, and for an installed config, in one of these places.

    What begins each path has to be there: a file system that is mounted.
    """

    marker: str
    configs: tuple[str, ...]

    def config(self, system: System) -> str:
        """The place for the config: the first whose file system is there."""
        return next((path for path in self.configs if system.look(_top(path)) is not None), self.configs[0])


_COREOS: Final = Arming("/boot/ignition.firstboot", ("/boot/ignition/config.ign",))
ARMINGS: Final = {
    "fcos": _COREOS,
    "rhcos": _COREOS,
    "flatcar": Arming("/boot/flatcar/first_boot", ("/oem/config.ign", "/usr/share/oem/config.ign")),
}


def arming_of(distribution: Distribution) -> Arming:
    """Where a distribution looks. Raises `Refused` when it has no first boot of its own."""
    arming = ARMINGS.get(distribution.name)
    if arming is None:
        raise Refused(messages.NO_PROFILE, title=distribution.title)
    return arming


def obstacles(
    arming: Arming, distribution: Distribution, planned: Plan, system: System, command_line: Iterable[str]
) -> Report:
    """What stands in the way of arming a machine, or has to be known: findings about the machine, not the config.

    `command_line` are the kernel's arguments. Whether file systems are mounted is only asked of the machine itself.
    """
    report = Report()
    for path in dict.fromkeys((_top(arming.marker), _top(arming.config(system)))):
        if system.look(path) is None:
            report.add(Severity.ERROR, messages.NO_BOOT_FILES, directory=path, title=distribution.title)
        elif not system.root and not _is_mounted(path, system):
            report.add(Severity.ERROR, messages.NOT_MOUNTED, directory=path)
    for what in _others(system, command_line):
        report.add(Severity.ERROR, messages.OTHER_CONFIG, what=what)
    if not report.has_errors and system.look(arming.marker) is not None:
        report.add(Severity.WARNING, messages.ARMED_ALREADY, path=arming.marker)
    presets = any(isinstance(step.operation, SetPreset) for step in flat(planned.steps))
    if presets and system.look(MACHINE_ID) is not None:
        report.add(Severity.WARNING, messages.NO_PRESETS)
    return report


def arm(arming: Arming, config: bytes, system: System) -> str:
    """Write the config, then the mark, so that a loss of power between the two leaves the machine as it was.

    Returns where the config is. Raises `FileFault`: a boot file system may be mounted for reading only.
    """
    path = arming.config(system)
    directory = posixpath.dirname(path)
    if system.look(directory) is None:
        system.make_directory(directory, DIRECTORY_MODE)
    system.write_file(path, config, mode=CONFIG_MODE, replace=True, durable=True)
    system.write_file(arming.marker, b"", replace=True, durable=True)
    return path


def _others(system: System, command_line: Iterable[str]) -> Iterator[str]:
    """What names a config that counts more than an installed one."""
    names = {*CONFIG_URLS, CONFIG_DEVICE}
    yield from (
        f"the kernel argument `{argument.name}`"
        for argument in kernel_arguments(" ".join(command_line))
        if argument.name in names and argument.value
    )
    yield from (f"`{path}`" for path in HIDING if system.look(path) is not None)


def _is_mounted(path: str, system: System) -> bool:
    """Whether a directory is on another file system than the root. It is opened first, which mounts an automount."""
    system.list(path)
    found, root = system.look(path), system.look("/")
    return found is not None and root is not None and found.identity[0] != root.identity[0]


def _top(path: str) -> str:
    """The file system that a path is on: /boot, /oem, or /usr/share/oem."""
    return "/usr/share/oem" if path.startswith("/usr/share/oem/") else "/" + path.split("/")[1]
