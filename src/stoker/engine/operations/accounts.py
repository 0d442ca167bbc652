"""Operations on users, groups and their ssh keys. Sources: the Ignition specification, `passwd`; sshd(8)."""

from __future__ import annotations

import msgspec

from stoker.engine import messages
from stoker.engine.errors import Refused
from stoker.engine.operations.operation import Touch, quoted
from stoker.fetch import Fetch
from stoker.system import GroupFields, System, User, UserFields
from stoker.system.protocol import DIRECTORY

KEYS_MODE = 0o600
KEYS_DIRECTORY_MODE = 0o700


class AddGroup(msgspec.Struct, frozen=True):
    """Add a group."""

    fields: GroupFields

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"adding group {quoted(self.fields.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("group", self.fields.name),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        found = system.accounts.group(self.fields.name)
        return found is not None and self.fields.gid in {None, found.gid} and self.fields.password is None

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.accounts.add_group(self.fields)


class ChangeGroup(AddGroup, frozen=True):
    """Change a group that is there."""

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"modifying group {quoted(self.fields.name)}"

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.accounts.change_group(self.fields)


class RemoveGroup(msgspec.Struct, frozen=True):
    """Remove a group."""

    name: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"deleting group {quoted(self.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("group", self.name),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return system.accounts.group(self.name) is None

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.accounts.remove_group(self.name)


class AddUser(msgspec.Struct, frozen=True):
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

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`: a password hash that is asked for counts as not yet set."""
        fields = self.fields
        user = system.accounts.user(fields.name)
        if user is None or fields.password is not None:
            return False
        memberships = {group.name for group in system.accounts.groups() if fields.name in group.members}
        primary = system.accounts.group(fields.primary_group) if fields.primary_group else None
        return (
            fields.uid in {None, user.uid}
            and fields.gecos in {None, user.gecos}
            and fields.home in {None, user.home}
            and fields.shell in {None, user.shell}
            and (not fields.primary_group or (primary is not None and primary.gid == user.gid))
            and (not fields.groups or set(fields.groups) == memberships)
        )

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.accounts.add_user(self.fields)


class ChangeUser(AddUser, frozen=True):
    """Change a user that is there."""

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.accounts.change_user(self.fields)


class RemoveUser(msgspec.Struct, frozen=True):
    """Remove a user with its home directory."""

    name: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"deleting user {quoted(self.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        user = system.accounts.user(self.name)
        home = () if user is None else (Touch("path", user.home),)
        return (Touch("user", self.name), *home)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return system.accounts.user(self.name) is None

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        system.accounts.remove_user(self.name)


class AuthorizeKeys(msgspec.Struct, frozen=True):
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
        path = system.resolve(user.home, follow=True)
        if system.look(path) is None:
            raise Refused(messages.NO_HOME, name=self.name, home=user.home)
        owner = (user.uid, user.gid)
        for name in self.file.split("/")[:-1]:
            path = f"{path.rstrip('/')}/{name}"
            found = system.look(path)
            if found is None:
                system.make_directory(path, KEYS_DIRECTORY_MODE, owner)
            elif found.kind != DIRECTORY:
                raise Refused(messages.LINK_IN_HOME, name=self.name, path=path)
        system.write_file(self._path(user), self._text(), mode=KEYS_MODE, owner=owner, replace=True)

    def _path(self, user: User) -> str:
        return f"{user.home.rstrip('/')}/{self.file}"

    def _text(self) -> bytes:
        return ("\n".join(self.keys).removesuffix("\n") + "\n").encode()
