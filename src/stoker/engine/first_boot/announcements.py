"""What the journal is told of a first boot, for programs that look for it: which configs were found, who has keys.

The entries and their ids are Ignition's (2.27): a machine's greeting says by them that nobody can log in.
"""

from __future__ import annotations

from typing import Final

from stoker.engine.first_boot.boot import Boot
from stoker.engine.first_boot.state import State
from stoker.engine.operations.accounts import AuthorizeKeys
from stoker.report import Level
from stoker.system import System

CONFIG: Final = "57124006b5c94805b77ce473e92a8aeb"
KEYS: Final = "225067b87bbd4a0cb6ab151f82fa364b"


def announce_configs(boot: Boot, state: State) -> None:
    """Say which configs have been found so far."""
    for config in state.fetched_configs or ():
        referenced = "referenced " if config.referenced else ""
        fields = {
            "MESSAGE_ID": CONFIG,
            "IGNITION_CONFIG_TYPE": config.kind,
            "IGNITION_CONFIG_SRC": config.source,
            "IGNITION_CONFIG_REFERENCED": str(config.referenced).lower(),
        }
        text = f'fetched {referenced}{config.kind} config from "{config.source}"'
        boot.journal.send(text, Level.INFO, fields)


def announce_keys(boot: Boot, system: System, written: AuthorizeKeys) -> None:
    """Say that a user can log in by the keys of the config."""
    paths = [touch.name for touch in written.touch(system)]
    fields = {
        "MESSAGE_ID": KEYS,
        "IGNITION_USER_NAME": written.name,
        "IGNITION_PATH": "".join(system.root + path for path in paths),
    }
    boot.journal.send(f"wrote ssh authorized keys file for user: {written.name}", Level.INFO, fields)
