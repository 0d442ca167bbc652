"""The file systems of a config: in go devices as they will be, out come steps that make and mount them.

Rules, Ignition's: a file system of the wanted type, label and UUID is kept; anything else on the device stops it,
unless it may be wiped. Mounts go from the shallow to the deep, unmounts back. Source: Ignition's operator notes,
"Filesystem Reuse Semantics".
"""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine import disk_messages as messages
from stoker.engine.operations import Step, quoted
from stoker.engine.operations.disks import (
    MakeFilesystem,
    Mount,
    Unmount,
    find_obstacle,
    has_filesystem,
    plain_uuid,
)
from stoker.engine.outlook import Located, Outlook
from stoker.report import Pointer, Report, Severity
from stoker.schema import v3
from stoker.system import System
from stoker.system.devices import FilesystemFields

TRAIL = "disks: createFilesystems"
MOUNT = "mount"
UNMOUNT = "umount"
NOT_MOUNTED = {None, "", "none", "swap"}
MEBIBYTE = 1 << 20
# Bytes below which a tool refuses, unless its options say otherwise (`--unsupported`, `--mixed`): mkfs.xfs since
# xfsprogs 5.19 ("stop allowing tiny filesystems"), mkfs.btrfs by its default profiles. The others take a MiB.
LEAST = {"xfs": 300 * MEBIBYTE, "btrfs": 109 * MEBIBYTE}
VIRTIOFS = "virtiofs"  # its device is a tag, nothing is made


def plan_filesystems(storage: v3.Storage, outlook: Outlook, report: Report) -> Iterator[Step]:
    """Plan the file systems that are to be made."""
    for index, said in enumerate(storage.filesystems):
        pointer: Pointer = ("storage", "filesystems", index)
        if not said.format or said.format == VIRTIOFS:
            continue
        located = _locate(said, pointer, outlook, report)
        if located is not None:
            yield from _plan_one(said, pointer, located, outlook, report)


def _locate(said: v3.Filesystem, pointer: Pointer, outlook: Outlook, report: Report) -> Located | None:
    located = outlook.locate(said.device)
    if located is None:
        place = (*pointer, "device")
        report.add(Severity.ERROR, messages.NO_DEVICE, place, what="filesystems", device=quoted(said.device))
        return None
    paths = []
    if said.label:
        paths.append(f"/dev/disk/by-label/{said.label}")
    if said.uuid:
        paths.append(f"/dev/disk/by-uuid/{said.uuid}")
    outlook.expect_links(located, paths)
    return located


def _plan_one(
    said: v3.Filesystem, pointer: Pointer, located: Located, outlook: Outlook, report: Report
) -> Iterator[Step]:
    """Make the file system, keep the one that is there, or refuse."""
    fields = fields_of(said)
    wipe = bool(said.wipe_filesystem)
    found = outlook.probe(located)
    if found is not None and found.others:
        message = messages.AMBIVALENT
        report.add(Severity.WARNING, message, pointer, device=quoted(said.device), node=located.node)
    if not wipe and located.holder and has_filesystem(found, fields):
        return
    if not wipe and found is not None:
        values = {"type": found.type, "label": quoted(found.label), "uuid": found.uuid}
        report.add(Severity.ERROR, messages.BAD_FILESYSTEM, pointer, None, device=quoted(said.device), **values)
        return
    use = outlook.devices.use(located.node)
    if use and located.holder:
        values = {"format": fields.format, "node": located.node, "use": use}
        report.add(Severity.ERROR, messages.FILESYSTEM_IN_USE, pointer, None, device=quoted(said.device), **values)
        return
    size = outlook.size(located)
    least = 0 if fields.options else LEAST.get(fields.format, 0)
    if size is not None and size < least:
        values = {"format": fields.format, "least": str(least // MEBIBYTE), "found": f"{size / MEBIBYTE:g}"}
        report.add(Severity.ERROR, messages.FILESYSTEM_TOO_SMALL, pointer, None, device=quoted(said.device), **values)
        return
    losses = outlook.losses(located, said.device, found, wipes=wipe)
    make = MakeFilesystem(device=said.device, node=located.node, fields=fields, wipe=wipe, losses=losses)
    yield Step(pointer, TRAIL, make)


def fields_of(said: v3.Filesystem) -> FilesystemFields:
    """A file system of a config as the machine is asked for it."""
    format_ = said.format or ""
    uuid = None if said.uuid is None else plain_uuid(format_, said.uuid)
    return FilesystemFields(format_, said.label, uuid, tuple(said.options))


def mounted_filesystems(storage: v3.Storage | None) -> list[tuple[Pointer, str, v3.Filesystem]]:
    """The file systems that are mounted while a machine is provisioned, with their paths, the shallow first."""
    found = [
        (("storage", "filesystems", index), said.path, said)
        for index, said in enumerate(storage.filesystems if storage else ())
        if said.path and said.format not in NOT_MOUNTED
    ]
    return sorted(found, key=lambda row: 0 if row[1] == "/" else row[1].count("/"))


def plan_mounts(
    storage: v3.Storage, system: System, outlook: Outlook, report: Report, *, relabels: bool = False
) -> Iterator[Step]:
    """Plan the mounts; what is mounted there already stays so, or is mounted over when it is something else."""
    for pointer, path, node, said in _placed(storage, outlook):
        if system.mounted(path) == node:
            continue
        obstacle = find_obstacle(system, path)
        there = system.mounted(path)
        if there:
            values = {"path": quoted(path), "found": there, "node": node}
            report.add(Severity.WARNING, messages.MOUNTED_OVER, (*pointer, "path"), None, **values)
        if obstacle:
            values = {"path": quoted(path), "component": quoted(obstacle)}
            report.add(Severity.ERROR, messages.MOUNT_PATH, (*pointer, "path"), None, **values)
        else:
            options = tuple(said.mount_options)
            mount = Mount(
                device=said.device,
                node=node,
                path=path,
                format=said.format or "",
                options=options,
                relabels=relabels,
            )
            yield Step(pointer, MOUNT, mount)


def plan_unmounts(storage: v3.Storage, system: System, outlook: Outlook, *, of_this_plan: bool) -> Iterator[Step]:
    """Plan the unmounts, the deep first.

    They are those of what this plan mounts; or, when it mounts nothing, of what an earlier stage mounted.
    """
    for pointer, path, node, _ in reversed(list(_placed(storage, outlook))):
        is_mounted = system.mounted(path) == node
        if is_mounted != of_this_plan:
            yield Step(pointer, UNMOUNT, Unmount(path=path, node=node), is_cleanup=True)


def _placed(storage: v3.Storage, outlook: Outlook) -> Iterator[tuple[Pointer, str, str, v3.Filesystem]]:
    """The file systems that are mounted, each with its path and node, the shallow first."""
    for pointer, path, said in mounted_filesystems(storage):
        located = Located(said.device) if said.format == VIRTIOFS else outlook.locate(said.device)
        # What cannot be located was refused when it was to be made.
        if located is not None:
            yield pointer, path, located.node, said
