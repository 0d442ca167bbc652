"""Files below a root: the verbs of the `System` protocol that touch files, each a few system calls.

Comes in: paths inside the root. Goes out: what is there, or a `FileFault`. How owners and modes are kept is left to
a few hooks (`_set_rights`, `_forget`, ...): the real machine lets the kernel keep them, the scratch tree a manifest.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from stoker.system import attributes
from stoker.system.devices import BlockDevices
from stoker.system.directories import Directories
from stoker.system.errors import DeviceFault, FileExists, FileFault
from stoker.system.protocol import DIRECTORY, FILE, KEEP, LINK, OTHER, Content, Look

CHUNK = 1 << 20
DEEPEST = 400  # directories within each other that `remove_tree` descends; each holds a descriptor
PATIENCE = 15.0  # seconds to wait for a lock, as lckpwdf(3)

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = {stat.S_IFREG: FILE, stat.S_IFDIR: DIRECTORY, stat.S_IFLNK: LINK}


class Tree:
    """The files below one root directory."""

    def __init__(self, root: Path, clock: Callable[[], float]) -> None:
        self._directories = Directories(root)
        self._clock = clock
        self.devices: BlockDevices | None = None
        text = str(root.absolute())
        self.root = "" if text == "/" else text

    def close(self) -> None:
        """Let go of the machine."""
        self._directories.close()

    def now(self) -> float:
        """See `System.now`."""
        return self._clock()

    # Mounts

    def mount(self, path: str, node: str, format_: str, options: Sequence[str]) -> None:
        """See `System.mount`."""
        with self._directories.released(path):
            self._needed_devices().mount(node, self._outside(path), format_, options)

    def unmount(self, path: str) -> None:
        """See `System.unmount`. A directory that is held open would keep it mounted."""
        with self._directories.released(path):
            self._needed_devices().unmount(self._outside(path))

    def mounted(self, path: str) -> str:
        """See `System.mounted`."""
        return self._needed_devices().mounted(self._outside(path))

    def _needed_devices(self) -> BlockDevices:
        if self.devices is None:
            raise DeviceFault("this machine is a tree alone: it has no block devices")
        return self.devices

    def _outside(self, path: str) -> str:
        """A path inside the root as the machine that runs this knows it."""
        return (self.root + path).rstrip("/") or "/"

    # Looking

    def resolve(self, path: str, *, follow: bool = False) -> str:
        """See `System.resolve`."""
        return self._directories.resolve_directory(path) if follow else self._directories.resolve(path)

    def look(self, path: str) -> Look | None:
        """See `System.look`."""
        descriptor, name, _ = self._directories.parent(path)
        if descriptor is None:
            return None
        try:
            found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileFault.of("look at", path, error) from error
        return Look(
            _KINDS.get(stat.S_IFMT(found.st_mode), OTHER),
            stat.S_IMODE(found.st_mode),
            found.st_uid,
            found.st_gid,
            found.st_size,
            found.st_mtime_ns,
            (found.st_dev, found.st_ino),
        )

    def read(self, path: str, limit: int = 64 << 20) -> bytes:
        """See `System.read`."""
        pieces: list[bytes] = []
        size = 0
        for piece in self.chunks(path):
            size += len(piece)
            if size > limit:
                raise FileFault("read", path, f"larger than {limit} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    def chunks(self, path: str) -> Iterator[bytes]:
        """See `System.chunks`."""
        with self._opened(path, _READ, "read") as descriptor:
            while piece := os.read(descriptor, CHUNK):
                yield piece

    def read_link(self, path: str) -> str:
        """See `System.read_link`."""
        descriptor, name, _ = self._existing_parent("read link", path)
        try:
            return os.readlink(name, dir_fd=descriptor)
        except OSError as error:
            raise FileFault.of("read link", path, error) from error

    def list(self, path: str) -> list[str]:
        """See `System.list`."""
        parent = self._directories.descriptor(self._directories.resolve_directory(path))
        if parent is None:
            raise FileFault("list", path, "no such directory")
        try:
            descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=parent)
            try:
                return sorted(os.listdir(descriptor))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise FileFault.of("list", path, error) from error

    # Files

    def write_file(
        self,
        path: str,
        content: Content,
        *,
        mode: int = 0o644,
        owner: tuple[int, int] | None = None,
        replace: bool = False,
        durable: bool = False,
    ) -> None:
        """See `System.write_file`."""
        parent, name, resolved = self._made_parent(path)
        try:
            if isinstance(content, bytes):
                try:
                    self._create(parent, name, resolved, content, mode, owner, durable)
                except FileExistsError:
                    if not replace:
                        raise
                    self._create_beside(parent, name, resolved, content, mode, owner, durable)
            else:
                if not replace:
                    _check_free(parent, name)  # first of all: what takes long to come would come for nothing
                self._create_beside(parent, name, resolved, content, mode, owner, durable)
            if durable:
                self._settle(parent)
        except OSError as error:
            raise FileFault.of("write", path, error) from error

    def append_file(
        self,
        path: str,
        content: Content,
        *,
        mode: int | None = None,
        owner: tuple[int, int] | None = None,
        durable: bool = False,
    ) -> None:
        """See `System.append_file`."""
        try:
            self.write_file(path, content, mode=0o644 if mode is None else mode, owner=owner, durable=durable)
        except FileExists:
            if not isinstance(content, bytes):
                self._append_from_beside(path, content, mode, owner, durable)
                return
            with self._opened(path, _APPEND, "append to") as descriptor:
                _write(descriptor, content)
                self._set_rights(descriptor, self.resolve(path), owner, mode)
                if durable:
                    os.fsync(descriptor)

    def settle(self, path: str) -> None:
        """See `System.settle`."""
        found = self.look(path)
        if found is not None and found.kind in {FILE, DIRECTORY}:
            with self._opened(path, _READ, "sync", any_kind=True) as descriptor:
                os.fsync(descriptor)

    def temporary(self, path: str) -> str:
        """See `System.temporary`."""
        directory, _, name = self.resolve(path).rpartition("/")
        return f"{directory}/{_beside(name)}"

    # Directories, links

    def make_directory(self, path: str, mode: int = 0o755, owner: tuple[int, int] | None = None) -> None:
        """See `System.make_directory`."""
        parent, name, resolved = self._made_parent(path)
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
            self._forget(resolved)
            descriptor = os.open(name, _READ | os.O_DIRECTORY, dir_fd=parent)
            try:
                self._set_rights(descriptor, resolved, owner, mode)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise FileFault.of("make directory", path, error) from error

    def link(self, path: str, target: str) -> None:
        """See `System.link`."""
        parent, name, resolved = self._made_parent(path)
        try:
            os.symlink(target, name, dir_fd=parent)
        except (OSError, ValueError) as error:
            raise _fault("make link", path, error) from error
        self._directories.forget(resolved)
        self._forget(resolved)

    def hard_link(self, path: str, target: str) -> None:
        """See `System.hard_link`."""
        source, old, _ = self._existing_parent("link to", target)
        source = os.dup(source)  # the next walk may close what it borrowed
        try:
            parent, name, _ = self._made_parent(path)
            os.link(old, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        except OSError as error:
            raise FileFault.of("make hard link", path, error) from error
        finally:
            os.close(source)

    def rename(self, path: str, target: str) -> None:
        """See `System.rename`."""
        source, old, resolved = self._existing_parent("rename", path)
        source = os.dup(source)
        try:
            parent, name, goal = self._made_parent(target)
            os.rename(old, name, src_dir_fd=source, dst_dir_fd=parent)
        except OSError as error:
            raise FileFault.of("rename", path, error) from error
        finally:
            os.close(source)
        self._directories.forget(resolved)
        self._directories.forget(goal)
        self._renamed(resolved, goal)

    def remove_tree(self, path: str) -> None:
        """See `System.remove_tree`."""
        parent, name, resolved = self._directories.parent(path)
        if name == ".":
            raise FileFault("remove", path, "it is the root")
        if parent is None:
            return
        try:
            _remove(parent, name, path, DEEPEST)
        except OSError as error:
            raise FileFault.of("remove", path, error) from error
        finally:
            self._directories.forget(resolved)
            self._removed(resolved)

    # Rights

    def set_owner(self, path: str, uid: int, gid: int) -> None:
        """See `System.set_owner`."""
        descriptor, name, _ = self._existing_parent("change the owner of", path)
        try:
            os.chown(name, uid, gid, dir_fd=descriptor, follow_symlinks=False)
        except (OSError, OverflowError) as error:
            raise _fault("change the owner of", path, error) from error

    def set_mode(self, path: str, mode: int) -> None:
        """See `System.set_mode`."""
        with self._opened(path, _READ, "change the mode of", any_kind=True) as descriptor:
            self._set_rights(descriptor, self.resolve(path), None, mode)

    def attributes(self, path: str) -> dict[str, bytes]:
        """See `System.attributes`."""
        descriptor, name, _ = self._existing_parent("read the attributes of", path)
        try:
            return attributes.read(descriptor, name)
        except OSError as error:
            raise FileFault.of("read the attributes of", path, error) from error

    def set_attributes(self, path: str, wanted: Mapping[str, bytes]) -> None:
        """See `System.set_attributes`."""
        descriptor, name, _ = self._existing_parent("set the attributes of", path)
        try:
            attributes.write(descriptor, name, wanted)
        except OSError as error:
            raise FileFault.of("set the attributes of", path, error) from error

    def _set_rights(self, descriptor: int, path: str, owner: tuple[int, int] | None, mode: int | None) -> None:
        """Set owner, then mode: chown(2) clears the bits for set-user-id and set-group-id."""
        if owner is not None and owner != (KEEP, KEEP):
            os.fchown(descriptor, *owner)
        if mode is not None:
            os.fchmod(descriptor, mode)

    def _forget(self, path: str) -> None:
        """A resolved path is about to be something new."""

    def _removed(self, path: str) -> None:
        """A resolved path and all below it is gone."""

    def _renamed(self, path: str, target: str) -> None:
        """A resolved path and all below it has another name."""

    # Locks

    @contextmanager
    def lock(self, path: str) -> Iterator[None]:
        """See `System.lock`."""
        with suppress(FileExists):
            self.write_file(path, b"", mode=0o600)
        with self._opened(path, _APPEND, "lock") as descriptor:
            until = time.monotonic() + PATIENCE
            while True:
                try:
                    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as error:
                    if time.monotonic() > until:
                        raise FileFault("lock", path, f"another process has held it for {PATIENCE:.0f} s") from error
                    time.sleep(0.05)
            yield

    # Inside

    @contextmanager
    def _opened(self, path: str, flags: int, verb: str, *, any_kind: bool = False) -> Iterator[int]:
        """Open a regular file (or a directory, if `any_kind`); errors of the operating system become faults."""
        parent, name, _ = self._existing_parent(verb, path)
        try:
            descriptor = os.open(name, flags, dir_fd=parent)
        except OSError as error:
            reason = "it is a link" if error.errno == errno.ELOOP else os.strerror(error.errno or 0).lower()
            raise FileFault(verb, path, reason) from error
        try:
            if not any_kind and not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileFault(verb, path, "not a regular file")
            yield descriptor
        except OSError as error:
            raise FileFault.of(verb, path, error) from error
        finally:
            os.close(descriptor)

    def _existing_parent(self, verb: str, path: str) -> tuple[int, str, str]:
        descriptor, name, resolved = self._directories.parent(path)
        if descriptor is None:
            raise FileFault(verb, path, "no such file or directory")
        return descriptor, name, resolved

    def _made_parent(self, path: str) -> tuple[int, str, str]:
        descriptor, name, resolved = self._directories.parent(path, create=True)
        if descriptor is None or name == ".":
            raise FileFault("make", path, "it is the root")
        return descriptor, name, resolved

    def _create(
        self,
        parent: int,
        name: str,
        resolved: str,
        content: Content,
        mode: int,
        owner: tuple[int, int] | None,
        durable: bool,
    ) -> None:
        """Create a file exclusively, private until its bytes, owner and mode are in place; nothing stays on failure."""
        descriptor = os.open(name, _NEW, 0o600, dir_fd=parent)
        try:
            if isinstance(content, bytes):
                _write(descriptor, content)
            else:
                content(partial(_write, descriptor))
            self._forget(resolved)
            self._set_rights(descriptor, resolved, owner, mode)
            if durable:
                os.fsync(descriptor)
        except BaseException:
            os.unlink(name, dir_fd=parent)
            raise
        finally:
            os.close(descriptor)

    def _create_beside(
        self,
        parent: int,
        name: str,
        resolved: str,
        content: Content,
        mode: int,
        owner: tuple[int, int] | None,
        durable: bool,
    ) -> None:
        """Create a file under a temporary name, then let it take the place of what has the real one."""
        temporary = _beside(name)
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)  # a run that was cut off has left it
        self._create(parent, temporary, resolved, content, mode, owner, durable)
        try:
            os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        except OSError:
            os.unlink(temporary, dir_fd=parent)
            raise
        self._directories.forget(resolved)  # what was replaced may have been a link

    def _append_from_beside(
        self, path: str, content: Content, mode: int | None, owner: tuple[int, int] | None, durable: bool
    ) -> None:
        """Append what comes piece by piece, once all of it is there."""
        temporary = self.temporary(path)
        self.write_file(temporary, content, mode=0o600, replace=True)
        try:
            with self._opened(path, _APPEND, "append to") as descriptor:
                for piece in self.chunks(temporary):
                    _write(descriptor, piece)
                self._set_rights(descriptor, self.resolve(path), owner, mode)
                if durable:
                    os.fsync(descriptor)
        finally:
            self.remove_tree(temporary)

    def _settle(self, parent: int) -> None:
        """Make the names in a directory survive a loss of power."""
        descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=parent)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _beside(name: str) -> str:
    """The temporary name for a file: always the same one, so that a second run leaves none of the first behind."""
    return f".{zlib.crc32(os.fsencode(name)):08x}.tmp"


def _check_free(parent: int, name: str) -> None:
    """Raise FileExistsError when a directory has the name."""
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=parent, follow_symlinks=False)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _remove(parent: int, name: str, path: str, depth: int) -> None:
    """Remove a name in a directory and all below it, never following a link."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):  # unlink(2): EISDIR on Linux, EPERM by POSIX
        pass
    else:
        return
    if not depth:
        raise FileFault("remove", path, f"more than {DEEPEST} directories within each other")
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        for child in os.listdir(descriptor):
            _remove(descriptor, child, path, depth - 1)
    finally:
        os.close(descriptor)
    os.rmdir(name, dir_fd=parent)


def _fault(verb: str, path: str, error: Exception) -> FileFault:
    return FileFault.of(verb, path, error) if isinstance(error, OSError) else FileFault(verb, path, str(error))
