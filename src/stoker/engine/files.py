"""The files of a config: in go its directories, files and links, out come steps, the shallow before the deep.

First boot's rules: two entries at the same place are refused, and so is a file whose place is taken unless it may be
overwritten; appends append; hard links come last, since their targets may lie deeper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stoker.engine import messages
from stoker.engine.contents import source_of
from stoker.engine.filesystems import mounted_filesystems
from stoker.engine.operations import Owner, Step
from stoker.engine.operations.files import (
    FILE_MODE,
    AppendFile,
    KeepFile,
    MakeDirectory,
    MakeHardLink,
    MakeLink,
    WriteFile,
)
from stoker.fetch import redacted
from stoker.report import Message, Pointer, Report, Severity
from stoker.schema.v3 import Config, Directory, File, Link, Node, Resource, Storage
from stoker.system import System, SystemFault
from stoker.system.protocol import FILE

TRAIL = "files: createFilesystemsFiles: createFiles"

Placed = tuple[str, Pointer, Node]  # resolved path, pointer, the config's entry


def plan_files(config: Config, system: System, online: bool, report: Report) -> Iterator[Step]:
    """Plan directories, files and links. What cannot be done is said in `report`.

    `online` tells whether contents can be fetched that the config does not hold itself.
    """
    entries = list(places(config, system, report))
    hard = [entry for entry in entries if isinstance(entry[2], Link) and entry[2].hard]
    others = [entry for entry in entries if not (isinstance(entry[2], Link) and entry[2].hard)]
    others.sort(key=lambda entry: 0 if entry[0] == "/" else entry[0].count("/"))
    files = _Files(system, online, tuple(_gone(config, others, system)), report)
    for path, pointer, node in others + hard:
        try:
            if isinstance(node, Directory):
                yield Step(pointer, TRAIL, _directory(path, node))
            elif isinstance(node, Link):
                yield Step(pointer, TRAIL, link_of(path, node, system))
            elif isinstance(node, File):
                yield from files.plan(path, pointer, node)
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

    They are those that are overwritten, homes of users that are removed or move, and where a file system will be
    mounted: what is in them now says nothing.
    """
    for path, _, node in entries:
        if isinstance(node, Directory) and node.overwrite:
            yield path.rstrip("/") + "/"
    for user in config.passwd.users if config.passwd else ():
        known = system.accounts.user(user.name) if user.should_exist is False or user.home_dir else None
        if known is not None and user.home_dir != known.home:
            yield system.resolve(known.home, follow=True).rstrip("/") + "/"
    if system.devices is not None:
        for _, path, said in mounted_filesystems(config.storage):
            device = system.devices.find(said.device)
            if device is None or system.mounted(path) != device.node:
                yield path.rstrip("/") + "/"


class _Files:
    """Plans files, one after the other. What is in a directory of `gone` now will not be there then."""

    def __init__(self, system: System, online: bool, gone: tuple[str, ...], report: Report) -> None:
        self._system = system
        self._online = online
        self._gone = gone
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
            self._report.add(Severity.ERROR, messages.NEEDS_FETCH, pointer, source=redacted(source.url))


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
