"""Old bytes kept for later: in goes a file of a machine, out comes a digest by which its bytes can be had again.

They lie on the machine itself, each under the SHA-256 of what it holds, so the same bytes are kept once. Only root can
read them: `/etc/shadow` is among them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from typing import Final

from stoker.engine import messages
from stoker.engine.errors import EngineFault
from stoker.system import System

LIMIT: Final = 1 << 30  # bytes that are kept at a time
PRIVATE: Final = 0o700
MODE: Final = 0o600


class Originals:
    """The old bytes kept in one directory of a machine, at most `limit` of them."""

    def __init__(self, system: System, directory: str, limit: int = LIMIT) -> None:
        self._system = system
        self._directory = directory
        self._limit = limit
        self._sizes: dict[str, int] | None = None

    def keep(self, path: str) -> str:
        """Keep the bytes of a regular file; their digest. They are on the disk when this returns.

        Raises `EngineFault` beyond the limit, and when the file changes meanwhile.
        """
        digest, found = digest_of(self._system, path), self._system.look(path)
        sizes, size = self._known(), 0 if found is None else found.size
        if digest in sizes:
            return digest
        if sum(sizes.values()) + size > self._limit:
            raise EngineFault(messages.TOO_MUCH_TO_KEEP, path=path, limit=self._limit)
        copied = hashlib.sha256()

        def copy(write: Callable[[bytes], object]) -> None:
            for piece in self._system.chunks(path):
                copied.update(piece)
                write(piece)
            if copied.hexdigest() != digest:
                raise EngineFault(messages.CHANGED_MEANWHILE, path=path)

        # Piece by piece, since that is under another name until it is complete.
        self._system.write_file(f"{self._directory}/{digest}", copy, mode=MODE, durable=True)
        sizes[digest] = size
        return digest

    def has(self, digest: str) -> bool:
        """Whether the bytes of a digest are kept."""
        return self._system.look(f"{self._directory}/{digest}") is not None

    def pour(self, digest: str, write: Callable[[bytes], object]) -> None:
        """Pass the bytes of a digest on, piece by piece. Raises `SystemFault` when they are not kept."""
        for piece in self._system.chunks(f"{self._directory}/{digest}"):
            write(piece)

    def differ(self, path: str, digest: str) -> bool:
        """Whether a regular file has other bytes than those of a digest."""
        return digest_of(self._system, path) != digest

    def keep_only(self, digests: Collection[str]) -> None:
        """Let go of everything else."""
        if self._system.look(self._directory) is None:
            return
        sizes = self._known()
        for digest in sizes.keys() - set(digests):
            self._system.remove_tree(f"{self._directory}/{digest}")
            del sizes[digest]
        if not sizes:
            self._system.remove_tree(self._directory)
            self._sizes = None

    def _known(self) -> dict[str, int]:
        """What is kept, with its sizes; what a run that was cut off has left unfinished is no part of it."""
        if self._sizes is None:
            if self._system.look(self._directory) is None:
                self._system.make_directory(self._directory, PRIVATE)
            looks = {
                name: self._system.look(f"{self._directory}/{name}") for name in self._system.list(self._directory)
            }
            self._sizes = {name: look.size for name, look in looks.items() if look is not None}
        return self._sizes


def digest_of(system: System, path: str) -> str:
    """The SHA-256 of a regular file."""
    digest = hashlib.sha256()
    for piece in system.chunks(path):
        digest.update(piece)
    return digest.hexdigest()
