"""Rules for files, directories and links, and for how they lie to each other.

Source: Ignition's `types/` of 3.0-3.7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.paths import clean, is_clean_absolute, join
from stoker.schema.rules import Say, rule
from stoker.schema.v3 import Config, Directory, File, Link, Node, NodeGroup, NodeUser, Storage, Systemd

UNITS: Final = "/etc/systemd/system/"


def check_path(path: str, pointer: Pointer, say: Say) -> None:
    """A path must be there, absolute, and as short as it can be."""
    if is_clean_absolute(path):
        return
    if not path:
        say.error(m.NO_PATH, pointer)
    elif not path.startswith("/"):
        say.error(m.RELATIVE_PATH, pointer)
    else:
        say.error(m.DIRTY_PATH, pointer)


@rule(File)
@rule(Directory)
def node_path(node: Node, at: Pointer, say: Say) -> None:
    """Where the node is."""
    check_path(node.path, (*at, "path"), say)


@rule(File)
@rule(Directory)
def legal_mode(node: File | Directory, at: Pointer, say: Say) -> None:
    """Modes have twelve bits."""
    if node.mode is not None and not 0 <= node.mode <= 0o7777:
        say.error(m.ILLEGAL_MODE, (*at, "mode"))


@rule(File, until="3.6")
@rule(Directory, until="3.6")
def special_mode(node: File | Directory, at: Pointer, say: Say) -> None:
    """Before 3.6 the engine dropped setuid, setgid and sticky."""
    if node.mode is not None and node.mode & 0o7000:
        say.warn(m.SPECIAL_MODE, (*at, "mode"))


@rule(File)
def overwrite_needs_source(file: File, at: Pointer, say: Say) -> None:
    """What is overwritten must be given."""
    if file.overwrite and (file.contents is None or file.contents.source is None):
        say.error(m.OVERWRITE_WITHOUT_SOURCE, (*at, "overwrite"))


@rule(Link)
def link_path(link: Link, at: Pointer, say: Say) -> None:
    """Where the link is."""
    check_path(link.path, (*at, "path"), say)


@rule(NodeUser)
@rule(NodeGroup)
def id_or_name(owner: NodeUser | NodeGroup, at: Pointer, say: Say) -> None:
    """An owner has an id or a name."""
    if owner.id is not None and owner.name:
        say.error(m.ID_AND_NAME, at)


@rule(Config)
def unit_paths(config: Config, at: Pointer, say: Say) -> None:
    """A file must not be where a unit or drop-in of the config goes."""
    if config.systemd is None or config.storage is None:
        return
    taken = _unit_paths(config.systemd)
    storage = config.storage
    if not taken:
        return
    nodes: Iterable[tuple[str, Iterable[Node]]] = (
        ("files", storage.files),
        ("directories", storage.directories),
        ("links", storage.links),
    )
    for name, entries in nodes:
        for index, node in enumerate(entries):
            if node.path in taken:
                say.error(m.PATH_IS_UNIT, (*at, "storage", name, index, "path"))


def _unit_paths(systemd: Systemd) -> set[str]:
    taken = {UNITS + unit.name for unit in systemd.units if unit.contents}
    taken.update(
        f"{UNITS}{unit.name}.d/{dropin.name}" for unit in systemd.units for dropin in unit.dropins if dropin.contents
    )
    return taken


Lengths = dict[int, dict[str, int]]


def _by_length(paths: Iterable[str]) -> Lengths:
    """How often each path is there, by length: so a path is only cut where something that long is."""
    lengths: Lengths = {}
    for path in paths:
        same = lengths.setdefault(len(path), {})
        same[path] = same.get(path, 0) + 1
    return lengths


def _count_above(path: str, links: Lengths) -> int:
    """How many links of the config lie above a path."""
    count, slash = 0, path.find("/")
    while slash >= 0:
        if slash in links:
            count += links[slash].get(path[:slash], 0)
        slash = path.find("/", slash + 1)
    return count


@rule(Storage)
def nothing_below_links(storage: Storage, at: Pointer, say: Say) -> None:
    """No node may lie below a link of the same config: the link decides where it would end."""
    links = _by_length(link.path for link in storage.links)
    if not links:
        return
    for index, directory in enumerate(storage.directories):
        for _ in range(_count_above(directory.path, links)):
            say.error(m.DIRECTORY_BELOW_LINK, (*at, "directories", index))
    for index, file in enumerate(storage.files):
        for _ in range(_count_above(file.path, links)):
            say.error(m.FILE_BELOW_LINK, (*at, "files", index))


@rule(Storage, until="3.3")
def old_links(storage: Storage, at: Pointer, say: Say) -> None:
    """Links, before a target was required."""
    _check_links(storage, at, say, target_required=False)


@rule(Storage, "3.3")
def new_links(storage: Storage, at: Pointer, say: Say) -> None:
    """Links need a target."""
    _check_links(storage, at, say, target_required=True)


def _check_links(storage: Storage, at: Pointer, say: Say, *, target_required: bool) -> None:
    links = _by_length(link.path for link in storage.links)
    directories = Counter(directory.path for directory in storage.directories)
    for index, link in enumerate(storage.links):
        here = (*at, "links", index)
        for _ in range(_count_above(link.path, links)):
            say.error(m.LINK_BELOW_LINK, here)
        if target_required and not link.target:
            say.error(m.TARGET_REQUIRED, (*here, "target"))
        elif link.hard:
            target = clean(link.target or "")
            if not target.startswith("/"):
                target = join(link.path, link.target or "")
            for _ in range(directories[target]):
                say.error(m.HARD_LINK_TO_DIRECTORY, here)
            _check_hard_owner(link, here, say)


def _check_hard_owner(link: Link, here: Pointer, say: Say) -> None:
    """A hard link has the owner of the file it leads to."""
    for name, owner in (("user", link.user), ("group", link.group)):
        if owner is not None and owner.id is not None:
            say.warn(m.HARD_LINK_OWNER, (*here, name, "id"))
        if owner is not None and owner.name is not None:
            say.warn(m.HARD_LINK_OWNER, (*here, name, "name"))


@rule(Storage)
def filesystems_on_disks(storage: Storage, at: Pointer, say: Say) -> None:
    """A file system on a whole disk fights with the disk's partitions."""
    disks = {disk.device: disk for disk in storage.disks}
    for index, filesystem in enumerate(storage.filesystems):
        disk = disks.get(filesystem.device)
        if disk is None:
            continue
        here = (*at, "filesystems", index, "device")
        if disk.partitions:
            say.warn(m.PARTITIONS_OVERWRITTEN, here)
        elif disk.wipe_table and not filesystem.wipe_filesystem:
            say.warn(m.IMPLICIT_WIPE, here)
