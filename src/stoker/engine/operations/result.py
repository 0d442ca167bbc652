"""The operation that leaves a record of the run: /etc/.ignition-result.json, which other tools read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from stoker.engine.operations.operation import Altered, Touch, Undoable, quoted
from stoker.fetch import Fetch
from stoker.system import CommandFault, FileFault, System

RESULT_MODE = 0o600


class WriteResult(Undoable, frozen=True):
    """Record that the machine has been provisioned.

    What an earlier run left is kept inside, but not what that had kept: it would grow with every run. Nothing is when
    the machine's own hook says that it runs from a live image.
    """

    path: str
    user_config_provided: bool = True

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"writing file {quoted(root + self.path)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("path", self.path),)

    def alters(self, system: System) -> tuple[Altered, ...]:
        """See `Undoable.alters`."""
        return (Altered(self.path),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`: each run leaves its own record."""
        return False

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`. The names and their order are Ignition's."""
        now = datetime.fromtimestamp(system.now(), UTC).isoformat(timespec="seconds")
        record: dict[str, Any] = {
            "provisioningBootID": system.boot_id(),
            "provisioningDate": now.replace("+00:00", "Z"),
            "userConfigProvided": self.user_config_provided,
        }
        if system.look(self.path) is not None and not _is_live(system):
            try:
                previous = msgspec.json.decode(system.read(self.path))
            except (msgspec.DecodeError, RecursionError) as error:
                raise FileFault("read the previous report", self.path, str(error)) from error
            if isinstance(previous, dict):
                previous.pop("previousReport", None)
            record["previousReport"] = previous
        text = msgspec.json.format(msgspec.json.encode(record), indent=2)
        system.write_file(self.path, text + b"\n", mode=RESULT_MODE, replace=True)


def _is_live(system: System) -> bool:
    try:
        system.run(["is-live-image"])
    except CommandFault:
        return False
    return True
