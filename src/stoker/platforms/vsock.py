"""A server of the host behind a vsock(7) port, as Apple's hypervisor has it: in goes the port, out comes its config.

The host answers one GET; the name of the host in it does not matter.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.platforms.errors import Damaged, Refused, Unreachable
from stoker.platforms.machine import LARGEST, Answer, Machine, Read, Say, load_module
from stoker.platforms.messages import REFUSED, TOO_LARGE, UNREACHABLE

_SIGN: Final = "/sys/devices/virtual/misc/vsock"


class HostServer(msgspec.Struct, frozen=True):
    """A server of the host, by port."""

    port: int

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        import http.client  # noqa: PLC0415 -- slow to load, and of use under one hypervisor only

        load_module(machine, "vsock", _SIGN, say)
        connection = http.client.HTTPConnection("d")
        connection.sock = machine.guest.connected(self.port)
        try:
            connection.request("GET", "/", headers={"Accept": "application/json"})
            response = connection.getresponse()
            content = response.read(LARGEST + 1)
            if response.length and len(content) <= LARGEST:  # it promised more
                raise http.client.IncompleteRead(content, response.length)
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(UNREACHABLE, where=str(self), reason=reason) from error
        finally:
            connection.close()
        if response.status not in {200, 204}:
            raise Refused(REFUSED, where=str(self), status=response.status)
        if len(content) > LARGEST:
            raise Damaged(TOO_LARGE, where=str(self), limit=LARGEST)
        return Answer(content, str(self))

    def __str__(self) -> str:
        return f"vsock port {self.port} of the host"
