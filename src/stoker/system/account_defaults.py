"""Defaults for new accounts: in go /etc/login.defs and /etc/default/useradd of a tree, out come ranges and values.

Sources: login.defs(5), useradd(8); where a key is missing, the value that the shadow tools are built with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stoker.system.protocol import System

LOGIN_DEFS: Final = "/etc/login.defs"
USERADD: Final = "/etc/default/useradd"


class Defaults:
    """The settings of a tree for new accounts."""

    def __init__(self, login_defs: str, useradd: str) -> None:
        self._login = dict(_pairs(login_defs, None))
        self._useradd = dict(_pairs(useradd, "="))

    def number(self, key: str, otherwise: int) -> int:
        """A number of login.defs: decimal, 0x hexadecimal or octal with a leading 0, as strtol(3) reads it."""
        text = self._login.get(key, "").lower()
        digits, radix = (text[2:], 16) if text.startswith("0x") else (text, 8 if text.startswith("0") else 10)
        try:
            return int(digits, radix)
        except ValueError:
            return otherwise

    def optional(self, key: str) -> str:
        """A number of login.defs as text; empty when it is missing or negative."""
        value = self.number(key, -1)
        return "" if value < 0 else str(value)

    @property
    def user_groups(self) -> bool:
        """Whether a new user gets a group of its own."""
        return self._login.get("USERGROUPS_ENAB", "no").lower() == "yes"

    @property
    def home_mode(self) -> int:
        """Mode of a new home directory."""
        return self.number("HOME_MODE", 0o777 & ~self.number("UMASK", 0o022))

    @property
    def homes(self) -> str:
        """Where new home directories go."""
        return self._useradd.get("HOME", "/home")

    @property
    def shell(self) -> str:
        """Shell of a new user."""
        return self._useradd.get("SHELL", "/bin/bash")

    @property
    def skeleton(self) -> str:
        """What is copied into a new home directory."""
        return self._useradd.get("SKEL", "/etc/skel")

    @property
    def group(self) -> str:
        """Id or name of the primary group of a user without one of its own."""
        return self._useradd.get("GROUP", "100")

    def ids(self, kind: str, system: bool) -> range:
        """The ids for new accounts; `kind` is `UID` or `GID`."""
        first = self.number(f"{kind}_MIN", 1000)
        if system:
            return range(self.number(f"SYS_{kind}_MIN", 101), self.number(f"SYS_{kind}_MAX", first - 1) + 1)
        return range(first, self.number(f"{kind}_MAX", 60000) + 1)

    def subordinate_ids(self, kind: str) -> tuple[range, int]:
        """Where subordinate ids of new users come from, and how many each gets; `kind` as above."""
        first = self.number(f"SUB_{kind}_MIN", 100_000)
        last = self.number(f"SUB_{kind}_MAX", 600_100_000)
        return range(first, last + 1), self.number(f"SUB_{kind}_COUNT", 65536)


def defaults_of(system: System) -> Defaults:
    """The settings of a machine."""
    texts = (system.read(path).decode(errors="replace") if system.look(path) else "" for path in (LOGIN_DEFS, USERADD))
    return Defaults(*texts)


def next_id(ids: range, taken: set[int], *, system: bool) -> int | None:
    """The id of a new account: one above the highest in use, or for a system account one below the lowest.

    Where that leaves the range, the first free one from the range's start (for a system account: from its end).
    """
    used = [number for number in taken if number in ids]
    if not ids:
        return None
    step: Callable[[list[int]], int] = (lambda found: min(found) - 1) if system else (lambda found: max(found) + 1)
    candidate = step(used) if used else ids[-1 if system else 0]
    if candidate in ids:
        return candidate
    return next((number for number in (reversed(ids) if system else ids) if number not in taken), None)


def next_block(ids: range, count: int, taken: list[range]) -> int | None:
    """The start of the first block of `count` ids that overlaps none of those taken."""
    start = ids.start
    for block in sorted(taken, key=lambda block: block.start):
        if block.start >= start + count:
            break
        start = max(start, block.stop)
    return start if start + count <= ids.stop else None


def _pairs(text: str, separator: str | None) -> list[tuple[str, str]]:
    """Key and value of every line that has both and is no comment."""
    lines = (line.strip() for line in text.split("\n"))
    split = (line.split(separator, 1) for line in lines if line and not line.startswith("#"))
    return [(parts[0].strip(), parts[1].strip().strip('"')) for parts in split if len(parts) == 2]
