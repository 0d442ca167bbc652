"""What was at a path before it was changed, and putting that back: in goes a path of a machine, out comes a Before.

A Before is all that a machine can be asked for: kind, bytes, mode, owner, extended attributes, where a link leads; of a
directory, if so asked, all that is below it. Times are not put back, and names that shared one file share it no more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.errors import EngineFault
from stoker.engine.originals import Originals, digest_of
from stoker.system import Look, System
from stoker.system.protocol import DIRECTORY, FILE, LINK

NOTHING: Final = "nothing"
UNKNOWN: Final = "unknown"
DEEPEST: Final = 100  # directories within each other that are kept
MOST: Final = 100_000  # names below one directory that are kept

Keep = Callable[[str], str]  # takes the path of a file, gives a digest of its bytes


class Before(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was at a path. `digest` is the SHA-256 of a file's bytes; empty, and `below` None, where nobody asked.

    The kind is one of the machine's, or `nothing`, or `unknown`: then there was something, of which no more is known.
    """

    kind: str = NOTHING
    mode: int = 0
    uid: int = 0
    gid: int = 0
    digest: str = ""
    target: str = ""
    attributes: dict[str, bytes] = {}
    below: dict[str, Before] | None = None

    def digests(self) -> set[str]:
        """The digests of all the files that it tells of."""
        own = {self.digest} if self.digest else set()
        return own.union(*(past.digests() for past in (self.below or {}).values()))


ABSENT: Final = Before()


def take(system: System, path: str, keep: Keep, *, whole: bool = False) -> Before:
    """What is at a path now; with all that is below it, if `whole`. `keep` gets each file whose bytes matter.

    Raises `EngineFault` for what could not be made again: a device, a socket, more names than `MOST`.
    """
    return _take(system, path, keep, [MOST] if whole else None, DEEPEST)


def put_back(system: System, path: str, past: Before, originals: Originals, *, whole: bool = False) -> bool:
    """Make a path what it was; do nothing where it is that already. Whether that could be done.

    Where there was nothing, a directory goes only when it is empty, unless it is to go `whole`.
    """
    system.remove_tree(system.temporary(path))
    found = system.look(path)
    if past.kind == UNKNOWN or (past.kind == FILE and not past.digest and (found is None or found.kind != FILE)):
        return False
    if past.kind == NOTHING:
        if found is not None and found.kind == DIRECTORY and not whole and system.list(path):
            return False
        system.remove_tree(path)
        return True
    if found is not None and found.kind != past.kind:
        system.remove_tree(path)
        found = None
    _MAKERS[past.kind](system, path, past, originals, found)
    if system.attributes(path) != past.attributes:
        system.set_attributes(path, past.attributes)
    return True


def is_there(system: System, path: str, past: Before) -> bool:
    """Whether a path is what it was; what is below a directory does not count."""
    found = system.look(path)
    if found is None or past.kind != found.kind:
        return found is None and past.kind == NOTHING
    if (found.mode, found.uid, found.gid) != (past.mode, past.uid, past.gid):
        return False
    if past.kind == LINK:
        return system.read_link(path) == past.target
    return past.kind != FILE or not past.digest or digest_of(system, path) == past.digest


def _take(system: System, path: str, keep: Keep, left: list[int] | None, depth: int) -> Before:
    found = system.look(path)
    if found is None:
        return ABSENT
    if found.kind not in _MAKERS:
        raise EngineFault(messages.CANNOT_BE_KEPT, path=path)
    attributes = system.attributes(path)
    rights = Before(found.kind, found.mode, found.uid, found.gid, attributes=attributes)
    if found.kind == FILE:
        return msgspec.structs.replace(rights, digest=keep(path))
    if found.kind == LINK:
        return msgspec.structs.replace(rights, target=system.read_link(path))
    if left is None:
        return rights
    names = system.list(path)
    left[0] -= len(names)
    if left[0] < 0 or not depth:
        raise EngineFault(messages.TOO_MANY_TO_KEEP, path=path, most=MOST, deepest=DEEPEST)
    below = {name: _take(system, f"{path.rstrip('/')}/{name}", keep, left, depth - 1) for name in names}
    return msgspec.structs.replace(rights, below=below)


def _make_file(system: System, path: str, past: Before, originals: Originals, found: Look | None) -> None:
    if found is None or (past.digest and originals.differ(path, past.digest)):
        owner = (past.uid, past.gid)
        pour = partial(originals.pour, past.digest)
        system.write_file(path, pour, mode=past.mode, owner=owner, replace=True)
    else:
        _set_rights(system, path, past, found)


def _make_directory(system: System, path: str, past: Before, originals: Originals, found: Look | None) -> None:
    if found is None:
        system.make_directory(path, past.mode, (past.uid, past.gid))
    else:
        _set_rights(system, path, past, found)
    if past.below is None:
        return
    for name in system.list(path):
        if name not in past.below:
            system.remove_tree(f"{path.rstrip('/')}/{name}")
    for name, child in past.below.items():
        put_back(system, f"{path.rstrip('/')}/{name}", child, originals)


def _make_link(system: System, path: str, past: Before, _originals: Originals, found: Look | None) -> None:
    if found is not None and system.read_link(path) != past.target:
        system.remove_tree(path)
        found = None
    if found is None:
        system.link(path, past.target)
    if found is None or (found.uid, found.gid) != (past.uid, past.gid):
        system.set_owner(path, past.uid, past.gid)


def _set_rights(system: System, path: str, past: Before, found: Look) -> None:
    """Owner, then mode: a change of owner clears bits of the mode (chown(2))."""
    if (found.uid, found.gid) != (past.uid, past.gid):
        system.set_owner(path, past.uid, past.gid)
    if found.mode != past.mode or (found.uid, found.gid) != (past.uid, past.gid):
        system.set_mode(path, past.mode)


_MAKERS: Final[dict[str, Callable[[System, str, Before, Originals, Look | None], None]]] = {
    FILE: _make_file,
    DIRECTORY: _make_directory,
    LINK: _make_link,
}
