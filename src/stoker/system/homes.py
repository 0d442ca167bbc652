"""Home directories: made from the skeleton, handed over, moved and removed, through the System protocol."""

from __future__ import annotations

from stoker.system.account_defaults import defaults_of
from stoker.system.protocol import DIRECTORY, FILE, KEEP, LINK, Look, System, UserFields

DEEPEST = 100  # directories within each other that are copied or handed over


def make_home(system: System, home: str, skeleton: str, owner: tuple[int, int], mode: int) -> None:
    """Make a home directory with what is in the skeleton. One that is there already stays as it is."""
    if system.look(home) is not None:
        return
    system.make_directory(home, 0o700, owner)
    if _is_directory(system, skeleton):
        _copy(system, skeleton, home, owner, DEEPEST)
    system.set_mode(home, mode)


def home_of(system: System, fields: UserFields) -> str:
    """Where the home directory of a new user goes."""
    return fields.home or f"{defaults_of(system).homes.rstrip('/')}/{fields.name}"


def hand_over(system: System, home: str, old: tuple[int, int], new: tuple[int, int]) -> None:
    """Give what is in a home directory and has the old user or group to the new one (usermod(8) --uid, --gid)."""
    found = system.look(home)
    if found is not None and found.kind == DIRECTORY and found.uid == old[0]:
        _hand_over(system, home, found, old, new, DEEPEST)


def _is_directory(system: System, path: str) -> bool:
    found = system.look(path)
    return found is not None and found.kind == DIRECTORY


def _copy(system: System, source: str, target: str, owner: tuple[int, int], depth: int) -> None:
    for name in system.list(source):
        old, new = f"{source}/{name}", f"{target}/{name}"
        found = system.look(old)
        if found is None:
            continue
        if found.kind == FILE:
            system.write_file(new, system.read(old), mode=found.mode, owner=owner)
        elif found.kind == LINK:
            system.link(new, system.read_link(old))
            system.set_owner(new, *owner)
        elif found.kind == DIRECTORY and depth:
            system.make_directory(new, found.mode, owner)
            _copy(system, old, new, owner, depth - 1)


def _hand_over(system: System, path: str, found: Look, old: tuple[int, int], new: tuple[int, int], depth: int) -> None:
    uid = new[0] if found.uid == old[0] else KEEP
    gid = new[1] if found.gid == old[1] else KEEP
    if (uid, gid) != (KEEP, KEEP):
        system.set_owner(path, uid, gid)
        if found.kind in {FILE, DIRECTORY} and found.mode & 0o6000:
            system.set_mode(path, found.mode)
    if found.kind == DIRECTORY and depth:
        for name in system.list(path):
            child = f"{path}/{name}"
            below = system.look(child)
            if below is not None:
                _hand_over(system, child, below, old, new, depth - 1)
