"""The account files as tables: in goes text of passwd(5), shadow(5), group(5), gshadow(5), subuid(5), out comes text.

Every line is a row of fields, whatever it holds: what is not changed is written back byte for byte, with comments and
the `+` lines of NIS. Rows that are no proper entry are never found by a lookup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PASSWD = "/etc/passwd"
SHADOW = "/etc/shadow"
GROUP = "/etc/group"
GSHADOW = "/etc/gshadow"
SUBUID = "/etc/subuid"
SUBGID = "/etc/subgid"

# Fields by position.
NAME, PASSWORD = 0, 1
UID, GID, GECOS, HOME, SHELL = 2, 3, 4, 5, 6  # passwd
GROUP_ID, MEMBERS = 2, 3  # group; gshadow has its members in the same place
LAST_CHANGE = 2  # shadow
START, COUNT = 1, 2  # subuid and subgid

# Mode of a file that does not exist yet: what Debian and Fedora ship.
MODES = {PASSWD: 0o644, SHADOW: 0o640, GROUP: 0o644, GSHADOW: 0o640, SUBUID: 0o644, SUBGID: 0o644}

# How many fields a proper entry has, and which are numbers.
_SHAPES: dict[str, tuple[int, tuple[int, ...]]] = {
    PASSWD: (7, (UID, GID)),
    SHADOW: (9, ()),
    GROUP: (4, (GROUP_ID,)),
    GSHADOW: (4, ()),
    SUBUID: (3, (START, COUNT)),
    SUBGID: (3, (START, COUNT)),
}

_ID = re.compile(r"[0-9]{1,10}")

Row = list[str]


class Database:
    """One account file. `changed` tells whether it has to be written back."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.changed = False
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        self._rows: list[Row] = [line.split(":") for line in lines]

    def text(self) -> str:
        """The file as it shall be."""
        return "".join(":".join(row) + "\n" for row in self._rows)

    def find(self, name: str) -> Row | None:
        """The first entry of that name."""
        return next((row for row in self if row[NAME] == name), None)

    def add(self, *fields: object) -> None:
        """Append an entry."""
        self._rows.append([str(field) for field in fields])
        self.changed = True

    def change(self, row: Row, field: int, value: object) -> None:
        """Change a field of an entry."""
        if row[field] != str(value):
            row[field] = str(value)
            self.changed = True

    def remove(self, name: str) -> None:
        """Remove every entry of that name."""
        kept = [row for row in self._rows if row[NAME] != name]
        self.changed = self.changed or len(kept) != len(self._rows)
        self._rows = kept

    def set_member(self, row: Row, name: str, is_member: bool) -> None:
        """Put a user into the members of a group's entry, or take it out."""
        members = [member for member in row[MEMBERS].split(",") if member]
        if is_member and name not in members:
            self.change(row, MEMBERS, ",".join([*members, name]))
        elif not is_member and name in members:
            self.change(row, MEMBERS, ",".join(member for member in members if member != name))

    def numbers(self, field: int) -> set[int]:
        """The numbers that a field has in all entries."""
        return {int(row[field]) for row in self}

    def __iter__(self) -> Iterator[Row]:
        """The proper entries."""
        count, numeric = _SHAPES[self.path]
        for row in self._rows:
            if len(row) == count and row[NAME] and all(_ID.fullmatch(row[field]) for field in numeric):
                yield row
