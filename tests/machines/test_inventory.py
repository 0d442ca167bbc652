"""What machines report of themselves: both forms, and the bounds."""

from __future__ import annotations

import msgspec
import pytest

from stoker.machines import Identity, Inventory, Register, read_inventory
from stoker.machines.inventory import MAX_DISKS, MAX_INTERFACES, Disk, Interface
from stoker.system.inventory import Captured
from stoker.system.scratch_devices import Disk as CapturedDisk
from stoker.system.scratch_devices import Inventory as Devices

A, B = "52:54:00:00:00:0a", "52:54:00:00:00:0b"
OWN = Inventory(
    "QEMU", "Standard PC", "7", "x86-64", 4, 8 << 30, (Disk("/dev/vda", 1 << 30),), (Interface("eth0", A, "virtio"),)
)


def test_its_own_form() -> None:
    found, report = read_inventory(msgspec.json.encode(OWN))
    assert found == OWN
    assert not len(report)
    assert read_inventory(b"{}")[0] == Inventory()


def test_what_is_captured_elsewhere() -> None:
    captured = Captured(os={"ID": "flatcar"}, devices=Devices(disks={"/dev/sda": CapturedDisk(size=7)}))
    found, report = read_inventory(msgspec.json.encode(captured))
    assert found == Inventory(disks=(Disk("/dev/sda", 7),), os={"ID": "flatcar"})
    assert not len(report)


BROKEN = [
    (b"", "Input data was truncated"),
    (b"[]", "Expected `object`, got `array`"),
    (b"\xff", "JSON is malformed"),
    (b"[" * 100_000, "Expected `object`, got `array`"),
    (b'{"cpus": "4"}', "Expected `int`, got `str` - at `$.cpus`"),
    (b'{"vendor": "' + b"a" * 257 + b'"}', "Expected `str` of length <= 256 - at `$.vendor`"),
    (b'{"version": 1, "devices": {"disks": {"/dev/sda": {}}}}', "Object missing required field `size`"),
]


@pytest.mark.parametrize("text, reason", BROKEN, ids=[repr(text[:30]) for text, _ in BROKEN])
def test_what_is_no_inventory(text: bytes, reason: str) -> None:
    found, report = read_inventory(text)
    assert found is None
    (entry,) = report
    assert entry.message.startswith(f"not an inventory: {reason}")


def test_what_is_kept_is_bounded() -> None:
    disks = tuple(Disk(str(number)) for number in range(1000))
    interfaces = tuple(Interface(str(number)) for number in range(1000))
    many = Inventory(disks=disks, interfaces=interfaces, os={str(number): "x" for number in range(1000)})
    found, _ = read_inventory(msgspec.json.encode(many))
    assert found is not None
    assert (len(found.disks), len(found.interfaces), len(found.os)) == (MAX_DISKS, MAX_INTERFACES, 32)


def test_its_addresses_are_aliases() -> None:
    found = Inventory(interfaces=(Interface("eth0", A), Interface("eth1", B.upper()), Interface("lo", "nothing")))
    assert found.macs == (A, B)
    recognised = Register().recognise(Identity("", A, found.macs), 1.0)
    assert recognised is not None
    assert recognised.machine.macs == (A, B)
