"""Accounts by editing their files: passwd, shadow, group, gshadow, subuid and subgid of a tree.

Comes in: what is asked of a user or group. Goes out: files changed as the shadow tools change them, under their lock,
each replaced in one step. Nothing of the tree is run, so this works in any tree and for any architecture.

Sources: useradd(8), usermod(8), userdel(8), groupadd(8), groupmod(8), groupdel(8) of shadow 4.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from stoker.system import homes
from stoker.system.account_books import Books
from stoker.system.account_defaults import Defaults, defaults_of, next_id
from stoker.system.account_rules import check_group, check_user
from stoker.system.databases import (
    GECOS,
    GID,
    GROUP,
    GROUP_ID,
    GSHADOW,
    HOME,
    MEMBERS,
    MODES,
    NAME,
    PASSWD,
    PASSWORD,
    SHADOW,
    SHELL,
    UID,
    Database,
    Row,
)
from stoker.system.errors import AccountFault
from stoker.system.protocol import FILE, Group, GroupFields, System, User, UserFields

LOCK = "/etc/.pwd.lock"
ELSEWHERE = {PASSWD: "/usr/lib/passwd", GROUP: "/usr/lib/group"}  # read-only accounts of an image (nss-altfiles)
DAY = 86400


class AccountFiles:
    """The accounts of one machine. See `Accounts` for what its verbs mean."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._known: dict[str, tuple[object, Database | None]] = {}

    # Looking

    def user(self, name: str) -> User | None:
        """See `Accounts.user`."""
        row = self._find(PASSWD, name)
        return None if row is None else _user(row)

    def group(self, name: str) -> Group | None:
        """See `Accounts.group`."""
        row = self._find(GROUP, name)
        return None if row is None else _group(row)

    def password(self, name: str) -> str | None:
        """See `Accounts.password`."""
        return self._password(SHADOW, PASSWD, name)

    def group_password(self, name: str) -> str | None:
        """See `Accounts.group_password`."""
        return self._password(GSHADOW, GROUP, name)

    def users(self) -> list[User]:
        """See `Accounts.users`."""
        return [_user(row) for row in self._read(PASSWD) or ()]

    def groups(self) -> list[Group]:
        """See `Accounts.groups`."""
        return [_group(row) for row in self._read(GROUP) or ()]

    # Users

    def add_user(self, fields: UserFields) -> None:
        """See `Accounts.add_user`."""
        check_user(fields)
        defaults = defaults_of(self._system)
        with self._editing() as books:
            if books.passwd.find(fields.name):
                raise AccountFault(f"user `{fields.name}` already exists")
            own_group = fields.user_group and fields.primary_group is None and defaults.user_groups
            if own_group and self.group(fields.name):
                raise AccountFault(
                    f"group `{fields.name}` exists already: name it as the primary group of user `{fields.name}`,"
                    " or ask for no user group"
                )
            groups = self._groups_to_join(books, fields.groups)
            uid = self._new_uid(books, defaults, fields)
            if own_group:
                gid = self._new_gid(books, defaults, fields.system, preferred=uid)
                books.add_group(fields.name, gid, "!")
            else:
                gid = self._gid_without_own(books, defaults, fields.primary_group)
            home = homes.home_of(self._system, fields)
            books.add_user(fields, uid, gid, home, defaults, self._today())
            for row in groups:
                books.join(row, fields.name, True)
            if not fields.system and uid in defaults.ids("UID", False):
                books.add_subordinates(fields.name, defaults)
        if fields.create_home:
            self._make_home(home, defaults, (uid, gid))

    def change_user(self, fields: UserFields) -> None:
        """See `Accounts.change_user`."""
        check_user(fields)
        with self._editing() as books:
            row = books.passwd.find(fields.name)
            if row is None:
                raise AccountFault(f"user `{fields.name}` does not exist in {PASSWD}")
            old = _user(row)
            groups = self._groups_to_join(books, fields.groups)
            if fields.uid is not None and fields.uid != old.uid and fields.uid in books.passwd.numbers(UID):
                raise AccountFault(f"user id {fields.uid} of user `{fields.name}` belongs to another user", "uid")
            gid = old.gid if fields.primary_group is None else self._primary_gid(books, fields.primary_group)
            new = User(
                old.name,
                old.uid if fields.uid is None else fields.uid,
                gid,
                old.gecos if fields.gecos is None else fields.gecos,
                fields.home or old.home,
                fields.shell or old.shell,
            )
            if new.home != old.home and self.has_home(old.home) and self.has_home(new.home):
                raise AccountFault(f"home directory `{new.home}` of user `{new.name}` exists already", "home")
            books.change_user(row, new)
            if fields.password is not None:
                books.set_password(row, fields.password, self._today())
            if groups or fields.only_groups:
                for group in books.group:
                    books.join(group, fields.name, group in groups)
        self._move_home(old, new)

    def remove_user(self, name: str, *, keep_home: bool = False) -> None:
        """See `Accounts.remove_user`."""
        with self._editing() as books:
            row = books.passwd.find(name)
            if row is None:
                raise AccountFault(f"user `{name}` does not exist in {PASSWD}")
            user = _user(row)
            for database in (books.passwd, books.shadow, books.subuid, books.subgid):
                if database is not None:
                    database.remove(name)
            for group in books.group:
                books.join(group, name, False)
            own = books.group.find(name)
            is_unused = own is not None and not own[MEMBERS] and int(own[GROUP_ID]) not in books.passwd.numbers(GID)
            if is_unused and defaults_of(self._system).user_groups:
                books.remove_group(name)
            shared = any(_is_within(other[HOME], user.home) for other in books.passwd)
        if not keep_home and not shared:
            self._remove_home(user)

    # Groups

    def add_group(self, fields: GroupFields) -> None:
        """See `Accounts.add_group`."""
        check_group(fields)
        defaults = defaults_of(self._system)
        with self._editing() as books:
            if books.group.find(fields.name):
                raise AccountFault(f"group `{fields.name}` already exists")
            gid = fields.gid
            if gid is None:
                gid = self._new_gid(books, defaults, fields.system)
            elif gid in books.group.numbers(GROUP_ID):
                raise AccountFault(f"group id {gid} of group `{fields.name}` belongs to another group", "gid")
            books.add_group(fields.name, gid, fields.password or "!")

    def change_group(self, fields: GroupFields) -> None:
        """See `Accounts.change_group`."""
        check_group(fields)
        with self._editing() as books:
            row = books.group.find(fields.name)
            if row is None:
                raise AccountFault(f"group `{fields.name}` does not exist in {GROUP}")
            old = row[GROUP_ID]
            if fields.gid is not None and str(fields.gid) != old:
                if fields.gid in books.group.numbers(GROUP_ID):
                    raise AccountFault(
                        f"group id {fields.gid} of group `{fields.name}` belongs to another group", "gid"
                    )
                books.group.change(row, GROUP_ID, fields.gid)
                for user in books.passwd:
                    if user[GID] == old:
                        books.passwd.change(user, GID, fields.gid)
            if fields.password:
                books.set_group_password(row, fields.password)

    def remove_group(self, name: str) -> None:
        """See `Accounts.remove_group`."""
        with self._editing() as books:
            row = books.group.find(name)
            if row is None:
                raise AccountFault(f"group `{name}` does not exist in {GROUP}")
            for user in books.passwd:
                if user[GID] == row[GROUP_ID]:
                    raise AccountFault(f"group `{name}` is the primary group of user `{user[NAME]}`")
            books.remove_group(name)

    # Homes

    def has_home(self, home: str) -> bool:
        """Whether there is something at the path of a home directory."""
        return self._system.look(home) is not None

    def _make_home(self, home: str, defaults: Defaults, owner: tuple[int, int]) -> None:
        homes.make_home(self._system, home, defaults.skeleton, owner, defaults.home_mode)

    def _move_home(self, old: User, new: User) -> None:
        """Move a home directory to where it shall be, and give what is in it to the new ids."""
        if new.home != old.home and self.has_home(old.home):
            self._system.rename(old.home, new.home)
        if (new.uid, new.gid) != (old.uid, old.gid):
            homes.hand_over(self._system, new.home, (old.uid, old.gid), (new.uid, new.gid))

    def _remove_home(self, user: User) -> None:
        found = self._system.look(user.home)
        if found is not None and found.uid == user.uid:
            self._system.remove_tree(user.home)

    # Inside

    def _password(self, hidden: str, path: str, name: str) -> str | None:
        database = self._read(hidden)
        row = (database and database.find(name)) or self._find(path, name)
        return row[PASSWORD] if row else None

    def _find(self, path: str, name: str) -> Row | None:
        for place in (path, ELSEWHERE[path]):
            database = self._read(place, path)
            row = database and database.find(name)
            if row:
                return row
        return None

    def _read(self, path: str, shape: str = "") -> Database | None:
        """A database as it is on the machine; it is parsed again only when the file has changed."""
        place = self._system.resolve(path, follow=True)
        stamp = self._system.look(place)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            database = None
            if stamp is not None and stamp.kind == FILE:
                database = Database(shape or path, self._system.read(place).decode(errors="surrogateescape"))
            known = self._known[path] = (stamp, database)
        return known[1]

    @contextmanager
    def _editing(self) -> Iterator[Books]:
        """Hand out the databases under their lock, and write back those that changed."""
        with self._system.lock(LOCK):
            self._known.clear()
            books = Books(*(self._read(path) for path in MODES))
            try:
                yield books
                for database in books.changed():
                    self._write(database)
            finally:
                self._known.clear()

    def _write(self, database: Database) -> None:
        place = self._system.resolve(database.path, follow=True)
        found = self._system.look(place)
        self._system.write_file(
            place,
            database.text().encode(errors="surrogateescape"),
            mode=MODES[database.path] if found is None else found.mode,
            owner=None if found is None else (found.uid, found.gid),
            replace=True,
        )

    def _today(self) -> int:
        return int(self._system.now() // DAY)

    def _groups_to_join(self, books: Books, names: Sequence[str]) -> list[Row]:
        """The entries of further groups, by name or by id."""
        rows: list[Row] = []
        for index, name in enumerate(names):
            row = books.group.find(name)
            if row is None and name.isdecimal():
                row = next((one for one in books.group if int(one[GROUP_ID]) == int(name)), None)
            if row is None:
                place = f" in {GROUP}, only in {ELSEWHERE[GROUP]}" if self.group(name) else ""
                raise AccountFault(f"group `{name}` does not exist{place}", "groups", index)
            rows.append(row)
        return rows

    def _gid_without_own(self, books: Books, defaults: Defaults, name: str | None) -> int:
        """The primary group of a user who gets none of their own: what is asked for, else the system's default."""
        if name:
            return self._primary_gid(books, name)
        try:
            return self._primary_gid(books, defaults.group)
        except AccountFault as fault:
            reason = f"{fault}, which is the primary group of a user who is given none"
            raise AccountFault(reason, "default_group") from fault

    def _primary_gid(self, books: Books, name: str) -> int:
        group = self.group(name)
        if group is not None:
            return group.gid
        if name.isdecimal() and int(name) in books.group.numbers(GROUP_ID):
            return int(name)
        raise AccountFault(f"group `{name}` does not exist", "primary_group")

    def _new_uid(self, books: Books, defaults: Defaults, fields: UserFields) -> int:
        taken = books.passwd.numbers(UID)
        uid = fields.uid
        if uid is None:
            uid = next_id(defaults.ids("UID", fields.system), taken, system=fields.system)
            if uid is None:
                raise AccountFault(f"no user id is left for user `{fields.name}`")
        elif uid in taken:
            raise AccountFault(f"user id {uid} of user `{fields.name}` belongs to another user", "uid")
        return uid

    def _new_gid(self, books: Books, defaults: Defaults, system: bool, preferred: int | None = None) -> int:
        taken = books.group.numbers(GROUP_ID)
        ids = defaults.ids("GID", system)
        if preferred is not None and preferred in ids and preferred not in taken:
            return preferred
        gid = next_id(ids, taken, system=system)
        if gid is None:
            raise AccountFault("no group id is left")
        return gid


def _user(row: Row) -> User:
    return User(row[NAME], int(row[UID]), int(row[GID]), row[GECOS], row[HOME], row[SHELL])


def _group(row: Row) -> Group:
    return Group(row[NAME], int(row[GROUP_ID]), tuple(member for member in row[MEMBERS].split(",") if member))


def _is_within(path: str, directory: str) -> bool:
    return (path.rstrip("/") + "/").startswith(directory.rstrip("/") + "/")
