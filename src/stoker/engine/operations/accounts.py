"""Operations on users, groups and their ssh keys. Sources: the Ignition specification, `passwd`; sshd(8)."""

from __future__ import annotations

from stoker.engine import messages
from stoker.engine.errors import Refused
from stoker.engine.operations.operation import Altered, Touch, Undoable, quoted
from stoker.fetch import Fetch
from stoker.system import Accounts, GroupFields, System, User, UserFields, homes
from stoker.system.account_files import LOCK
from stoker.system.databases import MODES
from stoker.system.protocol import DIRECTORY

# What the shadow tools write beside the account files: copies of what was there before, and their lock.
ACCOUNT_FILES = (*MODES, *(f"{path}-" for path in MODES), LOCK)
KEYS_MODE = 0o600
KEYS_DIRECTORY_MODE = 0o700


class AccountOperation(Undoable, frozen=True):
    """What operations on users and groups have in common: they change accounts, be it on paper."""

    def change(self, accounts: Accounts) -> None:
        """Change the accounts. Raises `AccountFault`, or `CommandFault` by the tools of a machine."""
        raise NotImplementedError

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        self.change(system.accounts)


class AddGroup(AccountOperation, frozen=True):
    """Add a group."""

    fields: GroupFields

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"adding group {quoted(self.fields.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("group", self.fields.name),)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return _account_files(system)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        fields = self.fields
        found = system.accounts.group(fields.name)
        same_password = fields.password in {None, system.accounts.group_password(fields.name)}
        return found is not None and fields.gid in {None, found.gid} and same_password

    def change(self, accounts: Accounts) -> None:
        """See `AccountOperation.change`."""
        accounts.add_group(self.fields)


class ChangeGroup(AddGroup, frozen=True):
    """Change a group that is there."""

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"modifying group {quoted(self.fields.name)}"

    def change(self, accounts: Accounts) -> None:
        """See `AccountOperation.change`."""
        accounts.change_group(self.fields)


class RemoveGroup(AccountOperation, frozen=True):
    """Remove a group."""

    name: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"deleting group {quoted(self.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("group", self.name),)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return _account_files(system)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return system.accounts.group(self.name) is None

    def change(self, accounts: Accounts) -> None:
        """See `AccountOperation.change`."""
        accounts.remove_group(self.name)


class AddUser(AccountOperation, frozen=True):
    """Add a user."""

    fields: UserFields

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"creating or modifying user {quoted(self.fields.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        user = system.accounts.user(self.fields.name)
        home = () if user is None else (Touch("path", user.home),)
        return (Touch("user", self.fields.name), *home)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`: a home directory that is there already is left as it is."""
        home = homes.home_of(system, self.fields)
        made = (Altered(home, whole=True),) if system.look(home) is None else ()
        return (*_account_files(system), *made)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        fields = self.fields
        user = system.accounts.user(fields.name)
        if user is None or fields.password not in {None, system.accounts.password(fields.name)}:
            return False
        memberships = {group.name for group in system.accounts.groups() if fields.name in group.members}
        return (
            fields.uid in {None, user.uid}
            and fields.gecos in {None, user.gecos}
            and fields.home in {None, user.home}
            and fields.shell in {None, user.shell}
            and (not fields.primary_group or self._has_primary(system))
            and (not (fields.groups or fields.only_groups) or set(fields.groups) == memberships)
        )

    def _has_primary(self, system: System) -> bool:
        user, wanted = system.accounts.user(self.fields.name), self.fields.primary_group or ""
        group = system.accounts.group(wanted)
        return user is not None and user.gid == (group.gid if group else int(wanted) if wanted.isdecimal() else -1)

    def change(self, accounts: Accounts) -> None:
        """See `AccountOperation.change`."""
        accounts.add_user(self.fields)


class ChangeUser(AddUser, frozen=True):
    """Change a user that is there."""

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`: a home directory moves, and what is in it is handed over to a new id."""
        user = system.accounts.user(self.fields.name)
        moved = user is not None and self.fields.home not in {None, user.home}
        handed = user is not None and (
            self.fields.uid not in {None, user.uid} or bool(self.fields.primary_group and not self._has_primary(system))
        )
        changed = {user.home, self.fields.home or user.home} if user is not None and (moved or handed) else set()
        return (*_account_files(system), *(Altered(home, whole=True) for home in sorted(changed)))

    def change(self, accounts: Accounts) -> None:
        """See `AccountOperation.change`."""
        accounts.change_user(self.fields)


class RemoveUser(AccountOperation, frozen=True):
    """Remove a user with its home directory, or without."""

    name: str
    keep_home: bool = False

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"deleting user {quoted(self.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        user = system.accounts.user(self.name)
        home = () if user is None else (Touch("path", user.home),)
        return (Touch("user", self.name), *home)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        user = None if self.keep_home else system.accounts.user(self.name)
        home = () if user is None else (Altered(user.home, whole=True),)
        return (*_account_files(system), *home)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return system.accounts.user(self.name) is None

    def change(self, accounts: Accounts) -> None:
        """See `AccountOperation.change`."""
        accounts.remove_user(self.name, keep_home=self.keep_home)


class AuthorizeKeys(Undoable, frozen=True):
    """Write the ssh keys that may log in as a user to `file`, a path below the user's home directory."""

    name: str
    keys: tuple[str, ...]
    file: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"adding ssh keys to user {quoted(self.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        user = system.accounts.user(self.name)
        return () if user is None else (Touch("path", self._path(user)),)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`: nothing can be told of a user that is still to come."""
        user = system.accounts.user(self.name)
        return () if user is None else (Altered(self._path(user)),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        user = system.accounts.user(self.name)
        found = user and system.look(self._path(user))
        if not user or not found or found.mode != KEYS_MODE or (found.uid, found.gid) != (user.uid, user.gid):
            return False
        return system.read(self._path(user)) == self._text()

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`.

        The file's directories belong to the user, who could have put a link there: no link is written through.
        """
        user = system.accounts.user(self.name)
        if user is None:
            raise Refused(messages.NO_SUCH_USER, name=self.name)
        owner = (user.uid, user.gid)
        for path in self._missing(system, user):
            system.make_directory(path, KEYS_DIRECTORY_MODE, owner)
        system.write_file(self._path(user), self._text(), mode=KEYS_MODE, owner=owner, replace=True)

    def check(self, system: System, user: User) -> None:
        """Raise `Refused` where a home directory that is there already forbids it."""
        self._missing(system, user)

    def _missing(self, system: System, user: User) -> list[str]:
        """The directories that have to be made for the file. Raises `Refused` where one of them is something else."""
        path = system.resolve(user.home, follow=True)
        if system.look(path) is None:
            raise Refused(messages.NO_HOME, name=self.name, home=user.home)
        missing: list[str] = []
        for name in self.file.split("/")[:-1]:
            path = f"{path.rstrip('/')}/{name}"
            found = system.look(path)
            if found is None:
                missing.append(path)
            elif found.kind != DIRECTORY:
                raise Refused(messages.LINK_IN_HOME, name=self.name, path=path)
        return missing

    def _path(self, user: User) -> str:
        return f"{user.home.rstrip('/')}/{self.file}"

    def _text(self) -> bytes:
        return ("\n".join(self.keys).removesuffix("\n") + "\n").encode()


def _account_files(system: System) -> tuple[Altered, ...]:
    return tuple(Altered(system.resolve(path, follow=True)) for path in ACCOUNT_FILES)
