"""What a step of a plan is about, in a person's terms: in go operations, out come Parts: a group, a name, what it is.

A row per kind of operation. Several steps may be parts of one thing: a unit with its drop-ins and its preset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from stoker.engine.before import NOTHING as NOTHING_THERE
from stoker.engine.operations import Operation, Owner
from stoker.engine.operations import accounts as account_operations
from stoker.engine.operations import disks as disk_operations
from stoker.engine.operations import files as file_operations
from stoker.engine.operations import result as result_operations
from stoker.engine.operations import steady as steady_operations
from stoker.engine.operations import units as unit_operations
from stoker.engine.operations import volumes as volume_operations
from stoker.engine.record import WriteRecord
from stoker.fetch import Embedded, FetchFault, Source, redacted
from stoker.system import Look, System, SystemFault
from stoker.system.protocol import DIRECTORY, LINK

DISKS: Final = "disks"
FILES: Final = "files"
USERS: Final = "users"
UNITS: Final = "units"
KERNEL_ARGUMENTS: Final = "kernel arguments"
GROUPS: Final = (DISKS, FILES, USERS, UNITS, KERNEL_ARGUMENTS)  # in the order in which they are shown

# The group of what an operation touches, by the kind of the touch.
_TOUCHED: Final = {"path": FILES, "user": USERS, "group": USERS, "unit": UNITS, "device": DISKS, "mount": DISKS}

CREATE: Final = "create"
CHANGE: Final = "change"
REMOVE: Final = "remove"

Facts = dict[str, Any]
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Part(NamedTuple):
    """A part of a change: of what, in which group; what is done to it; what it will be, and what it was."""

    group: str
    name: str
    action: str
    facts: Facts
    was: Mapping[str, Any] = NOTHING


def parts_of(operation: Operation, system: System) -> list[Part]:
    """The parts of an operation; none for what is no change of its own: a table told to the kernel, a mount undone."""
    row = next((row for kind, row in _ROWS.items() if isinstance(operation, kind)), _other)
    return list(row(operation, system))


def _nothing(_operation: Operation, _: System) -> Iterator[Part]:
    return iter(())


def _other(operation: Operation, system: System) -> Iterator[Part]:
    """Of an operation without a row: what it says of itself, of the first thing that it touches."""
    for kind, name in operation.touch(system)[:1]:
        yield Part(_TOUCHED[kind], name, CHANGE, {"kind": kind, "does": operation.describe()})


# Files


def _write_file(operation: file_operations.WriteFile, system: System) -> Iterator[Part]:
    facts = {
        "mode": _mode(operation.mode),
        **_owner(operation.owner, system, "root:root"),
        **_content(operation.source),
    }
    yield _path_part(operation.path, facts, system)


def _set_file(operation: steady_operations.SetFile, system: System) -> Iterator[Part]:
    parts = [_content(source) for source in operation.sources]
    sizes = [part["size"] for part in parts if "size" in part]
    content: Facts = {"size": sum(sizes)} if len(sizes) == len(parts) and not operation.base else {}
    facts = {"mode": _mode(operation.mode), **_owner(operation.owner, system, "root:root"), **content}
    yield _path_part(operation.path, facts, system)


def _put_back(operation: steady_operations.PutBack, system: System) -> Iterator[Part]:
    found, past = system.look(operation.path), operation.past
    was = {} if found is None else _as_it_is(operation.path, found, system)
    facts: Facts = {"kind": found.kind} if found is not None and found.kind == DIRECTORY else {}
    if past.kind == NOTHING_THERE:
        yield Part(FILES, operation.path, REMOVE, facts, {**was, **facts})
    else:
        facts = {"target": past.target} if past.kind == LINK else {"mode": _mode(past.mode), "kind": past.kind}
        yield Part(FILES, operation.path, CHANGE, facts | {"does": "as it was before any config"}, was)


def _append_file(operation: file_operations.AppendFile, system: System) -> Iterator[Part]:
    content = _content(operation.source)
    facts: Facts = {"appended": content.get("size", content.get("source", 0))}
    if operation.mode is not None:
        facts["mode"] = _mode(operation.mode)
    yield _path_part(operation.path, facts | _owner(operation.owner, system), system)


def _keep_file(operation: file_operations.KeepFile, system: System) -> Iterator[Part]:
    facts: Facts = {} if operation.mode is None else {"mode": _mode(operation.mode)}
    is_there = system.look(operation.path) is not None
    if not is_there:
        facts = {"mode": _mode(file_operations.FILE_MODE), "size": 0} | facts
    yield _path_part(operation.path, facts | _owner(operation.owner, system, "" if is_there else "root:root"), system)


def _make_directory(operation: file_operations.MakeDirectory, system: System) -> Iterator[Part]:
    is_there = system.look(operation.path) is not None
    facts: Facts = {"kind": DIRECTORY}
    if operation.mode is not None or not is_there:
        facts["mode"] = _mode(file_operations.DIRECTORY_MODE if operation.mode is None else operation.mode)
    yield _path_part(operation.path, facts | _owner(operation.owner, system, "" if is_there else "root:root"), system)


def _make_link(operation: file_operations.MakeLink | file_operations.MakeHardLink, system: System) -> Iterator[Part]:
    kind = LINK if isinstance(operation, file_operations.MakeLink) else "hard link"
    yield _path_part(operation.path, {"kind": kind, "target": operation.target}, system)


def _path_part(path: str, facts: Facts, system: System) -> Part:
    found = system.look(path)
    if found is None:
        return Part(FILES, path, CREATE, facts)
    return Part(FILES, path, CHANGE, facts, _as_it_is(path, found, system))


def _as_it_is(path: str, found: Look, system: System) -> Facts:
    """What is known of a path that is there, by the names of what it will be."""
    was: Facts = {"mode": _mode(found.mode), "owner": _owner_text(found.uid, found.gid, system)}
    if found.kind == LINK:
        return {"target": system.read_link(path)}
    return was if found.kind == DIRECTORY else was | {"size": found.size}


def _content(source: Source) -> Facts:
    """The size of what the config holds itself, or the address of what has to be fetched."""
    if not source.is_embedded:
        return {"source": redacted(source.url)}
    try:
        return {"size": len(Embedded().read(source))}
    except FetchFault:
        return {}


def _mode(mode: int) -> str:
    return f"{mode:04o}"


def _owner(owner: Owner | None, system: System, otherwise: str = "") -> Facts:
    """Who will own a path; a side that is not said is root's, where `otherwise` says so."""
    if owner is None:
        return {"owner": otherwise} if otherwise else {}
    user = 0 if owner.user is None else owner.user
    group = 0 if owner.group is None else owner.group
    return {"owner": _owner_text(user, group, system)}


def _owner_text(user: int | str, group: int | str, system: System) -> str:
    """Owners by name where they have one."""
    try:
        users = {row.uid: row.name for row in reversed(system.accounts.users())}
        groups = {row.gid: row.name for row in reversed(system.accounts.groups())}
    except SystemFault:
        return f"{user}:{group}"
    named = user if isinstance(user, str) else users.get(user, str(user))
    return f"{named}:{group if isinstance(group, str) else groups.get(group, str(group))}"


# Users


def _add_user(operation: account_operations.AddUser, system: System) -> Iterator[Part]:
    fields = operation.fields
    facts: Facts = {
        "kind": "user",
        "id": fields.uid,
        "groups": [group for group in (fields.primary_group, *fields.groups) if group],
        "home": fields.home,
        "shell": fields.shell,
        "comment": fields.gecos,
        "password": "set" if fields.password not in {None, "*"} else None,
    }
    user = system.accounts.user(fields.name)
    was = {"id": user.uid, "home": user.home, "shell": user.shell, "comment": user.gecos} if user else {}
    yield Part(USERS, fields.name, CHANGE if user else CREATE, _said(facts), was)


def _remove_user(operation: account_operations.RemoveUser, _: System) -> Iterator[Part]:
    yield Part(USERS, operation.name, REMOVE, {"kind": "user"})


def _authorize_keys(operation: account_operations.AuthorizeKeys, system: System) -> Iterator[Part]:
    action = CREATE if system.accounts.user(operation.name) is None else CHANGE
    yield Part(USERS, operation.name, action, {"kind": "user", "keys": len(operation.keys)})


def _add_group(operation: account_operations.AddGroup, system: System) -> Iterator[Part]:
    group = system.accounts.group(operation.fields.name)
    facts = _said({"kind": "group", "id": operation.fields.gid})
    yield Part(USERS, operation.fields.name, CHANGE if group else CREATE, facts, {"id": group.gid} if group else {})


def _remove_group(operation: account_operations.RemoveGroup, _: System) -> Iterator[Part]:
    yield Part(USERS, operation.name, REMOVE, {"kind": "group"})


# Units


def _write_unit(operation: unit_operations.WriteUnit, system: System) -> Iterator[Part]:
    action = CREATE if system.look(operation.path) is None else CHANGE
    if operation.dropin is None:
        yield Part(UNITS, operation.unit, action, {"unit": "written"})
    else:
        yield Part(UNITS, operation.unit, action, {"dropins": [operation.dropin]})


def _mask_unit(operation: unit_operations.MaskUnit, _: System) -> Iterator[Part]:
    state = "unmasked" if isinstance(operation, unit_operations.UnmaskUnit) else "masked"
    yield Part(UNITS, operation.unit, CHANGE, {"state": state})


def _set_preset(operation: unit_operations.SetPreset, _: System) -> Iterator[Part]:
    for name in operation.names():
        yield Part(UNITS, name, CHANGE, {"state": "enabled" if operation.enabled else "disabled"})


def _enable_unit(operation: steady_operations.EnableUnit | steady_operations.DisableUnit, _: System) -> Iterator[Part]:
    is_enabled = isinstance(operation, steady_operations.EnableUnit)
    yield Part(UNITS, operation.unit, CHANGE, {"state": "enabled" if is_enabled else "disabled"})


# Disks


def _make_filesystem(operation: disk_operations.MakeFilesystem, _: System) -> Iterator[Part]:
    fields = operation.fields
    facts = {"kind": "file system", "format": fields.format, "label": fields.label, "uuid": fields.uuid}
    yield Part(DISKS, operation.device, CREATE, _said(facts))


def _change_table(operation: disk_operations.WipeTable | disk_operations.ChangeTable, __: System) -> Iterator[Part]:
    yield Part(DISKS, operation.disk.node, CHANGE, {"kind": "partition table"})


def _mount(operation: disk_operations.Mount, _: System) -> Iterator[Part]:
    facts = {"kind": "file system", "format": operation.format, "mount": operation.path}
    yield Part(DISKS, operation.device, CHANGE, facts)


def _make_array(operation: disk_operations.MakeArray, _: System) -> Iterator[Part]:
    fields = operation.fields
    facts = {"kind": "array", "level": fields.level, "devices": list(fields.devices), "spares": fields.spares or None}
    yield Part(DISKS, fields.path, CREATE, _said(facts))


def _make_volume(operation: volume_operations.MakeVolume | volume_operations.OpenVolume, _: System) -> Iterator[Part]:
    is_new = isinstance(operation, volume_operations.MakeVolume)
    facts: Facts = {"kind": "encrypted volume", "on": operation.node}
    if isinstance(operation, volume_operations.MakeVolume) and operation.binding is not None:
        facts["unlocked_by"] = operation.binding.pin
    yield Part(DISKS, f"/dev/mapper/{operation.fields.name}", CREATE if is_new else CHANGE, facts)


def _remember_volume(operation: volume_operations.RememberVolume, system: System) -> Iterator[Part]:
    yield _path_part(volume_operations.CRYPTTAB, {"volumes": [operation.name]}, system)


def _said(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value not in (None, "", [])}


_ROWS: Final[dict[type, Callable[[Any, System], Iterator[Part]]]] = {
    file_operations.WriteFile: _write_file,
    file_operations.AppendFile: _append_file,
    file_operations.KeepFile: _keep_file,
    file_operations.MakeDirectory: _make_directory,
    file_operations.MakeLink: _make_link,
    file_operations.MakeHardLink: _make_link,
    account_operations.AddUser: _add_user,
    account_operations.RemoveUser: _remove_user,
    account_operations.AuthorizeKeys: _authorize_keys,
    account_operations.AddGroup: _add_group,
    account_operations.RemoveGroup: _remove_group,
    unit_operations.WriteUnit: _write_unit,
    unit_operations.MaskUnit: _mask_unit,
    unit_operations.SetPreset: _set_preset,
    result_operations.WriteResult: _nothing,
    steady_operations.SetFile: _set_file,
    steady_operations.PutBack: _put_back,
    steady_operations.EnableUnit: _enable_unit,
    steady_operations.DisableUnit: _enable_unit,
    WriteRecord: _nothing,
    disk_operations.TellKernel: _nothing,
    disk_operations.Unmount: _nothing,
    disk_operations.WipeTable: _change_table,
    disk_operations.ChangeTable: _change_table,
    disk_operations.MakeFilesystem: _make_filesystem,
    disk_operations.Mount: _mount,
    disk_operations.MakeArray: _make_array,
    volume_operations.MakeVolume: _make_volume,
    volume_operations.OpenVolume: _make_volume,
    volume_operations.RememberVolume: _remember_volume,
}
