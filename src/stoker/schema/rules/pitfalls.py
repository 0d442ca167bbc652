"""Advice about what a config does on each boot: what people copy from one another and then wonder about.

The first five are those of the kubeadm nodes that were published for Fedora CoreOS in 2020. Each looks at the whole
config, since a unit, its drop-ins and the script it runs are written apart.
Sources: systemd.unit(5), systemd.special(7) on network-online.target, kubeadm-join(1), selinux(8).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final

from stoker.report import Pointer
from stoker.schema import notices as m
from stoker.schema.marks import bare, sugar
from stoker.schema.programs import Command, Match, Script, Service, find_services, matches
from stoker.schema.rules import Say, advice
from stoker.schema.rules.targets import is_below
from stoker.schema.v3 import Config, Resource, Storage

# Whether anything else fetches a program is looked up for so many of them.
MAX_ASKED: Final = 100
NETWORK: Final = "network-online.target"
# Flatcar's SELinux is permissive as it comes, so nothing is turned off there.
_ENFORCING: Final = sugar(fcos="1.0", openshift="4.8", r4e="1.0", fiot="1.0")
_UNKNOWN: Final = bare("3.0")

_ONCE: Final = re.compile(r"\bkubeadm\s+(?:join|init|reset)\b")
_GUARD: Final = re.compile(r"(?:\[|\btest)\s+(?:!\s+)?-[defs]\s")
_GUARDS: Final = frozenset({"ConditionFirstBoot", "ConditionKernelCommandLine", "ConditionNeedsUpdate"})
_NEEDS_NETWORK: Final = re.compile(
    r"\b(?:curl|wget|kubeadm\s+join|podman\s+pull|skopeo\s+copy|git\s+clone|rpm-ostree\s+(?:install|rebase))\b"
)
_SETENFORCE: Final = re.compile(r"\bsetenforce\s+(?:0|[Pp]ermissive)\b")
_SELINUX_CONFIG: Final = re.compile(r"\s*SELINUX\s*=\s*(?:disabled|permissive)\b")
_SELINUX_ARGUMENTS: Final = frozenset({"selinux=0", "enforcing=0"})
_INTERPRETERS: Final = frozenset({"sh", "bash", "dash", "env", "python3", "perl"})
# Programs of the system; nothing tells which of them there are.
_PROVIDED: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/run", "/proc", "/sys", "/dev")
_LOCAL: Final = "/usr/local"
_HOMES: Final = ("/root", "/home", "/var/roothome", "/var/home")


@advice(Resource)
def plain_http(resource: Resource, at: Pointer, say: Say) -> None:
    """What comes by an open line is compared with a digest."""
    is_checked = resource.verification is not None and resource.verification.hash
    if not is_checked and (resource.source or "").lower().startswith(("http://", "tftp://")):
        say.warn(m.PLAIN_HTTP, (*at, "source"), url=resource.source)


@advice(Config)
def services(config: Config, _at: Pointer, say: Say) -> None:
    """What the services of the config do when they start."""
    found = find_services(config)
    for service in found:
        if service.is_whole:
            _runs_every_boot(service, say)
            _waits_for_network(service, say)
    _programs_are_written(found, config, say)
    if _ENFORCING.has(say.spec) or _UNKNOWN.has(say.spec):
        _selinux_stays_on(config, found, say)


def _selinux_stays_on(config: Config, services: list[Service], say: Say) -> None:
    """SELinux is not turned off, and not asked what it refuses."""
    arguments = config.kernel_arguments.should_exist if config.kernel_arguments is not None else []
    for index, argument in enumerate(arguments):
        if argument in _SELINUX_ARGUMENTS:
            say.warn(m.SELINUX_OFF, ("kernelArguments", "shouldExist", index), text=argument)
    for index, file in enumerate(config.storage.files if config.storage is not None else ()):
        if file.path == "/etc/selinux/config":
            _say_off(Script(file, index).find(_SELINUX_CONFIG), say)
    for service in services:
        _say_off(matches(_SETENFORCE, (command.place for command in service.commands)), say)
        for command in service.commands:
            if command.words and any(is_below(command.words[0], home) for home in _HOMES):
                place = command.place
                say.warn(m.PROGRAM_IN_HOME, place.pointer, line=place.line, unit=service.name, path=command.words[0])
    for script in _scripts(services):
        _say_off(script.find(_SETENFORCE), say)


def _scripts(services: list[Service]) -> list[Script]:
    """The scripts that services run, each once."""
    return list({id(script): script for service in services for script in service.scripts}.values())


def _say_off(found: Iterable[Match], say: Say) -> None:
    for (pointer, number, _), match in found:
        say.warn(m.SELINUX_OFF, pointer, line=number, text=match[0].strip())


def _runs_every_boot(service: Service, say: Say) -> None:
    """What may be done once only has a condition, on the unit or in its script."""
    for setting in service.settings:
        is_negated = setting.name.startswith(("Condition", "Assert")) and setting.value.lstrip("|").startswith("!")
        if is_negated or setting.name in _GUARDS:
            return
    if any(script.find(_GUARD) for script in service.scripts):
        return
    for (pointer, number, _), found in service.find(_ONCE)[:1]:
        say.warn(m.RUNS_EVERY_BOOT, pointer, line=number, unit=service.name, command=found[0])


def _waits_for_network(service: Service, say: Say) -> None:
    """What needs the network waits for it: wanting the target alone starts both at the same time."""
    if NETWORK in service.names("After"):
        return
    for setting in service.settings:
        if setting.name in {"Wants", "Requires", "BindsTo"} and NETWORK in setting.value.split():
            say.warn(m.WANTS_WITHOUT_AFTER, setting.place.pointer, line=setting.place.line, unit=service.name)
            return
    for (pointer, number, _), found in service.find(_NEEDS_NETWORK)[:1]:
        say.warn(m.NO_NETWORK_ORDER, pointer, line=number, unit=service.name, command=found[0])


def _programs_are_written(services: list[Service], config: Config, say: Say) -> None:
    """A program that is not the system's is written by the config."""
    references = config.ignition.config
    if references is not None and (references.merge or references.replace is not None):
        return  # what another config writes is not known here
    written = _written(config.storage)
    missing = [
        (service, command, path)
        for service in services
        for command in service.commands
        for path in _programs(command)
        if not _is_provided(path) and written.isdisjoint(_upwards(path))
    ]
    lines = [command.place for service in services for command in service.commands]
    lines += [line for script in _scripts(services) for line in script.lines]
    for service, command, path in missing[:MAX_ASKED]:
        others = (line.text for line in lines if line != command.place)
        mention = re.compile(rf"{re.escape(path)}\b|{re.escape(posixpath.dirname(path))}/?(?=[\"'\s;]|\Z)")
        if not any(map(mention.search, others)):
            place = command.place
            say.warn(m.NOTHING_WRITES, place.pointer, line=place.line, unit=service.name, path=path)


def _written(storage: Storage | None) -> set[str]:
    """The paths at or below which a config may put programs: its files, and what its links and mounts lead to."""
    if storage is None:
        return set()
    mounts = {filesystem.path for filesystem in storage.filesystems if filesystem.path}
    return mounts | {file.path for file in storage.files} | {link.path for link in storage.links}


def _upwards(path: str) -> Iterator[str]:
    """A path and every directory above it."""
    while path.strip("/"):
        yield path
        path = posixpath.dirname(path)
    yield "/"


def _is_provided(path: str) -> bool:
    return any(is_below(path, above) for above in _PROVIDED) and not is_below(path, _LOCAL)


def _programs(command: Command) -> list[str]:
    """The program of a command, and the script that it interprets."""
    words = command.words
    found = words[:1]
    if len(words) > 1 and posixpath.basename(words[0]) in _INTERPRETERS:
        found.append(words[1])
    return [path for path in found if path.startswith("/") and "%" not in path and "$" not in path]
