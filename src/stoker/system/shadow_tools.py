"""Accounts by the machine's own tools: what is asked of a user or group comes in, useradd(8) and its kin are called.

They are called by name with `--root`, in the order of arguments that Ignition has (2.27): images and tests put tools of
their own in the way. Looking is done in the account files themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from stoker.system.account_files import AccountFiles
from stoker.system.protocol import GroupFields, System, UserFields

NO_PASSWORD = "*"


class ShadowTools(AccountFiles):
    """The accounts of a machine that has the shadow tools."""

    def __init__(self, system: System) -> None:
        super().__init__(system)
        self._machine = system

    def add_user(self, fields: UserFields) -> None:
        """See `Accounts.add_user`. Nobody logs in by password as a user that was given none."""
        flags = {
            "--no-user-group": not fields.user_group,
            "--system": fields.system,
            "--no-log-init": not fields.log_init,
        }
        arguments = [
            *_option("--home-dir", fields.home),
            "--create-home" if fields.create_home else "--no-create-home",
            *(flag for flag, is_set in flags.items() if is_set),
            *_option("--password", NO_PASSWORD if fields.password is None else fields.password),
        ]
        self._call("useradd", [*arguments, *_common(fields)], fields.name)
        self._set_password(fields)

    def change_user(self, fields: UserFields) -> None:
        """See `Accounts.change_user`."""
        home = ["--home", fields.home, "--move-home"] if fields.home else []
        self._call("usermod", [*home, *_option("--password", fields.password), *_common(fields)], fields.name)
        self._set_password(fields)

    def remove_user(self, name: str, *, keep_home: bool = False) -> None:
        """See `Accounts.remove_user`."""
        remove = [] if keep_home else ["--remove"]
        self._machine.run(["userdel", *remove, "--root", self._root, name])

    def add_group(self, fields: GroupFields) -> None:
        """See `Accounts.add_group`."""
        self._call("groupadd", [*_group(fields), *(["--system"] if fields.system else [])], fields.name)

    def change_group(self, fields: GroupFields) -> None:
        """See `Accounts.change_group`."""
        self._call("groupmod", _group(fields), fields.name)

    def remove_group(self, name: str) -> None:
        """See `Accounts.remove_group`."""
        self._call("groupdel", [], name)

    @property
    def _root(self) -> str:
        return self._machine.root or "/"

    def _set_password(self, fields: UserFields) -> None:
        """Set a password that was asked for once more, on its own, as Ignition does."""
        if fields.password is not None:
            self._call("usermod", ["--password", fields.password], fields.name)

    def _call(self, tool: str, arguments: Sequence[str], name: str) -> None:
        self._machine.run([tool, "--root", self._root, *arguments, name])


def _option(name: str, value: str | None) -> list[str]:
    return [] if value is None else [name, value]


def _common(fields: UserFields) -> list[str]:
    """What useradd(8) and usermod(8) both take."""
    return [
        *_option("--uid", None if fields.uid is None else str(fields.uid)),
        *_option("--comment", fields.gecos),
        *_option("--gid", fields.primary_group),
        *_option("--groups", ",".join(fields.groups) if fields.groups or fields.only_groups else None),
        *_option("--shell", fields.shell),
    ]


def _group(fields: GroupFields) -> list[str]:
    return [
        *_option("--gid", None if fields.gid is None else str(fields.gid)),
        *_option("--password", fields.password),
    ]
