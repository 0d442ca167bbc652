"""Accounts on paper: in go the accounts of a machine and what is asked of them, out comes what they would be then.

Nothing is written: a plan finds out here what the account files would refuse, one change standing on the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stoker.system.account_books import Books
from stoker.system.account_defaults import Defaults
from stoker.system.account_files import AccountFiles
from stoker.system.databases import MODES, Database
from stoker.system.protocol import System, User


class AccountDraft(AccountFiles):
    """The accounts of one machine as they would be. Its verbs change nothing but what it answers itself."""

    def __init__(self, system: System) -> None:
        super().__init__(system)
        self._drafts: dict[str, Database | None] = {}
        self._homes: dict[str, bool] = {}

    def has_home(self, home: str) -> bool:
        """Whether there would be something at the path of a home directory."""
        known = self._homes.get(home)
        return super().has_home(home) if known is None else known

    def is_settled(self, home: str) -> bool:
        """Whether nothing drafted so far makes, moves or removes a home directory: what is in it now will be so."""
        return home not in self._homes

    def _read(self, path: str, shape: str = "") -> Database | None:
        if path not in self._drafts:
            self._drafts[path] = super()._read(path, shape)
        return self._drafts[path]

    @contextmanager
    def _editing(self) -> Iterator[Books]:
        books = Books(*(self._read(path) for path in MODES))
        self._drafts |= {book.path: book for book in (books.passwd, books.group)}  # where the machine has none
        yield books

    def _make_home(self, home: str, defaults: Defaults, owner: tuple[int, int]) -> None:
        if not self.has_home(home):
            self._homes[home] = True

    def _move_home(self, old: User, new: User) -> None:
        if new.home != old.home and self.has_home(old.home):
            self._homes |= {old.home: False, new.home: True}

    def _remove_home(self, user: User) -> None:
        found = self._system.look(user.home)
        if found is not None and found.uid == user.uid:
            self._homes[user.home] = False
