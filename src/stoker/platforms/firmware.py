"""Files and devices that the firmware or the hypervisor fills: in go paths, out come their bytes, whole.

QEMU's firmware configuration device as sysfs shows it, a virtio disk of known serial, NVIDIA's boot FIFO; and, for the
platform `file`, any file a person names.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.platforms.errors import Damaged, NotThere
from stoker.platforms.machine import LARGEST, Answer, Machine, Read, Say, absolute, content_of, load_module
from stoker.platforms.messages import CUT_SHORT, NO_FILE

_FW_CFG: Final = "/sys/firmware/qemu_fw_cfg"
_WITHOUT_FW_CFG: Final = ("s390x", "ppc64le")


class FirmwareConfig(msgspec.Struct, frozen=True):
    """A blob of QEMU's -fw_cfg: the first of these names that is there."""

    names: tuple[str, ...]

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        load_module(machine, "qemu_fw_cfg", _FW_CFG, say)
        for name in self.names:
            blob = f"{_FW_CFG}/by_name/{name}"
            size = content_of(machine.system, f"{blob}/size", 64)
            if size is not None:
                return Answer(_whole(machine, f"{blob}/raw", size), f"QEMU firmware config `{name}`")
        say("QEMU firmware config was not found")
        return Answer(b"", str(self))

    def __str__(self) -> str:
        return f"QEMU firmware config {' or '.join(f'`{name}`' for name in self.names)}"


def _whole(machine: Machine, path: str, size: bytes) -> bytes:
    """The kernel says the size beside the bytes; what is cut short is no config."""
    content = content_of(machine.system, path) or b""
    if str(len(content)).encode() != size.strip():
        raise Damaged(CUT_SHORT, where=path, found=len(content), size=size.decode(errors="replace").strip())
    return content


class Device(msgspec.Struct, frozen=True):
    """A block device whose bytes are the config, padded with NULs. `module` brings the path `sign`."""

    path: str
    module: str
    sign: str

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        load_module(machine, self.module, self.sign, say)
        content = machine.drives.read(self.path, LARGEST)
        return None if content is None else Answer(content.rstrip(b"\0"), f"`{self.path}`")

    def __str__(self) -> str:
        return f"`{self.path}`"


class HypervisorConfig(msgspec.Struct, frozen=True):
    """What QEMU offers depends on the architecture: firmware config, or a virtio disk where there is no fw_cfg."""

    firmware: FirmwareConfig
    device: Device

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        source = self.device if machine.architecture in _WITHOUT_FW_CFG else self.firmware
        return source.ask(machine, read, say)

    def __str__(self) -> str:
        return f"{self.firmware}; on {', '.join(_WITHOUT_FW_CFG)} {self.device}"


class BootFifo(msgspec.Struct, frozen=True):
    """A file of sysfs that a driver fills, padded with NULs on either side; without it there is no config."""

    path: str
    module: str

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        load_module(machine, self.module, self.path, say)
        content = content_of(machine.system, self.path)
        return Answer((content or b"").strip(b"\0"), f"`{self.path}`")

    def __str__(self) -> str:
        return f"`{self.path}`"


class LocalFile(msgspec.Struct, frozen=True):
    """A file that the environment names, or one of the working directory."""

    variable: str
    default: str

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        path = absolute(machine, machine.environment.get(self.variable) or self.default)
        content = content_of(machine.system, path)
        if content is None:
            raise NotThere(NO_FILE, path=path, name=self.variable)
        return Answer(content, f"`{path}`")

    def __str__(self) -> str:
        return f"`${self.variable}`, else `./{self.default}`"


class Nowhere(msgspec.Struct, frozen=True):
    """No place at all: the config comes by kernel arguments or system files, or there is none."""

    def ask(self, machine: Machine, read: Read, say: Say) -> Answer | None:
        """See `Source.ask`."""
        return Answer(b"", "this platform has no place for a config")

    def __str__(self) -> str:
        return "nowhere but the kernel arguments and system files"
