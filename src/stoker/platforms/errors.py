"""What can keep a machine from its config.

    PlatformFault            no config can be had from where this machine should find it
    ├── UnknownPlatform      there is no platform of that name
    ├── NeedsNetwork         it lies on the network, and there is none yet (also raised by a `Read`)
    ├── Unreachable          nothing answers (also raised by a `Read`)
    ├── Refused              a service answers, but neither with a config nor that there is none
    ├── NotThere             a drive, a file or a tool that should be there is not
    └── Damaged              what was found cannot be decoded, or is too large

Faults of the machine itself (a drive that cannot be mounted, a module that cannot be loaded) are
`stoker.system.SystemFault`.
"""

from __future__ import annotations

from stoker.report import Message


class PlatformFault(Exception):
    """No config can be had. Carries the catalogue's code and hint."""

    def __init__(self, message: Message, **values: object) -> None:
        super().__init__(message.text.format_map(values))
        self.code = message.code
        self.hint = message.hint and message.hint.format_map(values)


class UnknownPlatform(PlatformFault):
    """There is no platform of that name."""


class NeedsNetwork(PlatformFault):
    """The config lies on the network, and there is none yet."""


class Unreachable(PlatformFault):
    """Nothing answers."""


class Refused(PlatformFault):
    """A service answers, but neither with a config nor that there is none."""


class NotThere(PlatformFault):
    """A drive, a file or a tool that should be there is not."""


class Damaged(PlatformFault):
    """What was found cannot be decoded, or is too large."""
