"""The protocol of a machine: what the rooms above may ask of it, and the values they get.

Every path is absolute and lies inside the machine's root. Links in its parents are followed as if the root were `/`;
the last component is never followed. Two machines speak this protocol: `RealSystem` and `ScratchSystem`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import msgspec

from stoker.system.devices import BlockDevices

FILE = "file"
DIRECTORY = "directory"
LINK = "link"
OTHER = "other"

KEEP = -1  # in place of a user or group id: leave it as it is


# Bytes to write, or a function that passes them on piece by piece to the one it is given.
Content = bytes | Callable[[Callable[[bytes], object]], object]


class Look(NamedTuple):
    """What is at a path, as lstat(2) says. `mode` is the twelve permission bits; `identity` is device and inode."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    modified: int
    identity: tuple[int, int]


class User(msgspec.Struct, frozen=True):
    """A user, as passwd(5) knows it."""

    name: str
    uid: int
    gid: int
    gecos: str
    home: str
    shell: str


class Group(msgspec.Struct, frozen=True):
    """A group, as group(5) knows it."""

    name: str
    gid: int
    members: tuple[str, ...]


class UserFields(msgspec.Struct, frozen=True):
    """What is asked of a user. None and the empty tuple leave a field to the machine's defaults, or as it is.

    `create_home`, `user_group`, `system` and `log_init` only matter for a user that does not exist yet.
    `groups` replaces the further groups of a user that exists, as usermod(8) --groups does.
    """

    name: str
    uid: int | None = None
    gecos: str | None = None
    home: str | None = None
    shell: str | None = None
    password: str | None = None
    primary_group: str | None = None
    groups: tuple[str, ...] = ()
    create_home: bool = True
    user_group: bool = True
    system: bool = False
    log_init: bool = True


class GroupFields(msgspec.Struct, frozen=True):
    """What is asked of a group. None leaves a field to the machine's defaults, or as it is."""

    name: str
    gid: int | None = None
    password: str | None = None
    system: bool = False


class Accounts(Protocol):
    """The users and groups of a machine. Every verb that changes something raises `AccountFault` when it cannot."""

    def user(self, name: str) -> User | None:
        """Look a user up by name."""

    def group(self, name: str) -> Group | None:
        """Look a group up by name."""

    def users(self) -> list[User]:
        """List all users."""

    def groups(self) -> list[Group]:
        """List all groups."""

    def add_user(self, fields: UserFields) -> None:
        """Add a user as useradd(8) does."""

    def change_user(self, fields: UserFields) -> None:
        """Change a user as usermod(8) does; a home directory moves along with its path."""

    def remove_user(self, name: str) -> None:
        """Remove a user with its home directory, as userdel(8) --remove does."""

    def add_group(self, fields: GroupFields) -> None:
        """Add a group as groupadd(8) does."""

    def change_group(self, fields: GroupFields) -> None:
        """Change a group as groupmod(8) does."""

    def remove_group(self, name: str) -> None:
        """Remove a group as groupdel(8) does."""


class System(Protocol):
    """A machine. Every verb on files raises `FileFault` when the machine refuses."""

    @property
    def root(self) -> str:
        """The directory that is the machine's `/`, as people shall read it; empty when it is `/` itself."""

    @property
    def accounts(self) -> Accounts:
        """The machine's users and groups."""

    @property
    def devices(self) -> BlockDevices | None:
        """The machine's block devices; None when it is a tree alone."""

    def resolve(self, path: str, *, follow: bool = False) -> str:
        """The path with the links in its parents followed, and the last one too if `follow`; what is missing stays."""

    def look(self, path: str) -> Look | None:
        """What is at the path, None when there is nothing."""

    def read(self, path: str, limit: int = 64 << 20) -> bytes:
        """The bytes of a regular file of at most `limit` bytes."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a regular file of any size, piece by piece."""

    def read_link(self, path: str) -> str:
        """What a symbolic link points to, as it is written."""

    def list(self, path: str) -> list[str]:
        """The names in a directory, sorted. A link to a directory is followed."""

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
        """Write a file and the directories above it (0755).

        A new file is created exclusively. Where something other than a directory is already there, `FileExists` is
        raised, unless `replace`: then a temporary file takes its place in one step. `durable` returns only when
        file and directory would survive a loss of power. Content that comes piece by piece is in a temporary file
        until the last piece is there; what its function raises leaves nothing behind.
        """

    def append_file(
        self, path: str, content: Content, *, mode: int | None = None, owner: tuple[int, int] | None = None
    ) -> None:
        """Add bytes to the end of a regular file; a missing one is made, 0644 unless `mode` says otherwise."""

    def make_directory(self, path: str, mode: int = 0o755, owner: tuple[int, int] | None = None) -> None:
        """Make a directory and those above it (0755). Raises `FileExists` when something is there."""

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link and the directories above it."""

    def hard_link(self, path: str, target: str) -> None:
        """Make another name for the file at `target`, a path inside the root."""

    def rename(self, path: str, target: str) -> None:
        """Give a file or directory another name in the same file system."""

    def remove_tree(self, path: str) -> None:
        """Remove what is at the path and all below it. Nothing there is fine; `/` is refused."""

    def set_owner(self, path: str, uid: int, gid: int) -> None:
        """Give a path to a user and a group; `KEEP` leaves one of them. A link itself, not what it points to."""

    def set_mode(self, path: str, mode: int) -> None:
        """Set the twelve permission bits of a file or directory. A link is refused."""

    def mount(self, path: str, node: str, format_: str, options: Sequence[str]) -> None:
        """Mount a device at a directory inside the root. Raises `DeviceFault` or `CommandFault`."""

    def unmount(self, path: str) -> None:
        """Unmount what is mounted at a path inside the root. Raises `DeviceFault` or `CommandFault`."""

    def mounted(self, path: str) -> str:
        """The node that is mounted at a path inside the root, empty when none is."""

    def lock(self, path: str) -> AbstractContextManager[None]:
        """Hold an advisory lock on a file, as lckpwdf(3) does: made 0600 when missing, waited for at most 15 s."""

    def run(self, arguments: Sequence[str], stdin: bytes = b"", seconds: float = 60.0) -> bytes:
        """Run a command without a shell and return what it printed. Raises `CommandFault`."""

    def now(self) -> float:
        """The machine's clock, in seconds since 1970."""

    def boot_id(self) -> str:
        """The id of the current boot (random(4)); all zeros where nothing is booted. Raises `FileFault`."""

    def close(self) -> None:
        """Let go of the machine."""
