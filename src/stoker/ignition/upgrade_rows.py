"""The rows of Ignition 2.4 as rows of Ignition 3.1.

In goes a checked config of `v2` with the mount points of its file systems; out come a config of `v3` and the Moves:
which part of the result stood elsewhere. A plain value that is empty, 0 or false becomes an absent one.
Source: ign-converter's `translate/v24tov31`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeVar

from stoker.ignition import messages as m
from stoker.ignition.moves import Moves
from stoker.report import Pointer, Report, Severity
from stoker.schema import v2, v3
from stoker.schema.objects import Object
from stoker.schema.paths import join
from stoker.schema.unitfiles import go_quote

VERSION: Final = "3.1.0"
# The file system that is always there.
ROOT: Final = "root"


def translate(
    config: v2.Config, paths: dict[str, str], report: Report, *, like_ign_converter: bool
) -> tuple[v3.Config, Moves]:
    """Translate a config in which nothing has to be refused. `like_ign_converter`: see `upgrade`."""
    moves = Moves()
    _note_drops(config, paths, report, keep_mounted=like_ign_converter)
    passwd = v3.Passwd(
        groups=[_group(group) for group in config.passwd.groups], users=[_user(user) for user in config.passwd.users]
    )
    result = v3.Config(
        ignition=_ignition(config.ignition, moves, share_sources=like_ign_converter),
        passwd=_said(passwd),
        storage=_said(_storage(config.storage, paths, moves, keep_mounted=like_ign_converter)),
        systemd=_said(v3.Systemd(units=[_unit(unit) for unit in config.systemd.units])),
    )
    return result, moves


Said = TypeVar("Said", bound=Object)


def _said(thing: Said) -> Said | None:
    """An object, if it says anything."""
    return None if thing == type(thing)() else thing


def _storage(storage: v2.Storage, paths: dict[str, str], moves: Moves, *, keep_mounted: bool) -> v3.Storage:
    return v3.Storage(
        directories=[v3.Directory(**_node(one, paths), mode=one.mode) for one in storage.directories],
        disks=[_disk(disk) for disk in storage.disks],
        files=[_file(file, ("storage", "files", index), paths, moves) for index, file in enumerate(storage.files)],
        filesystems=list(_filesystems(storage.filesystems, paths, moves, keep_mounted=keep_mounted)),
        links=[v3.Link(**_node(link, paths), hard=link.hard or None, target=link.target) for link in storage.links],
        raid=[_raid(raid) for raid in storage.raid],
    )


def _note_drops(config: v2.Config, paths: dict[str, str], report: Report, *, keep_mounted: bool) -> None:
    """Name what Ignition 3 has no place for."""
    for index, user in enumerate(config.passwd.users):
        if user.create is not None:
            report.add(Severity.WARNING, m.CREATE_DROPPED, ("passwd", "users", index, "create"))
    for index, filesystem in enumerate(config.storage.filesystems):
        here = ("storage", "filesystems", index)
        if filesystem.name == ROOT:
            report.add(Severity.WARNING, m.ROOT_DROPPED, here)
        elif filesystem.mount is None and not keep_mounted:
            name, path = go_quote(filesystem.name), paths[filesystem.name]
            report.add(Severity.WARNING, m.MOUNTED_DROPPED, here, name=name, path=path)
        elif filesystem.mount is not None and filesystem.mount.create is not None:
            report.add(Severity.WARNING, m.CREATE_DROPPED, (*here, "mount", "create"))


def _ignition(ignition: v2.Ignition, moves: Moves, *, share_sources: bool) -> v3.Ignition:
    config, proxy, bundles = ignition.config, ignition.proxy, ignition.security.tls.certificate_authorities
    replace = config.replace
    for index in range(len(config.append)):
        moves.note(("ignition", "config", "merge", index), ("ignition", "config", "append", index))
    references = v3.IgnitionConfig(
        merge=[
            v3.ConfigReference(**_reference(one, config.append[-1] if share_sources else one)) for one in config.append
        ],
        replace=None if replace is None else v3.ConfigReference(**_reference(replace, replace)),
    )
    trusted = [v3.CertificateReference(**_reference(one, bundles[-1] if share_sources else one)) for one in bundles]
    timeouts = v3.Timeouts(
        http_response_headers=ignition.timeouts.http_response_headers, http_total=ignition.timeouts.http_total
    )
    return v3.Ignition(
        config=_said(references),
        proxy=None if proxy is None else _said(_proxy(proxy)),
        security=v3.Security(tls=v3.Tls(certificate_authorities=trusted)) if trusted else None,
        timeouts=_said(timeouts),
        version=VERSION,
    )


def _proxy(proxy: v2.Proxy) -> v3.Proxy:
    return v3.Proxy(http_proxy=proxy.http_proxy or None, https_proxy=proxy.https_proxy or None, no_proxy=proxy.no_proxy)


Reference = v2.ConfigReference | v2.CaReference


def _reference(reference: Reference, source: Reference) -> dict[str, Any]:
    return {
        "http_headers": _headers(reference.http_headers),
        "source": source.source,
        "verification": _verification(reference.verification),
    }


def _headers(headers: list[v2.HttpHeader]) -> list[v3.HttpHeader]:
    return [v3.HttpHeader(name=header.name, value=header.value or None) for header in headers]


def _verification(verification: v2.Verification) -> v3.Verification | None:
    return None if verification.hash is None else v3.Verification(hash=verification.hash)


def _node(node: v2.Node, paths: dict[str, str]) -> dict[str, Any]:
    user, group = node.user, node.group
    return {
        "group": None if group is None else _said(v3.NodeGroup(id=group.id, name=group.name or None)),
        "overwrite": node.overwrite,
        "path": join(paths.get(node.filesystem, ""), node.path),
        "user": None if user is None else _said(v3.NodeUser(id=user.id, name=user.name or None)),
    }


def _file(file: v2.File, here: Pointer, paths: dict[str, str], moves: Moves) -> v3.File:
    """Files of Ignition 2 overwrite unless told otherwise; those that append must not."""
    contents = v3.Resource(
        compression=file.contents.compression or None,
        http_headers=_headers(file.contents.http_headers),
        source=file.contents.source,
        verification=_verification(file.contents.verification),
    )
    node = _node(file, paths)
    if file.append:
        moves.note((*here, "append", 0), (*here, "contents"))
        return v3.File(**node | {"overwrite": False}, append=[contents], mode=file.mode)
    overwrite = True if file.overwrite is None else file.overwrite
    return v3.File(**node | {"overwrite": overwrite}, contents=contents, mode=file.mode)


def _disk(disk: v2.Disk) -> v3.Disk:
    partitions = [
        v3.Partition(
            guid=one.guid or None,
            label=one.label,
            number=one.number,
            should_exist=one.should_exist,
            size_mib=one.size_mib,
            start_mib=one.start_mib,
            type_guid=one.type_guid or None,
            wipe_partition_entry=one.wipe_partition_entry or None,
        )
        for one in disk.partitions
    ]
    return v3.Disk(device=disk.device, partitions=partitions, wipe_table=disk.wipe_table or None)


def _filesystems(
    filesystems: list[v2.Filesystem], paths: dict[str, str], moves: Moves, *, keep_mounted: bool
) -> Iterator[v3.Filesystem]:
    """All but `root` and those that are mounted already, with their mount points."""
    count = 0
    for index, one in enumerate(filesystems):
        if one.name == ROOT or (one.mount is None and not keep_mounted):
            continue
        result: Pointer = ("storage", "filesystems", count)
        source: Pointer = ("storage", "filesystems", index)
        count += 1
        moves.note(result, source if one.mount is None else (*source, "mount"))
        moves.note((*result, "path"), (*source, "name"))
        mount = one.mount or v2.Mount(device="", format="")
        yield v3.Filesystem(
            device=mount.device,
            format=mount.format or None,
            label=mount.label,
            options=mount.options,
            path=paths[one.name] or None,
            uuid=mount.uuid,
            wipe_filesystem=mount.wipe_filesystem or None,
        )


def _raid(raid: v2.Raid) -> v3.Raid:
    return v3.Raid(
        devices=raid.devices, level=raid.level, name=raid.name, options=raid.options, spares=raid.spares or None
    )


def _unit(unit: v2.Unit) -> v3.Unit:
    """`enabled: false` wins over `enable`, which can only say yes."""
    enabled = unit.enabled if unit.enabled is not None else (unit.enable or None)
    return v3.Unit(
        contents=unit.contents or None,
        dropins=[v3.Dropin(contents=dropin.contents or None, name=dropin.name) for dropin in unit.dropins],
        enabled=enabled,
        mask=unit.mask or None,
        name=unit.name,
    )


def _group(group: v2.PasswdGroup) -> v3.PasswdGroup:
    return v3.PasswdGroup(
        gid=group.gid, name=group.name, password_hash=group.password_hash or None, system=group.system or None
    )


def _user(user: v2.PasswdUser) -> v3.PasswdUser:
    return v3.PasswdUser(
        gecos=user.gecos or None,
        groups=user.groups,
        home_dir=user.home_dir or None,
        name=user.name,
        no_create_home=user.no_create_home or None,
        no_log_init=user.no_log_init or None,
        no_user_group=user.no_user_group or None,
        password_hash=user.password_hash,
        primary_group=user.primary_group or None,
        ssh_authorized_keys=user.ssh_authorized_keys,
        shell=user.shell or None,
        system=user.system or None,
        uid=user.uid,
    )
