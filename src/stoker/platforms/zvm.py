"""z/VM's virtual reader: in goes its device number, out comes the first spooled file of the type `ign`.

The reader is set online, `vmur list` names what is in it, `vmur receive` fetches a file (vmur(8)).
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.platforms.machine import Answer, Machine, Read, Say, content_of
from stoker.system import CommandFault

_RECEIVED: Final = "/run/stoker-reader.ign"
_FIELDS: Final = 11  # of a line of `vmur list` up to NAME and TYPE, the last of them
_SPOOL_ID: Final = 1
_NAME: Final = 9
_TYPE: Final = 10


class Reader(msgspec.Struct, frozen=True):
    """A virtual unit record reader."""

    device: str

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        self._set_online(machine)
        for line in machine.system.run(["vmur", "li"]).decode(errors="replace").splitlines():
            fields = line.split()
            if len(fields) >= _FIELDS and fields[_TYPE] == "ign":
                return self._receive(machine, fields)
        return Answer(b"", str(self))

    def _receive(self, machine: Machine, fields: list[str]) -> Answer:
        machine.system.run(["vmur", "re", "-f", fields[_SPOOL_ID], machine.system.root + _RECEIVED])
        try:
            content = content_of(machine.system, _RECEIVED) or b""
        finally:
            machine.system.remove_tree(_RECEIVED)
        return Answer(content.strip(b"\0"), f"{self}, `{fields[_NAME]}.{fields[_TYPE]}`")

    def _set_online(self, machine: Machine) -> None:
        run = machine.system.run
        run(["modprobe", "vmur"])
        try:
            run(["chccwdev", "-e", self.device])
        except CommandFault:  # it may be on the list of devices to ignore
            run(["cio_ignore", "-r", self.device])
            run(["chccwdev", "-e", self.device])
        run(["udevadm", "settle"])

    def __str__(self) -> str:
        return f"reader {self.device}, the first file of type `ign`"
