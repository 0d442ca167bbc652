"""A scratch tree: a machine that anyone may provision without root, to rehearse or to look at.

Nothing is chowned. Files have the permission bits asked for, but their owner can always read and write them and no bit
for set-user-id, set-group-id or sticky is set: on a rehearsal's disk those would be a hole. What therefore differs
from the tree is kept in a manifest beside it, a JSON object of path to `[mode, uid, gid]`; what is not in it belongs
to root:root.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import msgspec

from stoker.system.account_files import AccountFiles
from stoker.system.devices import BlockDevices
from stoker.system.errors import CommandFault, FileFault
from stoker.system.protocol import KEEP, NO_BOOT, Accounts, Look
from stoker.system.replace import replace_file
from stoker.system.tree import Tree


class Rights(msgspec.Struct, array_like=True):
    """What the manifest keeps of a path. A mode of None is the one that the file has."""

    mode: int | None = None
    uid: int = 0
    gid: int = 0


class ScratchSystem(Tree):
    """A machine that is only a tree and a manifest of what the tree cannot hold."""

    def __init__(
        self,
        root: Path,
        manifest: Path | None = None,
        clock: Callable[[], float] = time.time,
        devices: BlockDevices | None = None,
    ) -> None:
        """Open the tree below `root`, which is made when missing; `manifest` is `ROOT.rights.json` by default.

        Beside an empty tree, a manifest is one of an earlier tree and means nothing.
        """
        try:
            root.mkdir(parents=True, exist_ok=True)
            is_empty = not any(root.iterdir())
        except OSError as error:
            raise FileFault.of("make", str(root), error) from error
        super().__init__(root, clock)
        self.devices = devices
        self._manifest = manifest or _manifest_of(root)
        self._rights = {} if is_empty else _read(self._manifest)
        self._written = None if is_empty or not self._manifest.exists() else self._text()
        self.accounts: Accounts = AccountFiles(self)

    def close(self) -> None:
        """Write the manifest, unless it says already what it would, and let go of the tree."""
        super().close()
        text = self._text()
        if text == self._written:
            return
        try:
            replace_file(str(self._manifest), text)
        except OSError as error:
            raise FileFault.of("write the manifest", str(self._manifest), error) from error

    def _text(self) -> bytes:
        """The manifest as it is written."""
        return msgspec.json.format(msgspec.json.encode(dict(sorted(self._rights.items())))) + b"\n"

    def look(self, path: str) -> Look | None:
        """See `System.look`: owner and mode come from the manifest."""
        found = super().look(path)
        if found is None:
            return None
        rights = self._rights.get(self.resolve(path))
        if rights is None:
            return found._replace(uid=0, gid=0)
        return found._replace(mode=found.mode if rights.mode is None else rights.mode, uid=rights.uid, gid=rights.gid)

    def settle(self, path: str) -> None:
        """See `System.settle`: a rehearsal need not survive anything."""

    def hard_link(self, path: str, target: str) -> None:
        """See `System.hard_link`: both names share one entry of the manifest."""
        super().hard_link(path, target)
        rights = self._rights.get(self.resolve(target))
        if rights is not None:
            self._rights[self.resolve(path)] = rights

    def set_owner(self, path: str, uid: int, gid: int) -> None:
        """See `System.set_owner`."""
        if self.look(path) is None:
            raise FileFault("change the owner of", path, "no such file or directory")
        self._own(self.resolve(path), (uid, gid))

    def run(self, arguments: Sequence[str], stdin: bytes = b"", seconds: float = 60.0) -> NoReturn:
        """See `System.run`: there is nothing in a scratch tree that could run."""
        raise CommandFault(arguments, "a scratch tree runs no commands")

    def boot_id(self) -> str:
        """See `System.boot_id`: nothing is booted."""
        return NO_BOOT

    def _set_rights(self, descriptor: int, path: str, owner: tuple[int, int] | None, mode: int | None) -> None:
        if owner is not None:
            self._own(path, owner)
        if mode is None:
            return
        real = mode & 0o777 | (0o700 if stat.S_ISDIR(os.fstat(descriptor).st_mode) else 0o600)
        os.fchmod(descriptor, real)
        if real != mode:
            self._rights.setdefault(path, Rights()).mode = mode
        elif path in self._rights:
            self._rights[path].mode = None

    def _own(self, path: str, owner: tuple[int, int]) -> None:
        uid, gid = owner
        rights = self._rights.get(path)
        if rights is None:
            if max(uid, 0) == 0 and max(gid, 0) == 0:
                return
            rights = self._rights[path] = Rights()
        rights.uid = rights.uid if uid == KEEP else uid
        rights.gid = rights.gid if gid == KEEP else gid

    def _forget(self, path: str) -> None:
        if self._rights:
            self._rights.pop(path, None)

    def _removed(self, path: str) -> None:
        below = path + "/"
        for name in [name for name in self._rights if name == path or name.startswith(below)]:
            del self._rights[name]

    def _renamed(self, path: str, target: str) -> None:
        below = path + "/"
        for name in [name for name in self._rights if name == path or name.startswith(below)]:
            self._rights[target + name[len(path) :]] = self._rights.pop(name)


def has_manifest(root: Path) -> bool:
    """Whether a tree is one that was made without root, with a manifest of its owners beside it."""
    return bool(root.name) and _manifest_of(root).exists()


def _manifest_of(root: Path) -> Path:
    return root.with_name(root.name + ".rights.json")


def _read(manifest: Path) -> dict[str, Rights]:
    try:
        return msgspec.json.decode(manifest.read_bytes(), type=dict[str, Rights])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise FileFault("read the manifest", str(manifest), str(error)) from error
