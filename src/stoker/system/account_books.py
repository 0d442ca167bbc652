"""The account files of a machine while they are edited: users and groups added, changed and removed in all of them.

Comes in: databases, some of which may be missing. Goes out: the same with their rows changed; nothing is written here.
"""

from __future__ import annotations

from stoker.system.account_defaults import Defaults, next_block
from stoker.system.databases import (
    COUNT,
    GECOS,
    GID,
    GROUP,
    HOME,
    LAST_CHANGE,
    MEMBERS,
    NAME,
    PASSWD,
    PASSWORD,
    SHELL,
    START,
    UID,
    Database,
    Row,
)
from stoker.system.protocol import User, UserFields

NO_PASSWORD = "*"  # a login by password is impossible, other ways are not locked (shadow(5))


class Books:
    """The databases while they are edited. Shadow files and those of subordinate ids may be missing."""

    def __init__(
        self,
        passwd: Database | None,
        shadow: Database | None,
        group: Database | None,
        gshadow: Database | None,
        subuid: Database | None,
        subgid: Database | None,
    ) -> None:
        self.passwd = passwd or Database(PASSWD, "")
        self.shadow = shadow
        self.group = group or Database(GROUP, "")
        self.gshadow = gshadow
        self.subuid = subuid
        self.subgid = subgid

    def changed(self) -> list[Database]:
        """The databases to write back, groups first: a user never has a group that is not there yet."""
        databases = (self.group, self.gshadow, self.passwd, self.shadow, self.subuid, self.subgid)
        return [database for database in databases if database is not None and database.changed]

    def add_user(self, fields: UserFields, uid: int, gid: int, home: str, defaults: Defaults, today: int) -> None:
        """Add a user to passwd, and its password with today's date to shadow."""
        password = fields.password or NO_PASSWORD
        hidden = "x" if self.shadow is not None else password
        shell = fields.shell or defaults.shell
        self.passwd.add(fields.name, hidden, uid, gid, fields.gecos or "", home, shell)
        if self.shadow is not None:
            ageing = ("PASS_MIN_DAYS", "PASS_MAX_DAYS", "PASS_WARN_AGE")
            limits = ["" if fields.system else defaults.optional(key) for key in ageing]
            self.shadow.remove(fields.name)
            self.shadow.add(fields.name, password, today, *limits, "", "", "")

    def change_user(self, row: Row, user: User) -> None:
        """Set all fields of a user but its password."""
        for field, value in (
            (UID, user.uid),
            (GID, user.gid),
            (GECOS, user.gecos),
            (HOME, user.home),
            (SHELL, user.shell),
        ):
            self.passwd.change(row, field, value)

    def set_password(self, row: Row, password: str, today: int) -> None:
        """Set a user's password hash."""
        if self.shadow is None:
            self.passwd.change(row, PASSWORD, password)
            return
        hidden = self.shadow.find(row[NAME])
        if hidden is None:
            self.shadow.add(row[NAME], password, today, "", "", "", "", "", "")
            self.passwd.change(row, PASSWORD, "x")
        else:
            self.shadow.change(hidden, PASSWORD, password)
            self.shadow.change(hidden, LAST_CHANGE, today)

    def add_group(self, name: str, gid: int, password: str) -> None:
        """Add a group without members."""
        self.group.add(name, "x" if self.gshadow is not None else password, gid, "")
        if self.gshadow is not None:
            self.gshadow.remove(name)
            self.gshadow.add(name, password, "", "")

    def set_group_password(self, row: Row, password: str) -> None:
        """Set a group's password hash."""
        if self.gshadow is None:
            self.group.change(row, PASSWORD, password)
            return
        hidden = self.gshadow.find(row[NAME])
        if hidden is None:
            self.gshadow.add(row[NAME], password, "", row[MEMBERS])
            self.group.change(row, PASSWORD, "x")
        else:
            self.gshadow.change(hidden, PASSWORD, password)

    def remove_group(self, name: str) -> None:
        """Remove a group."""
        self.group.remove(name)
        if self.gshadow is not None:
            self.gshadow.remove(name)

    def join(self, group: Row, name: str, is_member: bool) -> None:
        """Make a user a member of a group, or end that."""
        self.group.set_member(group, name, is_member)
        hidden = None if self.gshadow is None else self.gshadow.find(group[NAME])
        if self.gshadow is not None and hidden is not None:
            self.gshadow.set_member(hidden, name, is_member)

    def add_subordinates(self, name: str, defaults: Defaults) -> None:
        """Give a user the next free blocks of subordinate ids, where the machine has files for them."""
        for kind, database in (("UID", self.subuid), ("GID", self.subgid)):
            if database is None or database.find(name):
                continue
            ids, count = defaults.subordinate_ids(kind)
            taken = [range(int(row[START]), int(row[START]) + int(row[COUNT])) for row in database]
            start = next_block(ids, count, taken) if count else None
            if start is not None:
                database.add(name, start, count)
