"""Operations on files, directories and links. Paths are resolved: no link is left in their parents.

Source of the rules: the Ignition specification, `storage.files`, `storage.directories`, `storage.links`.
"""

from __future__ import annotations

import hashlib
import posixpath
from functools import partial

from stoker.engine import messages
from stoker.engine.errors import Refused
from stoker.engine.operations.operation import Altered, Owner, Touch, Undoable, quoted
from stoker.fetch import Fetch, Source
from stoker.system import FileExists, Look, System
from stoker.system.protocol import DIRECTORY, FILE, KEEP, LINK, Content

FILE_MODE = 0o644
DIRECTORY_MODE = 0o755


class PathOperation(Undoable, frozen=True, kw_only=True):
    """What operations on a path have in common."""

    path: str
    owner: Owner | None = None
    overwrite: bool = False

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("path", self.path),)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return (Altered(self.path, self.overwrite),)

    @property
    def is_repeatable(self) -> bool:
        """See `Undoable.is_repeatable`."""
        return self.overwrite

    def check(self, system: System) -> None:
        """Raise `Refused` where what is at the path forbids it."""

    def _ids(self, system: System) -> tuple[int, int] | None:
        return None if self.owner is None else self.owner.ids(system.accounts)

    def has_owner(self, system: System, found: Look) -> bool:
        """Whether what is there belongs to whom the config names, if anybody. Raises `Refused` for an unknown name."""
        uid, gid = self._ids(system) or (KEEP, KEEP)
        return uid in {KEEP, found.uid} and gid in {KEEP, found.gid}


class WriteFile(PathOperation, frozen=True, kw_only=True):
    """Write a file. What is there already stops it, unless `overwrite`."""

    source: Source = Source()
    mode: int = FILE_MODE

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"writing file {quoted(root + self.path)}"

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found = system.look(self.path)
        if found is None or found.kind != FILE or found.mode != self.mode or not self.has_owner(system, found):
            return False
        return holds(system, self.path, found.size, self.source, fetch)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        content = _content(self.source, fetch)
        owner = self._ids(system)
        if self.overwrite:
            found = system.look(self.path)
            if found is not None and found.kind != FILE:
                system.remove_tree(self.path)
        try:
            system.write_file(self.path, content, mode=self.mode, owner=owner, replace=self.overwrite)
        except FileExists as error:
            raise Refused(messages.FILE_EXISTS, path=self.path) from error


class AppendFile(PathOperation, frozen=True, kw_only=True):
    """Add to the end of a file, which is made when missing. A mode of None leaves the one that is there."""

    source: Source
    mode: int | None = None

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"appending to file {quoted(root + self.path)}"

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`: an append is never done already; a second one adds again."""
        return False

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.append_file(self.path, _content(self.source, fetch), mode=self.mode, owner=self._ids(system))


class KeepFile(PathOperation, frozen=True, kw_only=True):
    """Keep the file that is there, or make an empty one; set owner and mode where the config says them."""

    mode: int | None = None

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"keeping or creating file {quoted(root + self.path)}"

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found = system.look(self.path)
        if found is None or found.kind != FILE:
            return False
        return self.mode in {None, found.mode} and self.has_owner(system, found)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.append_file(self.path, b"", mode=self.mode, owner=self._ids(system))


class MakeDirectory(PathOperation, frozen=True, kw_only=True):
    """Make a directory, or set owner and mode of the one that is there. A mode of None is 0755 for a new one."""

    mode: int | None = None

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"creating directory {quoted(root + self.path)}"

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found = system.look(self.path)
        return (
            found is not None
            and found.kind == DIRECTORY
            and self.mode in {None, found.mode}
            and self.has_owner(system, found)
            and not (self.overwrite and system.list(self.path))
        )

    def check(self, system: System) -> None:
        """See `PathOperation.check`."""
        if self.overwrite and self.path == "/":
            raise Refused(messages.ROOT_STAYS)
        found = system.look(self.path)
        if found is not None and found.kind != DIRECTORY and not self.overwrite:
            raise Refused(messages.NOT_A_DIRECTORY, path=self.path)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        owner = self._ids(system)
        self.check(system)
        if self.overwrite:
            system.remove_tree(self.path)
        if system.look(self.path) is None:
            system.make_directory(self.path, DIRECTORY_MODE if self.mode is None else self.mode, owner)
            return
        if owner is not None:
            system.set_owner(self.path, *owner)
        if self.mode is not None:
            system.set_mode(self.path, self.mode)


class MakeLink(PathOperation, frozen=True, kw_only=True):
    """Make a symbolic link. Of one that points there already only the owner is set, where the config names one."""

    target: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"writing link {quoted(root + self.path)} -> {quoted(self.target)}"

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found = system.look(self.path)
        if found is None or found.kind != LINK or not self._points_there(system):
            return False
        return self.has_owner(system, found)

    def check(self, system: System) -> None:
        """See `PathOperation.check`."""
        found = system.look(self.path)
        if found is None or self.overwrite:
            return
        if found.kind != LINK:
            raise Refused(messages.NOT_A_LINK, path=self.path)
        if not self._points_there(system):
            raise Refused(messages.LINK_EXISTS, path=self.path, found=system.read_link(self.path), target=self.target)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        owner = self._ids(system)
        self.check(system)
        if self.overwrite:
            system.remove_tree(self.path)
        if system.look(self.path) is None:
            system.link(self.path, self.target)
        if owner is not None:
            system.set_owner(self.path, *owner)

    def _points_there(self, system: System) -> bool:
        return posixpath.normpath(system.read_link(self.path)) == posixpath.normpath(self.target)


class MakeHardLink(PathOperation, frozen=True, kw_only=True):
    """Give a file another name. One that is there already is left as it is."""

    target: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"writing link {quoted(root + self.path)} -> {quoted(self.target)}"

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found, target = system.look(self.path), system.look(self.target)
        return found is not None and target is not None and found.identity == target.identity

    def check(self, system: System) -> None:
        """See `PathOperation.check`: a target that is missing may still be made."""
        found, target = system.look(self.path), system.look(self.target)
        if found is not None and not self.overwrite and (target is None or found.identity != target.identity):
            raise Refused(messages.NOT_THE_TARGET, path=self.path)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        if self.is_done(system, fetch):
            return
        if system.look(self.target) is None:
            raise Refused(messages.NO_LINK_TARGET, path=self.path, target=self.target)
        self.check(system)
        if self.overwrite:
            system.remove_tree(self.path)
        system.hard_link(self.path, self.target)


def _content(source: Source, fetch: Fetch) -> Content:
    """What to write: the bytes when the config holds them, else what passes them on as they come."""
    return fetch.read(source) if source.is_embedded else partial(fetch.copy_to, source)


def holds(system: System, path: str, size: int, source: Source, fetch: Fetch) -> bool:
    """Whether a file of that size has the bytes of the source. Where a digest says what they are, none are fetched."""
    if source.is_embedded:
        content = fetch.read(source)
        return size == len(content) and system.read(path, size) == content
    wanted = None if source.digest else hashlib.sha512()
    if wanted is not None:
        fetch.copy_to(source, wanted.update)
    digest = source.digest.lower() if wanted is None else f"sha512-{wanted.hexdigest()}"
    algorithm = digest.partition("-")[0]
    found = hashlib.new(algorithm)
    for piece in system.chunks(path):
        found.update(piece)
    return digest == f"{algorithm}-{found.hexdigest()}"
