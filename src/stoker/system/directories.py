"""Paths inside a root: in goes a path, out comes a descriptor of the directory that holds it and a name in there.

Every component is opened on its own and never followed by the kernel (O_NOFOLLOW); links are read and walked here, as
if the root were `/` (chroot(2)), so neither a link nor `..` leads out. Directories once opened stay open, up to a
bound, and resolved parents are remembered: a thousand files in one directory cost one walk.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stoker.system.errors import FileFault

MOST_LINKS = 40  # followed in one path, as the kernel's (path_resolution(7))
MOST_OPEN = 200  # directories kept open; the usual limit of a process is 1024 descriptors
LONGEST = 4096  # bytes of a path (PATH_MAX)
LONGEST_NAME = 255  # bytes of a name in it (NAME_MAX)

_OPEN = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Directories:
    """The directories below one root."""

    def __init__(self, root: Path) -> None:
        self._path = root
        self._root = self._open_root()
        self._open: dict[str, int] = {}  # resolved path -> descriptor, the longest unused first
        self._resolved: dict[str, str] = {"/": "/"}

    def close(self) -> None:
        """Let go of every directory."""
        for descriptor in [*self._open.values(), self._root]:
            os.close(descriptor)
        self._open.clear()

    def _open_root(self) -> int:
        try:
            return os.open(self._path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise FileFault.of("open the root", str(self._path), error) from error

    def forget(self, path: str) -> None:
        """Forget a resolved path that is about to go or to become something else, and all below it."""
        below = path.rstrip("/") + "/"
        for name in [name for name in self._open if name == path or name.startswith(below)]:
            os.close(self._open.pop(name))
        self._resolved = {"/": "/"}

    @contextmanager
    def released(self, path: str) -> Iterator[None]:
        """Hold nothing open at or below a path meanwhile: a mount there comes or goes."""
        self.forget(path)
        if path != "/":
            yield
            return
        os.close(self._root)
        try:
            yield
        finally:
            self._root = self._open_root()

    def resolve(self, path: str) -> str:
        """The path with the links in its parents followed. The last component stays as it is."""
        parent, name = self._split(path)
        directory = self.resolve_directory(parent)
        return f"{directory.rstrip('/')}/{name}"

    def parent(self, path: str, *, create: bool = False) -> tuple[int | None, str, str]:
        """The directory that holds `path` (None when missing and not to be created), the name in it, both joined."""
        parent, name = self._split(path)
        directory = self.resolve_directory(parent)
        descriptor = self.descriptor(directory, create=create)
        return descriptor, name or ".", f"{directory.rstrip('/')}/{name}"

    def resolve_directory(self, path: str) -> str:
        """The path with every link in it followed; components that do not exist stay as they are."""
        known = self._resolved.get(path)
        if known is not None:
            return known
        pending = path.split("/")[::-1]
        resolved: list[str] = []
        links = 0
        while pending:
            name = pending.pop()
            if name == "..":
                del resolved[-1:]
            elif name not in {"", "."}:
                target = self._target("/" + "/".join(resolved), name)
                if target is None:
                    resolved.append(name)
                    continue
                links += 1
                if links > MOST_LINKS:
                    raise FileFault("resolve", path, f"more than {MOST_LINKS} links lead on from it")
                if target.startswith("/"):
                    resolved.clear()
                pending.extend(target.split("/")[::-1])
        self._resolved[path] = "/" + "/".join(resolved)
        return self._resolved[path]

    def descriptor(self, directory: str, *, create: bool = False) -> int | None:
        """A descriptor (O_PATH) of a resolved directory; None when it is missing and not to be created."""
        known = self._open.pop(directory, None)
        if known is not None:
            self._open[directory] = known  # now the last in line to be closed
            return known
        descriptor = self._root
        path = ""
        for name in directory.split("/")[1:]:
            if not name:
                continue
            path = f"{path}/{name}"
            child = self._open.get(path)
            if child is None:
                child = self._enter(descriptor, name, path, create)
            if child is None:
                return None
            descriptor = child
        return descriptor

    def _enter(self, parent: int, name: str, path: str, create: bool) -> int | None:
        """Open a directory in a directory, or make it (0755) and open it."""
        while True:
            try:
                return self._remember(path, os.open(name, _OPEN, dir_fd=parent))
            except OSError as error:
                if not create and error.errno in {errno.ENOENT, errno.ENOTDIR}:
                    return None
                if error.errno != errno.ENOENT:
                    raise FileFault.of("enter", path, error) from error
            try:
                os.mkdir(name, 0o700, dir_fd=parent)
                # mkdir(2) applies the umask; a directory on the way to a file is 0755 whatever that is.
                os.chmod(name, 0o755, dir_fd=parent)
            except FileExistsError:
                continue
            except OSError as error:
                raise FileFault.of("make directory", path, error) from error

    def _target(self, directory: str, name: str) -> str | None:
        """What the link `name` in a resolved directory points to; None for a directory, a file or nothing."""
        path = f"{directory.rstrip('/')}/{name}"
        if path in self._open:
            return None
        parent = self.descriptor(directory)
        if parent is None:
            return None
        try:
            self._remember(path, os.open(name, _OPEN, dir_fd=parent))
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                raise FileFault.of("enter", path, error) from error
        else:
            return None
        try:
            return os.readlink(name, dir_fd=parent)
        except OSError as error:
            if error.errno == errno.EINVAL:  # readlink(2): no link, but a file, where something may still change
                return None
            raise FileFault.of("enter", path, error) from error

    def _remember(self, path: str, descriptor: int) -> int:
        if len(self._open) >= MOST_OPEN:
            os.close(self._open.pop(next(iter(self._open))))
        self._open[path] = descriptor
        return descriptor

    def _split(self, path: str) -> tuple[str, str]:
        """The parent and the last component of an absolute path; `..` at its end counts as part of the parent."""
        try:
            length = len(path) if path.isascii() else len(os.fsencode(path))
        except UnicodeEncodeError as error:
            raise FileFault("use", path, f"this locale's file names are in {error.encoding}") from error
        if not path.startswith("/") or "\0" in path or length > LONGEST:
            raise FileFault("use", path[:LONGEST], f"not an absolute path of at most {LONGEST} bytes")
        if length > LONGEST_NAME and any(len(os.fsencode(name)) > LONGEST_NAME for name in path.split("/")):
            raise FileFault("use", path, os.strerror(errno.ENAMETOOLONG).lower())
        parent, _, name = path.rstrip("/").rpartition("/")
        if name in {".", ".."}:
            parent, name = os.path.split(self.resolve_directory(path))
        return parent or "/", name
