"""SELinux labels: in go paths that a first boot has written, out goes one call of setfiles(8) for all of them.

Labels are those of the policy that the machine will boot with, which is not loaded yet. A root without
/etc/selinux/config has none. Source: Ignition's operator notes, "SELinux"; selinux_config(5).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

import msgspec

from stoker.engine import messages
from stoker.engine.errors import Refused
from stoker.engine.operations.operation import Touch
from stoker.fetch import Fetch
from stoker.system import System

CONFIG = "/etc/selinux/config"
ACCOUNTS = ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")
LONG = 3600.0  # seconds that setfiles may take for a large tree


class Relabel(msgspec.Struct, frozen=True, kw_only=True):
    """Label paths, with all that is below them; those that are not there then are left out.

    With `users`, the files of the accounts and the homes of these users are labelled, too.
    """

    paths: tuple[str, ...]
    users: tuple[str, ...] = ()
    with_accounts: bool = False

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"relabeling {len(self.paths)} patterns"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return ()

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`: what the labels are is not looked at."""
        return False

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        relabel(system, [*self.paths, *(_account_files(system) if self.with_accounts else ()), *self._homes(system)])

    def _homes(self, system: System) -> list[str]:
        users = [system.accounts.user(name) for name in self.users]
        return [system.resolve(user.home, follow=True) for user in users if user is not None]


def has_labels(system: System) -> bool:
    """Whether the machine boots with a policy that labels files."""
    return system.look(system.resolve(CONFIG, follow=True)) is not None


def first_missing(system: System, path: str) -> str:
    """The first component of a resolved path that is not there and will need a label; the path, if all are."""
    parts = path.strip("/").split("/")
    places = ("/" + "/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    return next((place for place in places if system.look(place) is None), path)


def relabel(system: System, paths: Iterable[str]) -> None:
    """Label paths with all that is below them, those that are there. Raises `Refused`, `SystemFault`."""
    found = [path for path in dict.fromkeys(paths) if system.look(path) is not None]
    if not found:
        return
    contexts = f"{system.root}/etc/selinux/{_policy(system)}/contexts/files/file_contexts"
    names = b"".join((system.root + path).encode("utf-8", "surrogateescape") + b"\0" for path in found)
    system.run(["setfiles", "-vF0", "-r", system.root or "/", contexts, "-f", "-"], names, LONG)


def _policy(system: System) -> str:
    text = system.read(system.resolve(CONFIG, follow=True), 1 << 20).decode(errors="replace")
    values = [line.strip().partition("=")[2] for line in text.splitlines() if line.strip().startswith("SELINUXTYPE=")]
    if not values or not values[0] or posixpath.basename(values[0]) != values[0]:
        raise Refused(messages.NO_POLICY, path=CONFIG)
    return values[0]


def _account_files(system: System) -> list[str]:
    """The files of the accounts, their backups among them, and their lock."""
    names = system.list("/etc") if system.look(system.resolve("/etc", follow=True)) is not None else []
    return [f"/etc/{name}" for name in names if name.startswith(ACCOUNTS) or name == ".pwd.lock"]
