"""Files that are to appear all at once: bytes are written and synced under temporary names, then renamed into place.

All that can fail for want of space happens while staging; what is left is renames within a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from stoker.store.errors import InvalidKeyError
from stoker.store.limits import TEMPORARY

FOLDER_MODE = 0o755
FILE_MODE = 0o644
STALE = 60.0


class Step(NamedTuple):
    """One file on its way: the key, and the name of the temporary file in its folder, "" to take the key's away."""

    key: str
    temporary: str


def stage(root: Path, files: Iterable[tuple[str, bytes | None]]) -> list[Step]:
    """Write the bytes of each key, None for one that goes, beside where they shall be.

    Raises InvalidKeyError where a key leads out of its folder or through a file, or OSError, and then leaves nothing.
    """
    steps: list[Step] = []
    try:
        for key, data in files:
            folder = _folder(root, key, make=data is not None)
            step = Step(key, f"{TEMPORARY}{os.urandom(8).hex()}" if data is not None else "")
            steps.append(step)
            if data is not None:
                _write(folder / step.temporary, data)
        _sync_folders(root, steps)  # or a power failure might take the names, after it was decided that they count
    except BaseException:
        discard(root, steps)
        raise
    return steps


def land(root: Path, steps: Sequence[Step]) -> None:
    """Take each step, whether or not it was taken already, and sync the folders. Raises OSError.

    Where a person has made a folder since, that stays: it is the newer.
    """
    for key, temporary in steps:
        path = root / key
        try:
            if temporary:
                path.with_name(temporary).replace(path)
            else:
                path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            continue  # it was taken before
        except IsADirectoryError:
            discard(root, [Step(key, temporary)])
    _sync_folders(root, steps)


def discard(root: Path, steps: Iterable[Step]) -> None:
    """Take away what was staged, as far as that can be done."""
    for key, temporary in steps:
        if temporary:
            try:
                (root / key).with_name(temporary).unlink()
            except OSError:
                continue


def sweep(root: Path, folders: Iterable[str], now: float) -> None:
    """Take away what was staged more than a minute before `now`, seconds since 1970, by who did not live to land it."""
    for folder in folders:
        for path, _, names in os.walk(root / folder):
            for name in names:
                if name.startswith(TEMPORARY):
                    _take_away_if_old(Path(path, name), now)


def _take_away_if_old(path: Path, now: float) -> None:
    try:
        if path.stat().st_mtime < now - STALE:
            path.unlink()
    except OSError:
        return


def _folder(root: Path, key: str, *, make: bool) -> Path:
    """The folder of a key. A top folder may be a link to anywhere; from there on nothing leads out of it."""
    above = key.split("/")[:-1]
    folder, top = root, root / above[0]
    for part in above:
        folder /= part
        if not folder.is_dir():
            if folder.is_symlink() or folder.exists():
                raise InvalidKeyError(key, "leads through a file")
            if make:
                folder.mkdir()
                folder.chmod(FOLDER_MODE)  # whatever the umask says
                sync_folder(folder.parent)
        if not folder.resolve().is_relative_to(top.resolve()):
            raise InvalidKeyError(key, "leads out of its folder")
    if (root / key).is_dir():
        raise InvalidKeyError(key, "is a folder")
    return folder


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), FILE_MODE)
        os.fsync(file.fileno())


def _sync_folders(root: Path, steps: Iterable[Step]) -> None:
    for folder in {(root / step.key).parent for step in steps}:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlive a power failure; one that is not there has none. Raises OSError."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
