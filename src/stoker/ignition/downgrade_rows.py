"""The rows of Ignition 3.2 as rows of Ignition 2.4.

In goes a config of `v3` of which Ignition 2 can say everything; out come a config of `v2` and the Moves: which part of
the result stood elsewhere. An absent value becomes a plain one that is empty, 0 or false.
Source: ign-converter's `translate/v32tov24`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from stoker.ignition import messages as m
from stoker.ignition.moves import Moves
from stoker.report import Pointer, Report, Severity
from stoker.schema import v2, v3

FILE_MODE: Final = 0o644
DIRECTORY_MODE: Final = 0o755
EMPTY: Final = "data:,"


def translate(config: v3.Config, report: Report, *, like_ign_converter: bool) -> tuple[v2.Config, Moves]:
    """Translate a config in which nothing has to be refused.

    `like_ign_converter` leaves a mode out that is left to the system, though Ignition 2 takes that for 0000, and a file
    without contents, and finds file systems as text: see `Mounts`.
    """
    moves = Moves()
    passwd, systemd = config.passwd or v3.Passwd(), config.systemd or v3.Systemd()
    for index, unit in enumerate(systemd.units):
        if unit.mask is False:
            report.add(Severity.WARNING, m.NOT_UNMASKED, ("systemd", "units", index, "mask"))
    storage = config.storage or v3.Storage()
    if not like_ign_converter:
        _write_modes(storage, report)
    result = v2.Config(
        ignition=_ignition(config.ignition, moves),
        passwd=v2.Passwd(
            groups=[_group(group) for group in passwd.groups], users=[_user(user) for user in passwd.users]
        ),
        storage=_storage(storage, moves, report, like_ign_converter=like_ign_converter),
        systemd=v2.Systemd(units=[_unit(unit) for unit in systemd.units]),
    )
    return result, moves


def _ignition(ignition: v3.Ignition, moves: Moves) -> v2.Ignition:
    config, timeouts, proxy = ignition.config or v3.IgnitionConfig(), ignition.timeouts, ignition.proxy
    replace = config.replace
    tls = ignition.security.tls if ignition.security is not None else None
    bundles = tls.certificate_authorities if tls is not None else []
    for index in range(len(config.merge)):
        moves.note(("ignition", "config", "append", index), ("ignition", "config", "merge", index))
    return v2.Ignition(
        config=v2.IgnitionConfig(
            append=[v2.ConfigReference(**_resource(one)) for one in config.merge],
            replace=None if replace is None or replace.source is None else v2.ConfigReference(**_resource(replace)),
        ),
        proxy=None
        if proxy is None
        else v2.Proxy(http_proxy=proxy.http_proxy or "", https_proxy=proxy.https_proxy or "", no_proxy=proxy.no_proxy),
        security=v2.Security(tls=v2.Tls(certificate_authorities=[v2.CaReference(**_resource(one)) for one in bundles])),
        timeouts=v2.Timeouts()
        if timeouts is None
        else v2.Timeouts(http_response_headers=timeouts.http_response_headers, http_total=timeouts.http_total),
        version=ignition.version,
    )


def _resource(resource: v3.Resource) -> dict[str, Any]:
    verification = resource.verification
    return {
        "http_headers": [v2.HttpHeader(name=one.name, value=one.value or "") for one in resource.http_headers],
        "source": resource.source or "",
        "verification": v2.Verification(hash=verification.hash if verification is not None else None),
    }


class Mounts:
    """Which file system a node is in: the one mounted deepest above it, and its path there.

    `as_text`: any file system whose mount point the path starts with, however the next letter goes on.
    """

    __slots__ = ("_as_text", "_points")

    def __init__(self, filesystems: Sequence[v3.Filesystem], *, as_text: bool) -> None:
        self._as_text = as_text
        self._points = sorted({one.path for one in filesystems if one.path}, key=len, reverse=True)

    def find(self, path: str) -> tuple[str, str]:
        """The name of the file system and the path in it."""
        for point in self._points:
            if self._as_text:
                if path.startswith(point):
                    return point, path[len(point) :]
                continue
            above = point.rstrip("/")
            if path == point or path.startswith(above + "/"):
                return point, path[len(above) :] or "/"
        return "root", path


def _write_modes(storage: v3.Storage, report: Report) -> None:
    """Write the modes that Ignition 3 takes for granted: to Ignition 2 none at all is 0000."""
    lists: tuple[tuple[str, Sequence[v3.File | v3.Directory], int], ...] = (
        ("directories", storage.directories, DIRECTORY_MODE),
        ("files", storage.files, FILE_MODE),
    )
    for name, nodes, mode in lists:
        for index, node in enumerate(nodes):
            if node.mode is None and not (isinstance(node, v3.File) and node.append):
                node.mode = mode
                report.add(Severity.INFO, m.MODE_WRITTEN, ("storage", name, index), None, mode=f"0{mode:o}")


def _storage(storage: v3.Storage, moves: Moves, report: Report, *, like_ign_converter: bool) -> v2.Storage:
    mounts = Mounts(storage.filesystems, as_text=like_ign_converter)
    files: list[v2.File] = []
    for index, file in enumerate(storage.files):
        here: Pointer = ("storage", "files", index)
        if not file.append and (file.contents is None or file.contents.source is None):
            if like_ign_converter:
                report.add(Severity.WARNING, m.EMPTY_FILE_DROPPED, here)
            else:
                file.append.append(v3.Resource(source=EMPTY))
                report.add(Severity.INFO, m.EMPTY_FILE_APPENDED, here)
        for written, source in _files(file, mounts):
            result: Pointer = ("storage", "files", len(files))
            moves.note(result, here)
            moves.note((*result, "contents"), (*here, *source))
            files.append(written)
    return v2.Storage(
        directories=[v2.Directory(**_node(one, mounts), mode=one.mode) for one in storage.directories],
        disks=[_disk(one) for one in storage.disks],
        files=files,
        filesystems=list(_filesystems(storage.filesystems, moves)),
        links=[v2.Link(**_node(one, mounts), hard=bool(one.hard), target=one.target or "") for one in storage.links],
        raid=[_raid(one) for one in storage.raid],
    )


def _node(node: v3.Node, mounts: Mounts) -> dict[str, Any]:
    filesystem, path = mounts.find(node.path)
    user, group = node.user or v3.NodeUser(), node.group or v3.NodeGroup()
    return {
        "filesystem": filesystem,
        "group": None if group == v3.NodeGroup() else v2.NodeGroup(id=group.id, name=group.name or ""),
        "overwrite": node.overwrite,
        "path": path,
        "user": None if user == v3.NodeUser() else v2.NodeUser(id=user.id, name=user.name or ""),
    }


def _files(file: v3.File, mounts: Mounts) -> Iterator[tuple[v2.File, Pointer]]:
    """A file as one that is written and others that append to it, each with where its contents stood.

    Ignition 3 overwrites only when told to, Ignition 2 unless told not to.
    """
    node = _node(file, mounts)
    if file.contents is not None and file.contents.source is not None:
        written = node | {"overwrite": bool(file.overwrite)}
        yield v2.File(**written, contents=_contents(file.contents), mode=file.mode), ("contents",)
    for index, resource in enumerate(file.append):
        appended = node | {"overwrite": False}
        yield v2.File(**appended, append=True, contents=_contents(resource), mode=file.mode), ("append", index)


def _contents(resource: v3.Resource) -> v2.FileContents:
    return v2.FileContents(**_resource(resource), compression=resource.compression or "")


def _disk(disk: v3.Disk) -> v2.Disk:
    partitions = [
        v2.Partition(
            guid=one.guid or "",
            label=one.label,
            number=one.number,
            should_exist=one.should_exist,
            size_mib=one.size_mib,
            start_mib=one.start_mib,
            type_guid=one.type_guid or "",
            wipe_partition_entry=bool(one.wipe_partition_entry),
        )
        for one in disk.partitions
    ]
    return v2.Disk(device=disk.device, partitions=partitions, wipe_table=bool(disk.wipe_table))


def _filesystems(filesystems: list[v3.Filesystem], moves: Moves) -> Iterator[v2.Filesystem]:
    """Each is named by its mount point; those without one are numbered."""
    nameless = 0
    for index, one in enumerate(filesystems):
        here: Pointer = ("storage", "filesystems", index)
        moves.note((*here, "mount"), here)
        moves.note((*here, "name"), (*here, "path"))
        if one.path is None:
            nameless += 1
        mount = v2.Mount(
            device=one.device,
            format=one.format or "",
            label=one.label,
            options=one.options,
            uuid=one.uuid,
            wipe_filesystem=bool(one.wipe_filesystem),
        )
        yield v2.Filesystem(mount=mount, name=str(nameless) if one.path is None else one.path)


def _raid(raid: v3.Raid) -> v2.Raid:
    return v2.Raid(
        devices=raid.devices, level=raid.level or "", name=raid.name, options=raid.options, spares=raid.spares or 0
    )


def _unit(unit: v3.Unit) -> v2.Unit:
    return v2.Unit(
        contents=unit.contents or "",
        dropins=[v2.SystemdDropin(contents=dropin.contents or "", name=dropin.name) for dropin in unit.dropins],
        enabled=unit.enabled,
        mask=bool(unit.mask),
        name=unit.name,
    )


def _group(group: v3.PasswdGroup) -> v2.PasswdGroup:
    return v2.PasswdGroup(
        gid=group.gid, name=group.name, password_hash=group.password_hash or "", system=bool(group.system)
    )


def _user(user: v3.PasswdUser) -> v2.PasswdUser:
    return v2.PasswdUser(
        gecos=user.gecos or "",
        groups=user.groups,
        home_dir=user.home_dir or "",
        name=user.name,
        no_create_home=bool(user.no_create_home),
        no_log_init=bool(user.no_log_init),
        no_user_group=bool(user.no_user_group),
        password_hash=user.password_hash,
        primary_group=user.primary_group or "",
        ssh_authorized_keys=user.ssh_authorized_keys,
        shell=user.shell or "",
        system=bool(user.system),
        uid=user.uid,
    )
