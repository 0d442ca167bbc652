"""The operation on home directories that were made before their users: by mounting a file system in or at them."""

from __future__ import annotations

import msgspec

from stoker.engine import messages
from stoker.engine.errors import Refused
from stoker.engine.operations.operation import Touch, quoted
from stoker.fetch import Fetch
from stoker.system import System

HOME_MODE = 0o700


class OwnHome(msgspec.Struct, frozen=True):
    """Give a user those directories of its home that the stage `mount` made; nobody else may enter them."""

    name: str
    made: tuple[str, ...]

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"giving user {quoted(self.name)} what was made for its mounts"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return tuple(Touch("path", path) for path in self._paths(system))

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        user = system.accounts.user(self.name)
        looks = [system.look(path) for path in self._paths(system)]
        return user is not None and all(
            look is not None and (look.uid, look.gid, look.mode) == (user.uid, user.gid, HOME_MODE) for look in looks
        )

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        user = system.accounts.user(self.name)
        if user is None:
            raise Refused(messages.NO_SUCH_USER, name=self.name)
        for path in self._paths(system):
            system.set_owner(path, user.uid, user.gid)
            system.set_mode(path, HOME_MODE)

    def _paths(self, system: System) -> list[str]:
        user = system.accounts.user(self.name)
        home = user.home.rstrip("/") if user is not None else ""
        return [path for path in self.made if home and (path == home or path.startswith(f"{home}/"))]
