"""Local directories embedded whole, and quadlets: sugar that becomes files, directories and links.

In goes the work; afterwards the result's storage has a node for each entry, appended after what the person wrote. A
file that the person declared without contents is filled instead; anything else in the way is an error.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from stoker.butane.local import LocalFault, go_error, local_path, read_file, read_local
from stoker.butane.work import Work
from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.paths import join
from stoker.schema.rules.butane import template_of
from stoker.schema.v3 import (
    Directory,
    Dropin,
    File,
    Link,
    NodeGroup,
    NodeUser,
    Quadlet,
    Resource,
    Storage,
    Tree,
)

QUADLET_DIRECTORY = "/etc/containers/systemd"
QUADLET_USER_DIRECTORY = "/etc/containers/systemd/users"


class Nodes:
    """The nodes of a storage by path: list name and index; of two with one path the later counts."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.files = {file.path: index for index, file in enumerate(storage.files)}
        self.directories = {directory.path: index for index, directory in enumerate(storage.directories)}
        self.links = {link.path: index for index, link in enumerate(storage.links)}

    def __contains__(self, path: str) -> bool:
        return path in self.files or path in self.directories or path in self.links

    def add_file(self, file: File) -> int:
        """Append a file; its index."""
        self.files[file.path] = len(self.storage.files)
        self.storage.files.append(file)
        return self.files[file.path]

    def add_directory(self, directory: Directory) -> int:
        """Append a directory; its index."""
        self.directories[directory.path] = len(self.storage.directories)
        self.storage.directories.append(directory)
        return self.directories[directory.path]

    def add_link(self, link: Link) -> int:
        """Append a link; its index."""
        self.links[link.path] = len(self.storage.links)
        self.storage.links.append(link)
        return self.links[link.path]


def lower_trees(work: Work) -> None:
    """Embed the trees."""
    trees = work.source.storage.trees if work.source.storage is not None else []
    if not trees:
        return
    nodes = Nodes(work.storage)
    for index, tree in enumerate(trees):
        here: Pointer = ("storage", "trees", index)
        if not work.files_dir:
            work.said.error(m.NO_FILES_DIR, here)
            break
        try:
            _Embedding(work, nodes, tree, _base(tree, work.files_dir), here).run()
        except LocalFault as fault:
            work.fault(fault, here)
    work.storage.trees = []


def _base(tree: Tree, files_dir: str) -> str:
    """Where a tree is. Raises LocalFault."""
    base = local_path(tree.local, files_dir)
    try:
        is_directory = stat.S_ISDIR(os.stat(base).st_mode)
    except OSError as error:
        raise LocalFault(m.LOCAL_UNREADABLE, fault=go_error("stat", base, error)) from None
    except ValueError:
        raise LocalFault(m.LOCAL_UNREADABLE, fault=f"stat {base}: invalid argument") from None
    if not is_directory:
        raise LocalFault(m.TREE_NOT_DIRECTORY)
    return base


class _Embedding:
    """One tree on its way in."""

    def __init__(self, work: Work, nodes: Nodes, tree: Tree, base: str, pointer: Pointer) -> None:
        self.work = work
        self.nodes = nodes
        self.tree = tree
        self.base = base
        self.pointer = pointer

    def run(self) -> None:
        """Add every entry, a directory before what is in it, names in byte order."""
        for path in _walk(self.base):
            target = join(self.tree.path or "/", os.path.relpath(path, self.base))
            try:
                mode = os.lstat(path).st_mode
                if stat.S_ISDIR(mode):
                    self._add_directory(target)
                elif stat.S_ISREG(mode):
                    self._add_file(path, target, mode)
                elif stat.S_ISLNK(mode):
                    self._add_link(path, target)
                else:
                    self.work.said.error(m.TREE_FILE_TYPE, self.pointer)
            except LocalFault as fault:
                self.work.fault(fault, self.pointer)
            except OSError as error:
                self.work.fault(LocalFault(m.LOCAL_UNREADABLE, fault=go_error("open", path, error)), self.pointer)

    def _owner(self) -> dict[str, NodeUser | NodeGroup | None]:
        user, group = self.tree.user, self.tree.group
        return {
            "user": NodeUser(id=user.id, name=user.name) if user is not None else None,
            "group": NodeGroup(id=group.id, name=group.name) if group is not None else None,
        }

    def _made(self, name: str, index: int) -> None:
        _made(self.work, name, index, self.pointer)

    def _add_directory(self, target: str) -> None:
        tree = self.tree
        if tree.dir_mode is None and tree.user is None and tree.group is None:
            return
        if target in self.nodes:
            raise LocalFault(m.NODE_EXISTS)
        mode = 0o755 if tree.dir_mode is None else tree.dir_mode
        index = self.nodes.add_directory(Directory(path=target, mode=mode, **self._owner()))  # type: ignore[arg-type]
        self._made("directories", index)

    def _add_file(self, path: str, target: str, mode: int) -> None:
        index = self.nodes.files.get(target)
        if index is None:
            if target in self.nodes:
                raise LocalFault(m.NODE_EXISTS)
            content = read_file(path)
            index = self.nodes.add_file(File(path=target, **self._owner()))  # type: ignore[arg-type]
            self._made("files", index)
        else:
            contents = self.nodes.storage.files[index].contents
            if contents is not None and contents.source:
                raise LocalFault(m.NODE_EXISTS)
            content = read_file(path)
            self.work.origins.make(("storage", "files", index, "contents"), self.pointer)
        file = self.nodes.storage.files[index]
        file.contents = file.contents or Resource()
        self.work.fill(file.contents, content)
        if file.mode is None:
            self.work.origins.make(("storage", "files", index, "mode"), self.pointer)
            executable = 0o755 if mode & 0o111 else 0o644
            file.mode = executable if self.tree.file_mode is None else self.tree.file_mode

    def _add_link(self, path: str, target: str) -> None:
        index = self.nodes.links.get(target)
        if index is None:
            if target in self.nodes:
                raise LocalFault(m.NODE_EXISTS)
            index = self.nodes.add_link(Link(path=target, **self._owner()))  # type: ignore[arg-type]
            self._made("links", index)
        elif self.nodes.storage.links[index].target:
            raise LocalFault(m.NODE_EXISTS)
        self.nodes.storage.links[index].target = os.readlink(path)
        self.work.origins.make(("storage", "links", index, "target"), self.pointer)


def _made(work: Work, name: str, index: int, pointer: Pointer) -> None:
    """Say where a node came from, and its list with the first one."""
    work.origins.make(("storage", name, index), pointer)
    if index == 0:
        work.origins.make(("storage", name), pointer)


def _walk(path: str) -> Iterator[str]:
    """A path and all below it, names in byte order. Raises LocalFault at a directory that cannot be listed."""
    stack = [path]
    while stack:
        here = stack.pop()
        yield here
        if os.path.islink(here) or not os.path.isdir(here):
            continue
        try:
            names = sorted(os.listdir(here), key=os.fsencode, reverse=True)
        except OSError as error:
            raise LocalFault(m.LOCAL_UNREADABLE, fault=go_error("open", here, error)) from None
        stack += [f"{here.rstrip('/')}/{name}" for name in names]


def lower_quadlets(work: Work) -> None:
    """Write the quadlets where Podman looks for them (podman-systemd.unit(5))."""
    quadlets = work.source.systemd.quadlets if work.source.systemd is not None else []
    if not quadlets:
        return
    if work.config.storage is None:
        work.origins.make(("storage",), ("systemd", "quadlets"))
    nodes = Nodes(work.storage)
    for index, quadlet in enumerate(quadlets):
        here: Pointer = ("systemd", "quadlets", index)
        path = join(QUADLET_DIRECTORY if quadlet.rootful else QUADLET_USER_DIRECTORY, quadlet.name)
        template = template_of(quadlet.name)
        if template is None:
            _add_text(work, nodes, quadlet, path, here)
        elif path in nodes:
            work.said.error(m.NODE_EXISTS, here)
        else:
            number = nodes.add_link(Link(path=path, target=template))
            _made(work, "links", number, here)
            work.origins.make(("storage", "links", number, "path"), (*here, "name"))
        for number, dropin in enumerate(quadlet.dropins):
            _add_text(work, nodes, dropin, f"{path}.d/{dropin.name}", (*here, "dropins", number))
    work.systemd.quadlets = []


def _add_text(work: Work, nodes: Nodes, thing: Quadlet | Dropin, path: str, pointer: Pointer) -> None:
    if path in nodes:
        work.said.error(m.NODE_EXISTS, pointer)
        return
    contents = Resource()
    index = nodes.add_file(File(path=path, mode=0o644, contents=contents))
    here: Pointer = ("storage", "files", index)
    _made(work, "files", index, pointer)
    work.origins.make((*here, "path"), (*pointer, "name"))
    name = "contents" if thing.contents else "contents_local"
    try:
        if thing.contents:
            work.fill(contents, thing.contents.encode("utf-8", "surrogateescape"))
        else:
            work.fill(contents, read_local(thing.contents_local, work.files_dir) if thing.contents_local else b"")
    except LocalFault as fault:
        work.fault(fault, (*pointer, name))
    if thing.contents or thing.contents_local:
        work.origins.make((*here, "contents"), (*pointer, name))
