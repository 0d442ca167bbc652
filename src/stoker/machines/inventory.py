"""What a machine is made of, as it reports it: JSON goes in, an Inventory comes out, bounded, or a finding.

Two forms are read: an Inventory itself, and what `stoker inventory -o json` captures, of which disks and system are
kept. Nothing in it is trusted to say who a machine is, but for the addresses that it adds to its own.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec.structs import replace

from stoker.machines.addresses import parse_mac
from stoker.machines.messages import BAD_INVENTORY
from stoker.report import Report, Severity

MAX_DISKS: Final = 256
MAX_INTERFACES: Final = 32

Text = Annotated[str, msgspec.Meta(max_length=256)]


class Disk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A disk: its path, its size in bytes, and what is written on it."""

    name: Text
    size: int = 0
    serial: Text = ""
    model: Text = ""


class Interface(msgspec.Struct, frozen=True, omit_defaults=True):
    """A network interface: its name, its hardware address, its driver."""

    name: Text
    mac: Text = ""
    driver: Text = ""


class Inventory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a machine is made of; `memory` in bytes, `os` fields of os-release(5)."""

    vendor: Text = ""
    product: Text = ""
    serial: Text = ""
    cpu: Text = ""
    cpus: int = 0
    memory: int = 0
    disks: tuple[Disk, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    os: dict[Text, Text] = {}

    @property
    def macs(self) -> tuple[str, ...]:
        """The addresses of its interfaces, in one form."""
        return tuple(filter(None, (parse_mac(interface.mac) for interface in self.interfaces)))


class _Form(msgspec.Struct):
    """Which form it is: a captured machine names its version."""

    version: int = 0


class _CapturedDisk(msgspec.Struct):
    size: int


class _Devices(msgspec.Struct):
    disks: dict[Text, _CapturedDisk] = {}


class _Captured(msgspec.Struct):
    os: dict[Text, Text] = {}
    devices: _Devices = msgspec.field(default_factory=_Devices)


def read_inventory(text: bytes) -> tuple[Inventory | None, Report]:
    """Read what a machine reports; more parts than are kept are left out."""
    report = Report()
    try:
        if msgspec.json.decode(text, type=_Form).version:
            captured = msgspec.json.decode(text, type=_Captured)
            disks = tuple(Disk(node, disk.size) for node, disk in captured.devices.disks.items())
            return bounded(Inventory(disks=disks, os=captured.os)), report
        return bounded(msgspec.json.decode(text, type=Inventory)), report
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        report.add(Severity.ERROR, BAD_INVENTORY, reason=str(error))
        return None, report


def bounded(inventory: Inventory) -> Inventory:
    """An inventory with no more parts than are kept."""
    disks, interfaces = inventory.disks[:MAX_DISKS], inventory.interfaces[:MAX_INTERFACES]
    return replace(inventory, disks=disks, interfaces=interfaces, os=dict(list(inventory.os.items())[:MAX_INTERFACES]))
