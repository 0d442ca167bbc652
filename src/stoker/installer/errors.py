"""What can stop an installer.

    InstallerFault       it cannot be made
    ├── CannotGather     what a program imports cannot be found out, or cannot be copied
    └── NotOurs          what is there was not made by this program, and is not overwritten

Each carries the code and the hint of its row in the catalogue.
"""

from __future__ import annotations

from stoker.report import Message


class InstallerFault(Exception):
    """It cannot be made."""

    def __init__(self, message: Message, **values: object) -> None:
        super().__init__(message.text.format_map(values))
        self.code = message.code
        self.hint = message.hint and message.hint.format_map(values)


class CannotGather(InstallerFault):
    """What a program imports cannot be found out, or cannot be copied."""


class NotOurs(InstallerFault):
    """What is there was not made by this program, and is not overwritten."""
