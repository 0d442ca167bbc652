"""VirtualBox's guest properties: in goes the name of one, out comes the config that the host has set it to."""

from __future__ import annotations

import msgspec

from stoker.platforms.encodings import decode
from stoker.platforms.errors import Damaged
from stoker.platforms.machine import Answer, Machine, Read, Say
from stoker.platforms.messages import UNKNOWN_ENCODING


class GuestProperty(msgspec.Struct, frozen=True):
    """A property, and one beside it that tells an encoding: none is known, so it has to be empty or missing."""

    name: str
    encoding: str

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        encoding = machine.guest.property(self.encoding)
        if encoding:
            name = encoding.decode(errors="replace")
            raise Damaged(UNKNOWN_ENCODING, encoding=name, where=str(self), known="none but plain text")
        content = machine.guest.property(self.name)
        return Answer(decode(content or b"", "", str(self)), str(self))

    def remove(self, machine: Machine, say: Say) -> None:
        """Remove both properties. Raises `FileFault`."""
        say(f"deleting {self}")
        machine.guest.remove_property(self.encoding)
        machine.guest.remove_property(self.name)

    def __str__(self) -> str:
        return f"guest property `{self.name}`"
