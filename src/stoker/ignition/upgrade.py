"""Ignition 2 to Ignition 3: what a config says, said anew.

In goes a judged config of `v2` and where its file systems are mounted; out come a config of `v3` and a finding for
every loss and every refusal, with a pointer into what went in. Ignition 3 knows a node by one path from `/`, writes
nothing twice and follows no link of its own config, so most refusals are about that.
Source: ign-converter's `translate/v23tov30` and `v24tov31`, Ignition's `config/v2_*/translate.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from stoker.ignition import messages as m
from stoker.ignition.convert import convert, judge_result
from stoker.ignition.losses import leave_out
from stoker.ignition.upgrade_rows import ROOT, translate
from stoker.report import Pointer, Report, Severity
from stoker.schema import messages as schema_messages
from stoker.schema import v2
from stoker.schema.decode import all_rows
from stoker.schema.judge_v2 import judge_v2
from stoker.schema.marks import since
from stoker.schema.paths import join
from stoker.schema.specs import IGNITION, NEWEST_2, Spec
from stoker.schema.unitfiles import go_quote
from stoker.schema.v3 import Config

# A file belonged to user 0 and group 0 when nothing was said.
_OWNED: Final = since("2.0", "2.1")
# A partition had a label, were it empty.
_LABELLED: Final = since("2.0", "2.3")
_SECTORS: Final = frozenset({schema_messages.SIZE_DEPRECATED.code, schema_messages.START_DEPRECATED.code})
_TRANSLATED: Final = IGNITION[1]
# Where an initramfs has the root of the machine.
_SYSROOT: Final = "/sysroot"

Nodes = Iterable[tuple[str, str, list[Any]]]


def renew(config: v2.Config, spec: Spec, target: Spec) -> tuple[v2.Config, Report]:
    """Convert an Ignition 2 config to another version of Ignition 2, in place."""
    report = Report()
    if _OWNED.has(spec) and not _OWNED.has(target):
        for file in config.storage.files:
            file.user = file.user or v2.NodeUser()
            file.group = file.group or v2.NodeGroup()
            file.user.id, file.group.id = file.user.id or 0, file.group.id or 0
    leave_out(config, target, report)
    config.ignition.version = target.version
    return config, report


def upgrade(
    config: v2.Config,
    spec: Spec,
    target: Spec,
    filesystems: Mapping[str, str] | None = None,
    *,
    like_ign_converter: bool = False,
) -> tuple[Config | None, Report]:
    """Translate `config`, which may be changed, from Ignition 2 `spec` to Ignition 3 `target`.

    `filesystems` says where the file systems that nodes name are mounted; `root` is `/`. The result is None when
    anything was refused. `like_ign_converter` keeps faults of the original for scripts that count on them: every
    reference to another config takes the source of the last one, a link's path counts as text, a node of a file system
    that nothing tells of lands below `/`, what `create` says is left out, no size in sectors is let through, and a file
    system that is mounted already becomes one without a device.
    """
    config, report = renew(config, spec, NEWEST_2)
    if not like_ign_converter:
        for disk in config.storage.disks:
            _tell_partitions(disk.partitions, spec)
    _refuse_invalid(config, report)
    mounted = {} if like_ign_converter else _mounted(config.storage)
    paths = {**mounted, **(filesystems or {}), ROOT: "/"}
    if config.networkd.units:
        report.add(Severity.ERROR, m.NETWORKD, ("networkd",))
    _check_filesystems(config, paths, report, as_root=like_ign_converter)
    _check_nodes(config.storage, paths, report, as_text=like_ign_converter)
    _check_units(config.systemd, report)
    if report.has_errors:
        return None, report
    if not like_ign_converter:
        _move_creates(config, report)
        _note_modes(config.storage, report)
    result, moves = translate(config, paths, report, like_ign_converter=like_ign_converter)
    result, lost = convert(result, _TRANSLATED, target, like_ign_converter=like_ign_converter)
    if target.minor >= _TRANSLATED.minor:
        judge_result(result, target, lost, like_ign_converter=like_ign_converter)
    report.extend(moves.back(entry) for entry in lost)
    return (None if lost.has_errors else result), report


def _tell_partitions(partitions: list[v2.Partition], spec: Spec) -> None:
    """Say of the partitions of a disk what was said by silence.

    They take what is free: 0 is 0 in MiB as in sectors of any size. A label that could not be left out is left out, or
    Ignition 3 takes two of them for the same.
    """
    is_free = not any(one.size or one.start for one in partitions)
    for one in partitions:
        if is_free and (one.size is not None or one.start is not None):
            one.size_mib, one.start_mib = one.size, one.start
        one.size, one.start = one.size or None, one.start or None
        if _LABELLED.has(spec) and one.number:
            one.label = one.label or None


def _move_creates(config: v2.Config, report: Report) -> None:
    """Say in the fields beside `create` what it says. The rules see to it that they are free."""
    for index, user in enumerate(config.passwd.users):
        create, user.create = user.create, None
        if create is not None:
            for row, _ in all_rows(v2.UserCreate):
                setattr(user, row.name, getattr(create, row.name))
            report.add(Severity.WARNING, m.USER_CREATE_MOVED, ("passwd", "users", index, "create"))
    for index, filesystem in enumerate(config.storage.filesystems):
        mount = filesystem.mount
        if mount is not None and mount.create is not None:
            mount.options, mount.wipe_filesystem, mount.create = mount.create.options, mount.create.force, None
            if filesystem.name != ROOT:
                here = ("storage", "filesystems", index, "mount", "create")
                report.add(Severity.WARNING, m.MOUNT_CREATE_MOVED, here)


def _note_modes(storage: v2.Storage, report: Report) -> None:
    """Say where a mode that is not given means another one."""
    lists: tuple[tuple[str, Sequence[v2.File | v2.Directory], int], ...] = (
        ("directories", storage.directories, 0o755),
        ("files", storage.files, 0o644),
    )
    for name, nodes, mode in lists:
        for index, node in enumerate(nodes):
            if node.mode is None and not (isinstance(node, v2.File) and node.append):
                report.add(Severity.WARNING, m.MODE_GRANTED, ("storage", name, index), None, mode=f"0{mode:o}")


def _refuse_invalid(config: v2.Config, report: Report) -> None:
    """Refuse what the newest Ignition 2 refuses, and sizes in sectors."""
    for severity, message, pointer, values in judge_v2(config, NEWEST_2):
        problem = message.text.format_map(values)
        if message.code in _SECTORS:
            report.add(Severity.ERROR, m.SECTORS, pointer, None, problem=problem)
        elif severity is Severity.ERROR:
            report.add(severity, message, pointer, None, **values)


def _nodes(storage: v2.Storage) -> Nodes:
    return (
        ("File", "files", storage.files),
        ("Directory", "directories", storage.directories),
        ("Link", "links", storage.links),
    )


def _check_filesystems(config: v2.Config, paths: dict[str, str], report: Report, *, as_root: bool) -> None:
    """Every file system of the config, and every one that a node names, is mounted somewhere."""
    for index, filesystem in enumerate(config.storage.filesystems):
        if filesystem.name not in paths:
            pointer = ("storage", "filesystems", index, "name")
            report.add(Severity.ERROR, m.NO_MOUNT_POINT, pointer, name=go_quote(filesystem.name))
    defined = {filesystem.name for filesystem in config.storage.filesystems}
    for _, name, nodes in _nodes(config.storage):
        for index, node in enumerate(nodes):
            if node.filesystem not in paths and node.filesystem not in defined:
                severity = Severity.WARNING if as_root else Severity.ERROR
                report.add(
                    severity, m.ELSEWHERE, ("storage", name, index, "filesystem"), name=go_quote(node.filesystem)
                )


def _mounted(storage: v2.Storage) -> dict[str, str]:
    """Where the file systems are that an initramfs has mounted below the root of the machine."""
    found = ((one.name, join("/", one.path)) for one in storage.filesystems if one.mount is None and one.path)
    return {name: path[len(_SYSROOT) :] or "/" for name, path in found if f"{path}/".startswith(f"{_SYSROOT}/")}


def _check_nodes(storage: v2.Storage, paths: dict[str, str], report: Report, *, as_text: bool) -> None:
    """Every path is there once, and none goes through a link of the config."""
    links = dict.fromkeys(join("/" + paths.get(link.filesystem, ""), link.path) for link in storage.links)
    find_link = _find_prefix if as_text else _find_above
    seen: dict[str, str] = {}
    for kind, name, nodes in _nodes(storage):
        for index, node in enumerate(nodes):
            path = join("/" + paths.get(node.filesystem, ""), node.path)
            pointer: Pointer = ("storage", name, index, "path")
            what = f"{kind}: {path}"
            if path in seen:
                report.add(Severity.ERROR, m.SAME_PATH, pointer, first=go_quote(seen[path]), second=go_quote(what))
            seen.setdefault(path, what)
            link = find_link(path, links)
            if link is not None:
                report.add(Severity.ERROR, m.OWN_LINK, pointer, what=what, link=go_quote(link))


def _find_prefix(path: str, links: dict[str, None]) -> str | None:
    """The first link whose path, as text, `path` starts with."""
    return next((link for link in links if path != link and path.startswith(link)), None)


def _find_above(path: str, links: dict[str, None]) -> str | None:
    """The topmost link that `path` lies below."""
    slash = path.find("/", 1)
    while slash >= 0:
        if path[:slash] in links:
            return path[:slash]
        slash = path.find("/", slash + 1)
    return None


def _check_units(systemd: v2.Systemd, report: Report) -> None:
    """Every unit is there once, and every drop-in of it."""
    units: set[str] = set()
    for index, unit in enumerate(systemd.units):
        here: Pointer = ("systemd", "units", index)
        if unit.name in units:
            report.add(Severity.ERROR, m.SAME_UNIT, (*here, "name"), name=go_quote(unit.name))
        units.add(unit.name)
        dropins: set[str] = set()
        for number, dropin in enumerate(unit.dropins):
            if dropin.name in dropins:
                pointer = (*here, "dropins", number, "name")
                report.add(Severity.ERROR, m.SAME_DROPIN, pointer, name=go_quote(dropin.name), unit=go_quote(unit.name))
            dropins.add(dropin.name)
