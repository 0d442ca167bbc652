"""Configs in files of the system itself: in goes a machine, out come the base configs in order, or the user's own.

Directories and their order are Ignition's: what is in /run hides what is in /etc, and that what is in /usr/lib. The
environment names other directories, as it does for Ignition.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stoker.platforms.machine import LARGEST, Answer, Machine, Say, absolute, content_of
from stoker.system import FileFault

# Variable of the environment -> directory, the one that hides the others first.
DIRECTORIES: Final = {
    "IGNITION_SYSTEM_RUNTIME_CONFIG_DIR": "/run/ignition",
    "IGNITION_SYSTEM_LOCAL_CONFIG_DIR": "/etc/ignition",
    "IGNITION_SYSTEM_CONFIG_DIR": "/usr/lib/ignition",
}
BASE: Final = "base.d"
PLATFORM_BASE: Final = "base.platform.d"
USER: Final = "user.ign"

# Where installers put a person's config: the boot partition of Fedora CoreOS, the OEM partition of Flatcar. There, a
# script of the initramfs copies it to /usr/lib/ignition/user.ign, so it hides that one and nothing else.
INSTALLED: Final = ("/boot/ignition/config.ign", "/oem/config.ign")

_MOST: Final = 1000  # files of a directory


class BaseConfig(NamedTuple):
    """A config to be merged under the user's: a complaint about a `tolerated` one does not stop the boot."""

    path: str
    content: bytes
    tolerated: bool


def config_directories(machine: Machine) -> list[str]:
    """The directories, the one that hides the others first."""
    return [
        absolute(machine, machine.environment.get(variable) or directory) for variable, directory in DIRECTORIES.items()
    ]


def base_configs(platform: str, machine: Machine, say: Say) -> list[BaseConfig]:
    """The base configs in the order in which each is merged over the one before: `base.d`, then the platform's.

    Of files with one name the first directory's counts; the names are sorted, whatever they end in. Raises `FileFault`
    for what cannot be read in `base.d`; in the platform's directory that is said, and all of it is left out.
    """
    configs = _read_all(BASE, machine, tolerated=False)
    try:
        configs += _read_all(f"{PLATFORM_BASE}/{platform}", machine, tolerated=True)
    except FileFault as fault:
        say(f"no config at `{PLATFORM_BASE}/{platform}`: {fault}")
    return configs


def user_config(machine: Machine) -> Answer | None:
    """The config that a person put into the system, None when there is none. Raises `FileFault`."""
    *before, last = (f"{directory}/{USER}" for directory in config_directories(machine))
    for path in (*before, *INSTALLED, last):
        content = content_of(machine.system, path)
        if content is not None:
            return Answer(content, f"`{path}`")
    return None


def _read_all(name: str, machine: Machine, *, tolerated: bool) -> list[BaseConfig]:
    system = machine.system
    paths: dict[str, str] = {}
    for directory in config_directories(machine):
        path = f"{directory}/{name}"
        if system.look(system.resolve(path, follow=True)) is not None:
            paths = {entry: f"{path}/{entry}" for entry in system.list(path)} | paths
    if len(paths) > _MOST:
        raise FileFault("list", name, f"more than {_MOST} files")
    return [BaseConfig(paths[entry], _required(machine, paths[entry]), tolerated) for entry in sorted(paths)]


def _required(machine: Machine, path: str) -> bytes:
    content = content_of(machine.system, path, LARGEST)
    if content is None:  # a link that leads nowhere
        raise FileFault("read", path, "no such file or directory")
    return content
