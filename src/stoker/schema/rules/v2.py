"""Rules of the `v2` family: all but its disks. Source: Ignition's `config/v2_*/types`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stoker.report import Message, Pointer
from stoker.schema import messages as m
from stoker.schema.marks import since
from stoker.schema.rules import Say, rule
from stoker.schema.rules.resources import Schemes, check_digest, url_fault
from stoker.schema.rules.units import SUFFIXES, suffix
from stoker.schema.unitfiles import UnitFileError, go_quote, has_install_option
from stoker.schema.urls import parse_url
from stoker.schema.v2 import (
    CaReference,
    Config,
    ConfigReference,
    Directory,
    File,
    FileContents,
    HttpHeader,
    Ignition,
    NetworkdDropin,
    NetworkdUnit,
    Node,
    NodeGroup,
    NodeUser,
    PasswdGroup,
    PasswdUser,
    SystemdDropin,
    Unit,
    UserCreate,
    Verification,
)

SCHEMES: Final[Schemes] = {
    **dict.fromkeys(("http", "https", "oem", "data"), since("2.0")),
    **dict.fromkeys(("tftp", "s3"), since("2.1")),
}
_HASHES: Final = {"sha512": (128, since("2.0"))}
NETWORKD_SUFFIXES: Final = frozenset({".link", ".netdev", ".network"})

Reference = ConfigReference | CaReference


def check_absolute(path: str, pointer: Pointer, say: Say) -> None:
    """A path is absolute; that is all that Ignition 2 asks of it."""
    if not path.startswith("/"):
        say.error(m.RELATIVE_PATH, pointer)


@rule(Config, "2.0")
def filesystem_names(config: Config, at: Pointer, say: Say) -> None:
    """Nodes name file systems that are there, and each is there once."""
    names = {"root"} | {filesystem.name for filesystem in config.storage.filesystems}
    storage = config.storage
    nodes: Iterable[tuple[str, str, Iterable[Node]]] = (
        ("File", "files", storage.files),
        ("Link", "links", storage.links),
        ("Directory", "directories", storage.directories),
    )
    for kind, name, entries in nodes:
        for index, node in enumerate(entries):
            if node.filesystem and node.filesystem not in names:
                here = (*at, "storage", name, index, "filesystem")
                values = {"path": go_quote(node.path), "name": go_quote(node.filesystem)}
                say.warn(m.UNKNOWN_FILESYSTEM, here, kind=kind, **values)
    seen = {"root"}
    for index, filesystem in enumerate(storage.filesystems):
        if filesystem.name in seen:
            here = (*at, "storage", "filesystems", index, "name")
            say.warn(m.SHADOWED_FILESYSTEM, here, name=go_quote(filesystem.name))
        seen.add(filesystem.name)


@rule(Ignition, "2.0", row="version")
def version(ignition: Ignition, at: Pointer, say: Say) -> None:
    """The version is the one whose rules are applied."""
    if ignition.version != say.spec.version:
        say.error(m.UNKNOWN_VERSION, (*at, "version"))


@rule(ConfigReference, "2.4", row="http_headers")
@rule(CaReference, "2.4", row="http_headers")
@rule(FileContents, "2.4", row="http_headers")
def headers(reference: Reference | FileContents, at: Pointer, say: Say) -> None:
    """Headers go with http and https; each has a name of its own."""
    here = (*at, "httpHeaders")
    if not reference.http_headers:
        return
    url = parse_url(reference.source)
    if url is None:
        say.error(m.INVALID_URL, here)
    elif url.scheme not in {"http", "https"}:
        say.error(m.HEADERS_SCHEME, here)
    _check_names(reference.http_headers, here, say)


def _check_names(http_headers: list[HttpHeader], here: Pointer, say: Say) -> None:
    seen: set[str] = set()
    for index, header in enumerate(http_headers):
        if not header.name:
            say.error(m.HEADER_NAME, (*here, index, "name"))
        elif header.name in seen:
            say.error(m.DUPLICATE_HEADER, (*here, index), name=go_quote(header.name))
        seen.add(header.name)


def _url_problem(source: str, say: Say) -> tuple[Message, dict[str, object]] | None:
    return url_fault(source, say.spec, SCHEMES) if source else None


@rule(ConfigReference, "2.0", row="source")
@rule(CaReference, "2.2", row="source")
@rule(FileContents, "2.0", "2.3", row="source")
def source(reference: Reference | FileContents, at: Pointer, say: Say) -> None:
    """The URLs there are; an empty one stands for nothing."""
    fault = _url_problem(reference.source, say)
    if fault:
        say.error(fault[0], (*at, "source"), **fault[1])


@rule(FileContents, "2.3", row="source")
def contents_source(contents: FileContents, at: Pointer, say: Say) -> None:
    """The URLs there are, named in the message."""
    fault = _url_problem(contents.source, say)
    if fault:
        text = fault[0].text.format_map(fault[1])
        say.error(m.CONTENTS_URL, (*at, "source"), url=go_quote(contents.source), fault=text)


@rule(FileContents, "2.0", row="compression")
def compression(contents: FileContents, at: Pointer, say: Say) -> None:
    """The compressions there are."""
    if contents.compression not in {"", "gzip"}:
        say.error(m.INVALID_COMPRESSION, (*at, "compression"))


@rule(Verification, "2.0")
def digest(verification: Verification, at: Pointer, say: Say) -> None:
    """A digest names its function and is as long as that makes them."""
    if verification.hash is not None:
        check_digest(verification.hash, _HASHES, (*at, "hash"), say)


@rule(File, "2.2")
def append_or_overwrite(file: File, at: Pointer, say: Say) -> None:
    """What is appended to is not overwritten."""
    if file.append and file.overwrite:
        say.error(m.APPEND_AND_OVERWRITE, at)


@rule(Node, "2.0", row="filesystem")
def filesystem(node: Node, at: Pointer, say: Say) -> None:
    """A node is in a file system."""
    if not node.filesystem:
        say.error(m.NO_FILESYSTEM, (*at, "filesystem"))


@rule(Node, "2.0", row="path")
def node_path(node: Node, at: Pointer, say: Say) -> None:
    """Where the node is."""
    check_absolute(node.path, (*at, "path"), say)


@rule(File, "2.0", row="mode")
@rule(Directory, "2.1", row="mode")
def legal_mode(node: File | Directory, at: Pointer, say: Say) -> None:
    """Modes have twelve bits."""
    if node.mode is not None and not 0 <= node.mode <= 0o7777:
        say.error(m.ILLEGAL_MODE, (*at, "mode"))


@rule(File, "2.2", row="mode")
@rule(Directory, "2.2", row="mode")
def mode_given(node: File | Directory, at: Pointer, say: Say) -> None:
    """A mode that is not given takes all rights away."""
    if node.mode is None:
        say.warn(m.MODE_UNSET, (*at, "mode"))


@rule(NodeUser, "2.1")
@rule(NodeGroup, "2.1")
def id_or_name(owner: NodeUser | NodeGroup, at: Pointer, say: Say) -> None:
    """An owner has an id or a name."""
    if owner.id is not None and owner.name:
        say.error(m.ID_AND_NAME, at)


@rule(PasswdUser, "2.1")
def create_alone(user: PasswdUser, at: Pointer, say: Say) -> None:
    """What making a user takes is said in one place."""
    if user.create is None:
        return
    say.warn(m.USER_CREATE_DEPRECATED, at)
    for name, value in (
        ("gecos", user.gecos),
        ("groups", user.groups),
        ("homeDir", user.home_dir),
        ("noCreateHome", user.no_create_home),
        ("noLogInit", user.no_log_init),
        ("noUserGroup", user.no_user_group),
        ("primaryGroup", user.primary_group),
        ("shell", user.shell),
        ("system", user.system),
        ("uid", user.uid is not None),
    ):
        if value:
            say.error(m.CREATE_AND_FIELD, at, name=name)


@rule(UserCreate, "2.0", "2.1", row="uid")
def oldest_uid(create: UserCreate, at: Pointer, say: Say) -> None:
    """Ids were unsigned in 2.0."""
    if create.uid is not None and create.uid < 0:
        say.error(m.NEGATIVE_ID, (*at, "uid"))


@rule(PasswdGroup, "2.0", "2.1", row="gid")
def oldest_gid(group: PasswdGroup, at: Pointer, say: Say) -> None:
    """Ids were unsigned in 2.0."""
    if group.gid is not None and group.gid < 0:
        say.error(m.NEGATIVE_ID, (*at, "gid"))


def _install(contents: str, at: Pointer, say: Say) -> bool | None:
    """Whether the text has an [Install] option; None when it cannot be read, which is said."""
    try:
        return has_install_option(contents)
    except UnitFileError as error:
        say.error(m.UNIT_CONTENT, at, fault=error)
        return None


@rule(Unit, "2.0", row="contents")
def unit_contents(unit: Unit, at: Pointer, say: Say) -> None:
    """A unit's text can be read; an enabled one says how it is enabled."""
    here = (*at, "contents")
    has_install = _install(unit.contents, here, say)
    if has_install is False and unit.contents and (unit.enable or unit.enabled):
        say.warn(m.NO_INSTALL, here, name=go_quote(unit.name))


@rule(Unit, "2.0", row="name")
def unit_name(unit: Unit, at: Pointer, say: Say) -> None:
    """A unit has a known suffix."""
    if suffix(unit.name) not in SUFFIXES:
        say.error(m.UNIT_SUFFIX, (*at, "name"))


@rule(SystemdDropin, "2.0")
def dropin(dropin: SystemdDropin, at: Pointer, say: Say) -> None:
    """A drop-in's text can be read, and its name ends in `.conf`."""
    _install(dropin.contents, (*at, "contents"), say)
    if suffix(dropin.name) != ".conf":
        say.error(m.DROPIN_SUFFIX, (*at, "name"))


@rule(NetworkdUnit, "2.0")
def networkd_unit(unit: NetworkdUnit, at: Pointer, say: Say) -> None:
    """A networkd file can be read and has a known suffix."""
    _install(unit.contents, (*at, "contents"), say)
    if suffix(unit.name) not in NETWORKD_SUFFIXES:
        say.error(m.NETWORKD_SUFFIX, (*at, "name"))


@rule(NetworkdDropin, "2.2")
def networkd_dropin(dropin: NetworkdDropin, at: Pointer, say: Say) -> None:
    """A drop-in's text can be read, and its name ends in `.conf`."""
    _install(dropin.contents, (*at, "contents"), say)
    if suffix(dropin.name) != ".conf":
        say.error(m.NETWORKD_DROPIN_SUFFIX, (*at, "name"))
