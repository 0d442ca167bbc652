"""What a virtual machine may ask of its host over channels of the kernel: properties, key-value pairs, a stream.

In go names, out come bytes as the host gave them. Without the channel's device every verb raises `FileFault`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from stoker.system.errors import FileFault

if TYPE_CHECKING:
    import socket

Pairs = Sequence[tuple[bytes, bytes]]

_PATIENCE: Final = 30.0  # seconds for each word from the host


class Guest(Protocol):
    """A virtual machine's side of the channels to its host."""

    def property(self, name: str) -> bytes | None:
        """The value of a VirtualBox guest property, None when the host has none of that name."""

    def remove_property(self, name: str) -> None:
        """Remove a VirtualBox guest property; one that is not there is fine."""

    def pairs(self) -> dict[int, Pairs]:
        """The key-value pairs that Hyper-V sends, once a boot: by pool (0 is the host's), in its order."""

    def connected(self, port: int) -> socket.socket:
        """A vsock(7) stream to a port of the host."""


class RealGuest:
    """The channels of a real virtual machine."""

    def property(self, name: str) -> bytes | None:
        """See `Guest.property`."""
        from stoker.system import vboxguest  # noqa: PLC0415 -- of use under one hypervisor only

        return vboxguest.get_property(name)

    def remove_property(self, name: str) -> None:
        """See `Guest.remove_property`."""
        from stoker.system import vboxguest  # noqa: PLC0415 -- of use under one hypervisor only

        vboxguest.remove_property(name)

    def pairs(self) -> dict[int, Pairs]:
        """See `Guest.pairs`."""
        from stoker.system import hyperv  # noqa: PLC0415 -- of use under one hypervisor only

        return hyperv.read_pairs(hyperv.DEVICE)

    def connected(self, port: int) -> socket.socket:
        """See `Guest.connected`."""
        import socket  # noqa: PLC0415 -- slow to load, and of use under one hypervisor only

        try:
            stream = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
            try:
                stream.settimeout(_PATIENCE)
                stream.connect((socket.VMADDR_CID_HOST, port))
            except BaseException:
                stream.close()
                raise
        except OSError as error:
            raise FileFault.of("connect to", f"vsock:{socket.VMADDR_CID_HOST}:{port}", error) from error
        return stream
