"""The files of a config: in go its directories, files and links, out come steps, the shallow before the deep.

First boot's rules: two entries at the same place are refused, and so is a file whose place is taken unless it may be
overwritten; appends append; hard links come last, since their targets may lie deeper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from stoker.engine import messages
from stoker.engine.accounts import user_fields
from stoker.engine.contents import source_of
from stoker.engine.errors import Refused, entry_of
from stoker.engine.filesystems import mounted_filesystems
from stoker.engine.operations import Owner, Step
from stoker.engine.operations.disks import find_obstacle
from stoker.engine.operations.files import (
    FILE_MODE,
    AppendFile,
    KeepFile,
    MakeDirectory,
    MakeHardLink,
    MakeLink,
    PathOperation,
    WriteFile,
)
from stoker.fetch import redacted
from stoker.fetch.messages import NEEDS_NETWORK
from stoker.report import Message, Pointer, Report, Severity
from stoker.schema.v3 import Config, Directory, File, Link, Node, PasswdUser, Resource, Storage
from stoker.system import Accounts, System, SystemFault, homes
from stoker.system.protocol import FILE

TRAIL = "files: createFilesystemsFiles: createFiles"

Placed = tuple[str, Pointer, Node]  # resolved path, pointer, the config's entry


def plan_files(
    config: Config, system: System, accounts: Accounts | None, online: bool, report: Report
) -> Iterator[Step]:
    """Plan directories, files and links. What cannot be done is said in `report`.

    `accounts` are those that there will be, None where that is not known. `online` tells whether contents can be
    fetched that the config does not hold itself.
    """
    entries = list(places(config, system, report))
    hard = [entry for entry in entries if isinstance(entry[2], Link) and entry[2].hard]
    others = [entry for entry in entries if not (isinstance(entry[2], Link) and entry[2].hard)]
    others.sort(key=lambda entry: 0 if entry[0] == "/" else entry[0].count("/"))
    made = {path for path, _, _ in others}
    files = _Files(system, online, tuple(_gone(config, others, system)), made, report)
    for path, pointer, node in others + hard:
        try:
            if accounts is not None:
                _check_owner(node, pointer, accounts, report)
            if files.is_barred(path, pointer):
                continue
            if isinstance(node, File):
                yield from files.plan(path, pointer, node)
            elif isinstance(node, Directory):
                yield files.checked(Step(pointer, TRAIL, _directory(path, node)))
            elif isinstance(node, Link):
                yield files.checked(Step(pointer, TRAIL, link_of(path, node, system)))
        except SystemFault as error:
            report.add(Severity.ERROR, messages.SYSTEM_FAULT, pointer, reason=error)


def places(config: Config, system: System, report: Report) -> Iterator[Placed]:
    """Every entry with the place that its path resolves to; the second one at a place is reported and left out."""
    seen: dict[str, str] = {}
    for pointer, node in nodes(config):
        try:
            resolved = system.resolve(node.path)
        except SystemFault as error:
            report.add(Severity.ERROR, messages.SYSTEM_FAULT, pointer, reason=error)
            continue
        other = seen.get(resolved)
        if other is None:
            seen[resolved] = node.path
            yield resolved, pointer, node
        else:
            kind = type(node).__name__.lower()
            report.add(
                Severity.ERROR, messages.SAME_PLACE, pointer, kind=kind, path=node.path, resolved=resolved, other=other
            )


def nodes(config: Config) -> Iterator[tuple[Pointer, Node]]:
    """The entries of the config, directories before files before links."""
    storage = config.storage or Storage()
    lists: dict[str, Sequence[Node]] = {
        "directories": storage.directories,
        "files": storage.files,
        "links": storage.links,
    }
    for name, nodes in lists.items():
        for index, node in enumerate(nodes):
            yield ("storage", name, index), node


def _gone(config: Config, entries: list[Placed], system: System) -> Iterator[str]:
    """Directories, each with a slash at its end, that will be gone or new when files are written.

    They are those that are overwritten, homes of users that are added, removed or move, and where a file system will
    be mounted: what is in them now says nothing.
    """
    for path, _, node in entries:
        if isinstance(node, Directory) and node.overwrite:
            yield path.rstrip("/") + "/"
    for user in config.passwd.users if config.passwd else ():
        with suppress(SystemFault):  # of a home that cannot be, it is said where the user is planned
            yield from _homes_gone(user, system)
    if system.devices is not None:
        for _, path, said in mounted_filesystems(config.storage):
            device = system.devices.find(said.device)
            if device is None or system.mounted(path) != device.node:
                yield path.rstrip("/") + "/"


def _homes_gone(user: PasswdUser, system: System) -> Iterator[str]:
    known = system.accounts.user(user.name)
    if known is not None and (user.should_exist is False or (user.home_dir and user.home_dir != known.home)):
        yield system.resolve(known.home, follow=True).rstrip("/") + "/"
    home = homes.home_of(system, user_fields(user))
    if user.should_exist is not False and system.look(home) is None:
        yield system.resolve(home).rstrip("/") + "/"


class _Files:
    """Plans entries, one after the other, where the config has `made` others before.

    What is in a directory of `gone` now will not be there then.
    """

    def __init__(self, system: System, online: bool, gone: tuple[str, ...], made: set[str], report: Report) -> None:
        self._system = system
        self._online = online
        self._gone = gone
        self._made = made
        self._obstacles: dict[str, str] = {}  # by directory
        self._report = report

    def plan(self, path: str, pointer: Pointer, file: File) -> Iterator[Step]:
        """Plan a file: written, or kept or made empty, then appended to."""
        source = None if file.contents is None or file.contents.source is None else source_of(file.contents)
        for resource in [*([file.contents] if file.contents else []), *file.append]:
            self._check_reach(resource, pointer)
        refusal = None if file.overwrite else self._refusal(path, source is not None)
        if refusal is not None:
            self._report.add(Severity.ERROR, refusal, pointer, path=path)
            return
        owner = owner_of(file)
        if source is not None:
            mode = FILE_MODE if file.mode is None else file.mode
            write = WriteFile(path=path, owner=owner, overwrite=bool(file.overwrite), source=source, mode=mode)
            yield Step(pointer, TRAIL, write)
        elif not file.append:
            yield Step(pointer, TRAIL, KeepFile(path=path, owner=owner, mode=file.mode))
        for index, resource in enumerate(file.append):
            append = AppendFile(path=path, owner=owner, source=source_of(resource), mode=file.mode)
            yield Step((*pointer, "append", index), TRAIL, append)

    def is_barred(self, path: str, pointer: Pointer) -> bool:
        """Whether something else stands where a directory above the path should be, which is said."""
        parent = path.rpartition("/")[0]
        if not parent or path.startswith(self._gone):
            return False
        if parent not in self._obstacles:
            self._obstacles[parent] = find_obstacle(self._system, parent)
        obstacle = self._obstacles[parent]
        if obstacle:
            self._report.add(Severity.ERROR, messages.BARRED, pointer, path=path, parent=obstacle)
        return bool(obstacle)

    def checked(self, step: Step) -> Step:
        """A step that makes a directory or link; it is said when what is in its place, or not there, forbids it."""
        operation = step.operation
        try:
            if isinstance(operation, PathOperation) and (
                operation.overwrite or not operation.path.startswith(self._gone)
            ):
                operation.check(self._system)
            if isinstance(operation, MakeHardLink):
                self._check_target(operation)
                self._made.add(operation.path)
        except Refused as refusal:
            self._report.extend([entry_of(refusal, step.pointer)])
        return step

    def _check_target(self, link: MakeHardLink) -> None:
        """Raise `Refused` when the target of a hard link is not there and is not made before."""
        is_made = link.target in self._made or link.target.startswith(self._gone)
        if not is_made and self._system.look(link.target) is None:
            raise Refused(messages.NO_LINK_TARGET, path=link.path, target=link.target)

    def _refusal(self, path: str, has_source: bool) -> Message | None:
        """Why a file may not be written over what is there, if so."""
        found = None if path.startswith(self._gone) else self._system.look(path)
        if found is None:
            return None
        if found.kind != FILE:
            return messages.NOT_A_FILE
        return messages.FILE_EXISTS if has_source else None

    def _check_reach(self, resource: Resource, pointer: Pointer) -> None:
        """Say it when a resource cannot be had in this run."""
        source = source_of(resource)
        if not self._online and not source.is_embedded:
            self._report.add(Severity.ERROR, NEEDS_NETWORK, pointer, url=redacted(source.url))


def _check_owner(node: Node, pointer: Pointer, accounts: Accounts, report: Report) -> None:
    """Say it when nobody will have the name that something shall belong to, or the id is none."""
    owner = owner_of(node) or Owner()
    for side, one in (("user", Owner(user=owner.user)), ("group", Owner(group=owner.group))):
        try:
            one.ids(accounts)
        except Refused as refusal:
            report.extend([entry_of(refusal, (*pointer, side))])


def _directory(path: str, directory: Directory) -> MakeDirectory:
    return MakeDirectory(path=path, owner=owner_of(directory), overwrite=bool(directory.overwrite), mode=directory.mode)


def link_of(path: str, link: Link, system: System) -> MakeLink | MakeHardLink:
    target, overwrite = link.target or "", bool(link.overwrite)
    if link.hard:
        return MakeHardLink(path=path, target=system.resolve(target), overwrite=overwrite)
    return MakeLink(path=path, target=target, owner=owner_of(link), overwrite=overwrite)


def owner_of(node: Node) -> Owner | None:
    """Who shall own it; the id goes before the name, and an empty name says nothing."""
    user: int | str | None = None
    group: int | str | None = None
    if node.user is not None:
        user = (node.user.name or None) if node.user.id is None else node.user.id
    if node.group is not None:
        group = (node.group.name or None) if node.group.id is None else node.group.id
    return None if user is None and group is None else Owner(user, group)
