"""The methods of Matchbox's gRPC API as plain functions: a request and a Shelf go in, a response and changes come out.

What is refused is raised as Refused, with the status code and the words of Matchbox 0.11, which are those of Go: only
Select says NOT_FOUND, all else is UNKNOWN. Two things are refused that Matchbox does: to leave a folder by `..` in a
name, and to end the process at a Put of nothing, which is answered as the Put of an empty document is.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import Any, Final, NamedTuple

from google.protobuf.message import Message
from grpc import StatusCode

from stoker.machines import Boot, Catalogue, Group, Profile, Selection
from stoker.machines.documents import Reader, read_group, read_metadata, read_profile
from stoker.machines.messages import BAD_MAC, NO_ID
from stoker.machines.writing import whole, write_group, write_metadata, write_profile
from stoker.report import Report
from stoker.server.errors import ServerError
from stoker.server.rpc import matchbox_pb2 as messages
from stoker.store import Delete, InvalidKeyError, Item, LimitError, Put, Snapshot, StoreError

NO_ID_WORDS: Final = "Id is required"
NO_PROFILE: Final = "Group requires a Profile"
NO_GROUP_MATCHES: Final = "matchbox: No matching Group"
NO_PROFILE_MATCHES: Final = "matchbox: No matching Profile"
NUL_IN_NAME: Final = "invalid character in file path"
TOO_DEEP: Final = "json: exceeded max depth"


class Refused(ServerError):
    """A call is not answered but refused, with a status code and a sentence."""

    def __init__(self, code: StatusCode, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Shelf:
    """What handlers see: `get` finds one item as it is now, `current` all of them, read.

    `root` is the directory in which the items are files, for the sentences that name one.
    """

    root: Path
    get: Callable[[str], Item | None]
    current: Callable[[], tuple[Snapshot, Catalogue]]


class Reply(NamedTuple):
    """A response, and what it changes."""

    message: Message
    changes: tuple[Put | Delete, ...] = ()


Handler = Callable[[Any, Shelf], Reply]


def put_group(request: messages.GroupPutRequest, _shelf: Shelf) -> Reply:
    """Write a group; its selector stays as it is written, its metadata is put in Go's form."""
    given = request.group
    if not given.id or not given.profile:
        raise _unknown(NO_PROFILE if given.id else NO_ID_WORDS)
    metadata, reason = read_metadata(given.metadata) if given.metadata else ({}, "")
    if reason:
        raise _unknown(reason)
    group = Group(given.id, given.profile, dict(given.selector), metadata, given.id, given.name)
    try:
        text = write_group(group)
    except RecursionError as error:
        raise _unknown(TOO_DEEP) from error
    return Reply(messages.GroupPutResponse(), (Put(_key("groups", f"{given.id}.json"), text),))


def get_group(request: messages.GroupGetRequest, shelf: Shelf) -> Reply:
    """A group, its hardware address in one form and its metadata on one line."""
    item = _item(shelf, _key("groups", f"{request.id}.json"))
    group, report = read_group(request.id, item)
    if report.has_errors:
        raise _unknown(_reason(report, group))
    return Reply(messages.GroupGetResponse(group=_group(group, item)))


def delete_group(request: messages.GroupDeleteRequest, shelf: Shelf) -> Reply:
    return Reply(messages.GroupDeleteResponse(), _delete(shelf, _key("groups", f"{request.id}.json")))


def list_groups(_request: messages.GroupListRequest, shelf: Shelf) -> Reply:
    """All groups that can be read, in the order of their files."""
    groups: list[messages.Group] = []
    for group, item in _groups(shelf):
        with suppress(Refused):
            groups.append(_group(group, item))
    return Reply(messages.GroupListResponse(groups=groups))


def put_profile(request: messages.ProfilePutRequest, _shelf: Shelf) -> Reply:
    given = request.profile
    if not given.id:
        raise _unknown(NO_ID_WORDS)
    boot = Boot(given.boot.kernel, tuple(given.boot.initrd), tuple(given.boot.args)) if given.HasField("boot") else None
    profile = Profile(given.id, given.id, given.name, boot, given.ignition_id, given.cloud_id, given.generic_id)
    return Reply(messages.ProfilePutResponse(), (Put(_key("profiles", f"{given.id}.json"), write_profile(profile)),))


def get_profile(request: messages.ProfileGetRequest, shelf: Shelf) -> Reply:
    return Reply(messages.ProfileGetResponse(profile=_profile(_read_profile(request.id, shelf))))


def delete_profile(request: messages.ProfileDeleteRequest, shelf: Shelf) -> Reply:
    return Reply(messages.ProfileDeleteResponse(), _delete(shelf, _key("profiles", f"{request.id}.json")))


def list_profiles(_request: messages.ProfileListRequest, shelf: Shelf) -> Reply:
    """All profiles that can be read, in the order of their files."""
    snapshot, catalogue = shelf.current()
    entries = (catalogue.profiles.get(stem) for stem in _stems(shelf, snapshot, "profiles"))
    read = (entry.document for entry in entries if entry and entry.document and not entry.report.has_errors)
    return Reply(messages.ProfileListResponse(profiles=map(_profile, read)))


def put_ignition(request: messages.IgnitionPutRequest, _shelf: Shelf) -> Reply:
    return Reply(messages.IgnitionPutResponse(), (Put(_key("ignition", request.name), request.config),))


def get_ignition(request: messages.IgnitionGetRequest, shelf: Shelf) -> Reply:
    return Reply(messages.IgnitionGetResponse(config=_item(shelf, _key("ignition", request.name)).data))


def delete_ignition(request: messages.IgnitionDeleteRequest, shelf: Shelf) -> Reply:
    return Reply(messages.IgnitionDeleteResponse(), _delete(shelf, _key("ignition", request.name)))


def put_generic(request: messages.GenericPutRequest, _shelf: Shelf) -> Reply:
    return Reply(messages.GenericPutResponse(), (Put(_key("generic", request.name), request.config),))


def get_generic(request: messages.GenericGetRequest, shelf: Shelf) -> Reply:
    return Reply(messages.GenericGetResponse(config=_item(shelf, _key("generic", request.name)).data))


def delete_generic(request: messages.GenericDeleteRequest, shelf: Shelf) -> Reply:
    return Reply(messages.GenericDeleteResponse(), _delete(shelf, _key("generic", request.name)))


def select_group(request: messages.SelectGroupRequest, shelf: Shelf) -> Reply:
    """The group of a machine with these labels; they are compared as they are, hardware addresses too."""
    return Reply(messages.SelectGroupResponse(group=_group(*_select(dict(request.labels), shelf))))


def select_profile(request: messages.SelectProfileRequest, shelf: Shelf) -> Reply:
    """The profile of the group of a machine; whatever goes wrong on the way, there is none."""
    try:
        group, _ = _select(dict(request.labels), shelf)
    except Refused as error:
        raise Refused(StatusCode.NOT_FOUND, NO_GROUP_MATCHES) from error
    try:
        profile = _read_profile(group.profile, shelf)
    except Refused as error:
        raise Refused(StatusCode.NOT_FOUND, NO_PROFILE_MATCHES) from error
    return Reply(messages.SelectProfileResponse(profile=_profile(profile)))


HANDLERS: Final[dict[str, Handler]] = {
    "GroupPut": put_group,
    "GroupGet": get_group,
    "GroupDelete": delete_group,
    "GroupList": list_groups,
    "ProfilePut": put_profile,
    "ProfileGet": get_profile,
    "ProfileDelete": delete_profile,
    "ProfileList": list_profiles,
    "IgnitionPut": put_ignition,
    "IgnitionGet": get_ignition,
    "IgnitionDelete": delete_ignition,
    "GenericPut": put_generic,
    "GenericGet": get_generic,
    "GenericDelete": delete_generic,
    "SelectGroup": select_group,
    "SelectProfile": select_profile,
}


def explain(error: StoreError, change: Put | Delete, root: Path) -> Refused:
    """Why a change could not be made: in Go's words where the file system says no, else in the store's own."""
    if isinstance(error, LimitError):
        return Refused(StatusCode.RESOURCE_EXHAUSTED, f"`{change.key}` is too large: {error}")
    path = root / change.key
    for parent in reversed(path.parents):
        number = _number(parent)
        if number == errno.ENOENT:
            break
        if number != errno.EISDIR:
            return _unknown(f"mkdir {parent}: {_words(number or errno.ENOTDIR)}")
    number = _number(path)
    if isinstance(error, InvalidKeyError):
        is_named = number in {0, errno.ENOENT}
        return (
            Refused(StatusCode.INVALID_ARGUMENT, str(error)) if is_named else _unknown(f"open {path}: {_words(number)}")
        )
    if isinstance(error.__cause__, OSError) and error.__cause__.errno:
        return _unknown(f"open {path}: {_words(error.__cause__.errno)}")
    return Refused(StatusCode.UNAVAILABLE, str(error))


def _unknown(words: str) -> Refused:
    return Refused(StatusCode.UNKNOWN, words)


def _key(folder: str, name: str) -> str:
    """The key of a file by the name that a client gives it; the folder itself where the name is empty."""
    if "\0" in name:
        raise _unknown(NUL_IN_NAME)
    if ".." in name.split("/"):
        raise Refused(StatusCode.INVALID_ARGUMENT, f"the name leads out of {folder}/: use one without `..`")
    return normpath(f"{folder}/{name}")


def _find(shelf: Shelf, key: str) -> Item | None:
    try:
        return shelf.get(key)
    except InvalidKeyError:
        return None
    except LimitError as error:
        raise Refused(StatusCode.RESOURCE_EXHAUSTED, str(error)) from error
    except StoreError as error:
        raise explain(error, Delete(key), shelf.root) from error


def _item(shelf: Shelf, key: str) -> Item:
    item = _find(shelf, key)
    if item is None:
        path = shelf.root / key
        number = _number(path)
        raise _unknown(f"{'read' if number == errno.EISDIR else 'open'} {path}: {_words(number or errno.ENOENT)}")
    return item


def _delete(shelf: Shelf, key: str) -> tuple[Delete]:
    if _find(shelf, key) is None:
        path = shelf.root / key
        number = _number(path)
        number = errno.ENOTEMPTY if number == errno.EISDIR else number or errno.ENOENT
        raise _unknown(f"remove {path}: {_words(number)}")
    return (Delete(key),)


def _number(path: Path) -> int:
    """The system's number for why this is no file that can be opened, 0 if it may be one."""
    try:
        path.stat()
    except OSError as error:
        return error.errno or errno.EIO
    return errno.EISDIR if path.is_dir() else 0


def _words(number: int) -> str:
    return os.strerror(number).lower()


def _stems(shelf: Shelf, snapshot: Snapshot, folder: str) -> Iterator[str]:
    """The names that the files of a folder stand for: those of `x.json` and `x.yaml` are both `x`, and count twice."""
    names = [name for name, _ in snapshot.under(folder)]
    if not names and (number := _number(shelf.root / folder)) != errno.EISDIR:
        raise _unknown(f"open {shelf.root / folder}: {_words(number or errno.ENOTDIR)}")
    return (name.rpartition(".")[0] if "." in name else name for name in names)


def _groups(shelf: Shelf) -> Iterator[tuple[Group, Item]]:
    snapshot, catalogue = shelf.current()
    for stem in _stems(shelf, snapshot, "groups"):
        entry = catalogue.groups.get(stem)
        if entry and entry.document and not entry.report.has_errors:
            yield entry.document, entry.item


def _select(labels: dict[str, str], shelf: Shelf) -> tuple[Group, Item]:
    """The group of some labels. To no labels at all an absent one is not an empty one, unlike to some."""
    items = {group.key: (group, item) for group, item in _groups(shelf) if labels or not group.selector}
    found = Selection(group for group, _ in items.values()).find(labels)
    if found is None:
        raise Refused(StatusCode.NOT_FOUND, NO_GROUP_MATCHES)
    return items[found.key]


def _read_profile(name: str, shelf: Shelf) -> Profile:
    profile, report = read_profile(name, _item(shelf, _key("profiles", f"{name}.json")))
    if report.has_errors:
        raise _unknown(_reason(report, None))
    return profile


def _reason(report: Report, group: Group | None) -> str:
    """What is wrong with a document: in Matchbox's words where they are its own."""
    error = next(entry for entry in report if entry.is_error)
    if error.code == NO_ID.code:
        return NO_ID_WORDS
    if error.code == BAD_MAC.code and group is not None:
        return f"address {group.selector[str(error.pointer[0])]}: invalid MAC address"
    return f"{error.place}: {error.message}" if error.place else error.message


def _group(group: Group, item: Item) -> messages.Group:
    is_given = bool(group.metadata) or Reader(item).members().get("metadata") is not None
    try:
        metadata = write_metadata(group.metadata) if is_given else b""
    except RecursionError as error:
        raise _unknown(TOO_DEEP) from error
    return messages.Group(
        id=whole(group.id),
        name=whole(group.name),
        profile=whole(group.profile),
        selector={whole(key): whole(value) for key, value in group.selector.items()},
        metadata=metadata,
    )


def _profile(profile: Profile) -> messages.Profile:
    return messages.Profile(
        id=whole(profile.id),
        name=whole(profile.name),
        ignition_id=whole(profile.ignition_id),
        cloud_id=whole(profile.cloud_id),
        boot=_boot(profile.boot) if profile.boot else None,
        generic_id=whole(profile.generic_id),
    )


def _boot(boot: Boot) -> messages.NetBoot:
    return messages.NetBoot(kernel=whole(boot.kernel), initrd=map(whole, boot.initrd), args=map(whole, boot.args))
