"""The files of a config: in go its directories, files and links, out come steps, the shallow before the deep.

First boot's rules: two entries at the same place are refused, and so is a file whose place is taken unless it may be
overwritten; appends append; hard links come last, since their targets may lie deeper.
"""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine import messages
from stoker.engine.contents import Content, content_of
from stoker.engine.operations import Owner, Step
from stoker.engine.operations.files import (
    FILE_MODE,
    AppendFile,
    MakeDirectory,
    MakeHardLink,
    MakeLink,
    SetRights,
    WriteFile,
)
from stoker.report import Message, Pointer, Report, Severity
from stoker.schema.v3 import Config, Directory, File, Link, Node, Resource
from stoker.system import System, SystemFault
from stoker.system.protocol import FILE

TRAIL = "files: createFilesystemsFiles: createFiles"

Placed = tuple[str, Pointer, Node]  # resolved path, pointer, the config's entry


def plan_files(config: Config, system: System, online: bool, report: Report) -> Iterator[Step]:
    """Plan directories, files and links. What cannot be done is said in `report`.

    `online` tells whether contents can be fetched that the config does not hold itself.
    """
    entries = list(_places(config, system, report))
    hard = [entry for entry in entries if isinstance(entry[2], Link) and entry[2].hard]
    others = [entry for entry in entries if not (isinstance(entry[2], Link) and entry[2].hard)]
    others.sort(key=lambda entry: 0 if entry[0] == "/" else entry[0].count("/"))
    for path, pointer, node in others + hard:
        try:
            if isinstance(node, Directory):
                yield Step(pointer, TRAIL, _directory(path, node))
            elif isinstance(node, Link):
                yield Step(pointer, TRAIL, _link(path, node, system))
            elif isinstance(node, File):
                yield from _plan_file(path, pointer, node, system, online, report)
        except SystemFault as error:
            report.add(Severity.ERROR, messages.SYSTEM_FAULT, pointer, reason=error)


def _places(config: Config, system: System, report: Report) -> Iterator[Placed]:
    """Every entry with the place that its path resolves to; the second one at a place is reported and left out."""
    storage = config.storage
    if storage is None:
        return
    lists: tuple[tuple[str, list[Directory] | list[File] | list[Link]], ...] = (
        ("directories", storage.directories),
        ("files", storage.files),
        ("links", storage.links),
    )
    seen: dict[str, str] = {}
    for name, nodes in lists:
        for index, node in enumerate(nodes):
            pointer = ("storage", name, index)
            try:
                resolved = system.resolve(node.path)
            except SystemFault as error:
                report.add(Severity.ERROR, messages.SYSTEM_FAULT, pointer, reason=error)
                continue
            other = seen.setdefault(resolved, node.path)
            if other is not node.path:
                kind = type(node).__name__.lower()
                report.add(
                    Severity.ERROR,
                    messages.SAME_PLACE,
                    pointer,
                    kind=kind,
                    path=node.path,
                    resolved=resolved,
                    other=other,
                )
                continue
            yield resolved, pointer, node


def _plan_file(path: str, pointer: Pointer, file: File, system: System, online: bool, report: Report) -> Iterator[Step]:
    owner = _owner(file)
    source = None if file.contents is None or file.contents.source is None else content_of(file.contents)
    overwrite = bool(file.overwrite)
    for resource in [*([file.contents] if file.contents else []), *file.append]:
        _check_reach(resource, online, pointer, report)
    found = system.look(path)
    if found is not None and not overwrite:
        if found.kind != FILE:
            report.add(Severity.ERROR, messages.NOT_A_FILE, pointer, path=path)
            return
        if source is not None:
            report.add(Severity.ERROR, messages.FILE_EXISTS, pointer, path=path)
            return
    if found is None or overwrite:
        mode = FILE_MODE if file.mode is None else file.mode
        content = source or Content()
        if source is not None or not file.append:
            write = WriteFile(path=path, owner=owner, overwrite=overwrite, content=content, mode=mode)
            yield Step(pointer, TRAIL, write)
    elif not file.append and (owner is not None or file.mode is not None):
        yield Step(pointer, TRAIL, SetRights(path=path, owner=owner, mode=file.mode))
    for index, resource in enumerate(file.append):
        append = AppendFile(path=path, owner=owner, content=content_of(resource), mode=file.mode)
        yield Step((*pointer, "append", index), TRAIL, append)


def _directory(path: str, directory: Directory) -> MakeDirectory:
    return MakeDirectory(path=path, owner=_owner(directory), overwrite=bool(directory.overwrite), mode=directory.mode)


def _link(path: str, link: Link, system: System) -> MakeLink | MakeHardLink:
    target, overwrite = link.target or "", bool(link.overwrite)
    if link.hard:
        return MakeHardLink(path=path, target=system.resolve(target), overwrite=overwrite)
    return MakeLink(path=path, target=target, owner=_owner(link), overwrite=overwrite)


def _check_reach(resource: Resource, online: bool, pointer: Pointer, report: Report) -> None:
    """Say it when a resource cannot be had in this run."""
    if content_of(resource).is_embedded:
        return
    refusal: Message | None = messages.HEADERS_NOT_SENT if resource.http_headers else None
    if not online:
        refusal = messages.NEEDS_FETCH
    if refusal is not None:
        report.add(Severity.ERROR, refusal, pointer, source=resource.source)


def _owner(node: Node) -> Owner | None:
    """Who shall own it; the id goes before the name, and an empty name says nothing."""
    user: int | str | None = None
    group: int | str | None = None
    if node.user is not None:
        user = (node.user.name or None) if node.user.id is None else node.user.id
    if node.group is not None:
        group = (node.group.name or None) if node.group.id is None else node.group.id
    return None if user is None and group is None else Owner(user, group)
