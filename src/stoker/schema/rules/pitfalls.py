"""Advice about what a config does on each boot: what people copy from one another and then wonder about.

The first five are those of the kubeadm nodes that were published for Fedora CoreOS in 2020. Each looks at the whole
config, since a unit, its drop-ins and the script it runs are written apart.
Sources: systemd.unit(5), systemd.special(7) on network-online.target, kubeadm-join(1), selinux(8).
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

from stoker.report import Pointer
from stoker.schema import notices as m
from stoker.schema.marks import bare, sugar
from stoker.schema.programs import Command, Service, Text, find_services, text_of
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
            lines = enumerate(text_of(file).split("\n"))
            _say_off(_SELINUX_CONFIG, [Text(_source(index), number, line) for number, line in lines], say)
    for service in services:
        _say_off(_SETENFORCE, service.lines, say)
        for command in service.commands:
            if command.words and any(is_below(command.words[0], home) for home in _HOMES):
                place = command.place
                say.warn(m.PROGRAM_IN_HOME, place.pointer, line=place.line, unit=service.name, path=command.words[0])


def _source(index: int) -> Pointer:
    return ("storage", "files", index, "contents", "source")


def _say_off(pattern: re.Pattern[str], lines: list[Text], say: Say) -> None:
    for pointer, number, text in lines:
        found = pattern.search(text)
        if found:
            say.warn(m.SELINUX_OFF, pointer, line=number, text=found[0].strip())


def _runs_every_boot(service: Service, say: Say) -> None:
    """What may be done once only has a condition, on the unit or in its script."""
    for setting in service.settings:
        is_negated = setting.name.startswith(("Condition", "Assert")) and setting.value.lstrip("|").startswith("!")
        if is_negated or setting.name in _GUARDS:
            return
    if any(_GUARD.search(line.text) for line in service.scripts):
        return
    for pointer, number, text in service.lines:
        found = _ONCE.search(text)
        if found:
            say.warn(m.RUNS_EVERY_BOOT, pointer, line=number, unit=service.name, command=found[0])
            return


def _waits_for_network(service: Service, say: Say) -> None:
    """What needs the network waits for it: wanting the target alone starts both at the same time."""
    if NETWORK in service.names("After"):
        return
    for setting in service.settings:
        if setting.name in {"Wants", "Requires", "BindsTo"} and NETWORK in setting.value.split():
            say.warn(m.WANTS_WITHOUT_AFTER, setting.place.pointer, line=setting.place.line, unit=service.name)
            return
    for pointer, number, text in service.lines:
        found = _NEEDS_NETWORK.search(text)
        if found:
            say.warn(m.NO_NETWORK_ORDER, pointer, line=number, unit=service.name, command=found[0])
            return


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
        if not _is_provided(path) and not any(is_below(path, above) for above in written)
    ]
    for service, command, path in missing[:MAX_ASKED]:
        others = (line.text for other in services for line in other.lines if line != command.place)
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


def _is_provided(path: str) -> bool:
    return any(is_below(path, above) for above in _PROVIDED) and not is_below(path, _LOCAL)


def _programs(command: Command) -> list[str]:
    """The program of a command, and the script that it interprets."""
    words = command.words
    found = words[:1]
    if len(words) > 1 and posixpath.basename(words[0]) in _INTERPRETERS:
        found.append(words[1])
    return [path for path in found if path.startswith("/") and "%" not in path and "$" not in path]
