"""Rules of Container Linux Config: what a person wrote, before it becomes an Ignition config.

Source: the `Validate` functions of container-linux-config-transpiler 0.9.0 (`config/types`); fmt.Sscanf, time.Parse
and time.ParseDuration of Go for windows.
"""

from __future__ import annotations

import re
from typing import Final

from stoker.document import json
from stoker.document.nodes import MAPPING
from stoker.report import Pointer, Severity
from stoker.schema import clc_messages as m
from stoker.schema.clc import Config, Contents, Directory, File
from stoker.schema.clc_services import Etcd2, Etcd3, Flannel, Locksmith, Update, numbers
from stoker.schema.rules import Finding, Say, source_rule
from stoker.schema.urls import parse_url

GROUPS: Final = frozenset({"stable", "beta", "alpha"})
STRATEGIES: Final = frozenset({"reboot", "etcd-lock", "off"})
DAYS: Final = frozenset({"sun", "mon", "tue", "wed", "thu", "fri", "sat"})

_DAY_AND_TIME: Final = re.compile(r"[ \t]*(\S+)[ \t]+(\S+)")
_TIME: Final = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]")
_DURATION: Final = re.compile(r"[-+]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_TERM: Final = re.compile(r"([0-9]*)(?:\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS: Final = {"ns": 1, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_LONGEST: Final = 1 << 63


@source_rule(Config)
def language_version(config: Config, at: Pointer, say: Say) -> None:
    """There is one version of the language."""
    if config.version != 0:
        say.error(m.WRONG_LANGUAGE_VERSION, (*at, "version"))


@source_rule(File)
def file_mode(file: File, at: Pointer, say: Say) -> None:
    """A file without a mode gets one."""
    if file.mode is None and file.append:
        say.findings.append(Finding(Severity.INFO, m.APPEND_MODE, (*at, "mode"), {}))
    elif file.mode is None:
        say.warn(m.FILE_MODE, (*at, "mode"))


@source_rule(Directory)
def directory_mode(directory: Directory, at: Pointer, say: Say) -> None:
    """A directory without a mode gets one."""
    if directory.mode is None:
        say.warn(m.DIRECTORY_MODE, (*at, "mode"))


@source_rule(Contents)
def one_source(contents: Contents, at: Pointer, say: Say) -> None:
    """Contents come from one place."""
    if sum(bool(given) for given in (contents.remote.url, contents.inline, contents.local)) > 1:
        say.error(m.TOO_MANY_SOURCES, at)


@source_rule(Etcd2)
@source_rule(Etcd3)
def etcd_version(etcd: Etcd2 | Etcd3, at: Pointer, say: Say) -> None:
    """The versions of etcd whose flags are known."""
    if etcd.version is None:
        return
    major, minor, patch = numbers(etcd.version)
    here = (*at, "version")
    if _is_before((major, minor, patch), (2, 3, 0), etcd.version):
        say.error(m.ETCD_OLD, here)
    elif major in {2, 3} and minor > 3:
        say.warn(m.ETCD_MINOR_NEW, here)
    elif major > 3:
        say.error(m.ETCD_NEW, here)


def _is_before(version: tuple[int, ...], oldest: tuple[int, ...], text: str) -> bool:
    """Whether a version comes before another; a prerelease comes before its release (semver.org section 11)."""
    return version < oldest or (version == oldest and "-" in text.partition("+")[0])


@source_rule(Flannel)
def flannel(flannel: Flannel, at: Pointer, say: Say) -> None:
    """The versions of flannel whose flags are known; its network is described in JSON, unless Kubernetes has it."""
    if flannel.kube_subnet_mgr and flannel.network_config:
        say.error(m.NETWORK_CONFIG_UNUSED, at)
        return
    if flannel.version is not None:
        major, minor, patch = numbers(flannel.version)
        if _is_before((major, minor, patch), (0, 5, 0), flannel.version):
            say.error(m.FLANNEL_OLD, (*at, "version"))
        elif major == 0 and minor > 7:
            say.warn(m.FLANNEL_MINOR_NEW, (*at, "version"))
    if flannel.network_config and not _is_json_object(flannel.network_config):
        say.error(m.NETWORK_CONFIG, (*at, "network_config"))


def _is_json_object(text: str) -> bool:
    """Whether Go's decoder reads the text into a map: an object, or null."""
    document, _ = json.read(text.encode("utf-8", "surrogateescape"), "")
    return (
        document is not None and document.root is not None and (document.root.kind == MAPPING or document.root.is_null)
    )


@source_rule(Update)
def update(update: Update, at: Pointer, say: Say) -> None:
    """A group that the public server knows, or a server that has others."""
    if update.group.lower() not in GROUPS and not update.server:
        say.warn(m.UPDATE_GROUP, at)
    if parse_url(update.server) is None:
        say.error(m.URL, (*at, "server"), url=update.server)


@source_rule(Locksmith)
def locksmith(locksmith: Locksmith, at: Pointer, say: Say) -> None:
    """A known strategy; a window with a start and a length, or none."""
    if bool(locksmith.window_start) != bool(locksmith.window_length):
        say.error(m.WINDOW_HALF, at)
        return
    if locksmith.reboot_strategy and locksmith.reboot_strategy.lower() not in STRATEGIES:
        say.error(m.STRATEGY, (*at, "reboot_strategy"))
    if locksmith.window_start:
        _check_start(locksmith.window_start, (*at, "window_start"), say)
    if locksmith.window_length and not is_duration(locksmith.window_length):
        say.error(m.WINDOW_LENGTH, (*at, "window_length"))


def _check_start(text: str, at: Pointer, say: Say) -> None:
    """A time of day, perhaps after a day of the week; what follows the time is not looked at."""
    found = _DAY_AND_TIME.match(text)
    if found and found[1].lower() not in DAYS:
        say.error(m.WINDOW_DAY, at)
    elif not _TIME.fullmatch(found[2] if found else text):
        say.error(m.WINDOW_START, at)


def is_duration(text: str) -> bool:
    """Whether Go's time.ParseDuration reads a text: numbers with units, in 64 bits of nanoseconds."""
    if not _DURATION.fullmatch(text):
        return False
    return sum(int(number[:30] or 0) * _NANOSECONDS.get(unit, 1000) for number, unit in _TERM.findall(text)) < _LONGEST
