"""File systems, mounts, arrays, encrypted volumes: devices as they are, what a config says, what is run or refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, Outcome, carry_out, lay_base, plan
from stoker.engine.impact import losses_of
from stoker.engine.plan import STAGES
from stoker.fetch import Embedded, Fetch, Source
from stoker.fetch.source import READ_LIMIT
from stoker.schema.v3 import Config
from stoker.system import Partition, ScratchSystem, Signature, Table
from stoker.system.devices import Array, Volume
from stoker.system.scratch_devices import MADE_UP, Disk, Inventory, ScratchDevices

MEBIBYTE = 1 << 20
UUID = "11111111-2222-4333-8444-555555555555"
EXT4 = Signature("ext4", "data", UUID)
LUKS = Signature("crypto_LUKS", "vault", UUID)
KEY = {"source": "data:,secret"}


def inventory(**contents: Signature) -> Inventory:
    """Disks of 1 GiB by name, each with what is on the whole of it; `sda`, `sdb` and `sdc` when not said."""
    names = {"sda", "sdb", "sdc", *contents}
    held = {name: {0: contents[name]} if name in contents else {} for name in names}
    return Inventory(disks={f"/dev/{name}": Disk(size=1 << 30, contents=held[name]) for name in sorted(names)})


class Elsewhere(Embedded):
    """Gets what the config holds, and the same bytes from anywhere else."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[Source] = []

    def read(self, source: Source, limit: int = READ_LIMIT) -> bytes:
        if source.is_embedded:
            return super().read(source, limit)
        self.asked.append(source)
        return self.content


class Machine:
    """A tree with block devices on paper."""

    def __init__(self, root: Path, given: Inventory) -> None:
        self.devices = ScratchDevices(given)
        self.system = ScratchSystem(root, devices=self.devices, clock=lambda: 0.0)
        self.log: list[str] = []
        lay_base(self.system, DISTRIBUTIONS["flatcar"])

    def provision(self, storage: dict[str, Any], fetch: Fetch | None = None) -> Outcome:
        self.devices.commands.clear()
        config = msgspec.convert({"ignition": {"version": "3.6.0"}, "storage": storage}, Config)
        planned = plan(config, self.system, DISTRIBUTIONS["flatcar"], online=fetch is not None)
        return carry_out(planned, self.system, self.log.append, fetch)

    @property
    def commands(self) -> list[str]:
        root = self.system.root
        return [" ".join(command).replace(root, "/sysroot") for command in self.devices.commands]


# id: (what is on /dev/sda, what the config says of it, command lines)
FILESYSTEMS: dict[str, tuple[Signature | None, dict[str, Any], list[str]]] = {
    "ext4": (
        None,
        {"format": "ext4", "label": "data", "uuid": UUID.upper(), "options": ["-b", "1024"]},
        ["wipefs -a /dev/sda", f"mkfs.ext4 -b 1024 -F -U {UUID} -L data /dev/sda"],
    ),
    "btrfs": (
        None,
        {"format": "btrfs", "label": "data", "uuid": UUID, "options": ["-m", "dup"]},
        ["wipefs -a /dev/sda", f"mkfs.btrfs -m dup --force -U {UUID} -L data /dev/sda"],
    ),
    "xfs": (
        None,
        {"format": "xfs", "label": "data", "uuid": UUID, "options": ["-q"]},
        ["wipefs -a /dev/sda", f"mkfs.xfs -q -f -m uuid={UUID} -L data /dev/sda"],
    ),
    "swap": (
        None,
        {"format": "swap", "label": "data", "uuid": UUID},
        ["wipefs -a /dev/sda", f"mkswap -f -U {UUID} -L data /dev/sda"],
    ),
    "vfat": (
        None,
        {"format": "vfat", "label": "ESP", "uuid": "A1B2-C3D4", "options": ["-F", "32"]},
        ["wipefs -a /dev/sda", "mkfs.fat -F 32 -i a1b2c3d4 -n ESP /dev/sda"],
    ),
    "an empty label is one": (
        None,
        {"format": "ext4", "label": ""},
        ["wipefs -a /dev/sda", "mkfs.ext4 -F -L  /dev/sda"],
    ),
    "none of a blank device": (None, {"format": "none"}, []),
    "none, wiped": (EXT4, {"format": "none", "wipeFilesystem": True}, ["wipefs -a /dev/sda"]),
    "no format": (EXT4, {}, []),
    "the same one": (EXT4, {"format": "ext4", "label": "data", "uuid": UUID.upper()}, []),
    "the same format": (EXT4, {"format": "ext4"}, []),
    "the same volume id": (Signature("vfat", "", "A1B2-C3D4"), {"format": "vfat", "uuid": "a1b2c3d4"}, []),
    "the same one, wiped": (
        EXT4,
        {"format": "ext4", "wipeFilesystem": True},
        ["wipefs -a /dev/sda", "mkfs.ext4 -F /dev/sda"],
    ),
    "another one, wiped": (
        EXT4,
        {"format": "xfs", "wipeFilesystem": True},
        ["wipefs -a /dev/sda", "mkfs.xfs -f /dev/sda"],
    ),
}


@pytest.mark.parametrize(("found", "said", "expected"), FILESYSTEMS.values(), ids=FILESYSTEMS)
def test_file_systems(tmp_path: Path, found: Signature | None, said: dict[str, Any], expected: list[str]) -> None:
    machine = Machine(tmp_path / "root", inventory(**({"sda": found} if found else {})))
    storage = {"filesystems": [{"device": "/dev/sda", **said}]}
    assert machine.provision(storage).succeeded
    assert machine.commands == expected
    if not said.get("wipeFilesystem"):
        machine.provision(storage)
        assert machine.commands == []


FOUND = f'(found ext4, "data", {UUID}) and a filesystem wipe was not requested'


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"format": "xfs"}, id="format"),
        pytest.param({"format": "ext4", "label": "other"}, id="label"),
        pytest.param({"format": "ext4", "label": ""}, id="no label"),
        pytest.param({"format": "ext4", "uuid": UUID.replace("1", "2")}, id="uuid"),
        pytest.param({"format": "none"}, id="none"),
    ],
)
def test_a_file_system_that_is_another_one_is_refused(tmp_path: Path, said: dict[str, Any]) -> None:
    machine = Machine(tmp_path / "root", inventory(sda=EXT4))
    outcome = machine.provision({"filesystems": [{"device": "/dev/sda", **said}]})
    message = f'filesystem at "/dev/sda" is not of the correct type, label, or UUID {FOUND}'
    assert [(entry.message, entry.pointer) for entry in outcome.report] == [(message, ("storage", "filesystems", 0))]
    assert machine.commands == []


# id: (MiB of the device, what the config says, the message if it is refused)
SIZES: dict[str, tuple[int, dict[str, Any], str]] = {
    "xfs": (299, {"format": "xfs"}, 'xfs needs at least 300 MiB, and "$device" has 299 MiB'),
    "xfs, just enough": (300, {"format": "xfs"}, ""),
    "xfs, as its options say": (200, {"format": "xfs", "options": ["--unsupported"]}, ""),
    "btrfs": (108, {"format": "btrfs"}, 'btrfs needs at least 109 MiB, and "$device" has 108 MiB'),
    "btrfs, just enough": (109, {"format": "btrfs"}, ""),
    "ext4": (1, {"format": "ext4"}, ""),
    "vfat": (1, {"format": "vfat"}, ""),
    "swap": (1, {"format": "swap"}, ""),
}


@pytest.mark.parametrize("is_partition", [False, True], ids=["a disk", "a partition that will be"])
@pytest.mark.parametrize(("size", "said", "message"), SIZES.values(), ids=SIZES)
def test_what_is_too_small_is_refused_before_anything_is_wiped(
    tmp_path: Path, size: int, said: dict[str, Any], message: str, is_partition: bool
) -> None:
    disk = Disk(size=1 << 30 if is_partition else size * MEBIBYTE, contents={} if is_partition else {0: EXT4})
    machine = Machine(tmp_path / "root", Inventory(disks={"/dev/sda": disk}))
    device = "/dev/sda1" if is_partition else "/dev/sda"
    storage: dict[str, Any] = {"filesystems": [{"device": device, "wipeFilesystem": True, **said}]}
    if is_partition:
        storage["disks"] = [{"device": "/dev/sda", "partitions": [{"number": 1, "sizeMiB": size}]}]
    outcome = machine.provision(storage)
    assert [(entry.message, entry.pointer) for entry in outcome.report] == (
        [(message.replace("$device", device), ("storage", "filesystems", 0))] if message else []
    )
    assert bool(machine.commands) != bool(message)


def old_partition() -> Inventory:
    """A disk with a partition that held ext4, whose entry is gone."""
    return Inventory(disks={"/dev/sda": Disk(size=1 << 30, contents={MEBIBYTE: EXT4})})


def test_what_lies_where_a_partition_will_be_is_seen_before(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root", old_partition())
    storage: dict[str, Any] = {
        "disks": [{"device": "/dev/sda", "partitions": [{"number": 1, "label": "x", "sizeMiB": 10}]}],
        "filesystems": [{"device": "/dev/disk/by-partlabel/x", "format": "xfs"}],
    }
    outcome = machine.provision(storage)
    assert [entry.code for entry in outcome.report] == ["bad-filesystem"]
    assert machine.commands == []
    storage["filesystems"][0]["format"] = "ext4"
    assert machine.provision(storage).succeeded
    assert machine.commands == ["sgdisk --new=1:2048:+20480 --change-name=1:x /dev/sda"]


def test_what_stands_on_a_partition_that_is_refused_is_not_said_to_be_missing(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root", inventory())
    storage: dict[str, Any] = {
        "disks": [{"device": "/dev/sda", "partitions": [{"number": 1, "sizeMiB": 2000}]}],
        "filesystems": [{"device": "/dev/sda1", "format": "xfs", "path": "/var"}],
    }
    assert [entry.code for entry in machine.provision(storage).report] == ["no-room"]


# id: (path of a device, whether it will be there once /dev/sda has partition 2, label `a b`, and 1 is gone)
PATHS = {
    "node": ("/dev/sda2", True),
    "label": (r"/dev/disk/by-partlabel/a\x20b", True),
    "GUID": (f"/dev/disk/by-partuuid/{UUID}", True),
    "id": ("/dev/disk/by-id/x-part2", True),
    "disk": ("/dev/disk/by-id/x", True),
    "gone": ("/dev/sda1", False),
    "gone, by label": ("/dev/disk/by-partlabel/old", False),
    "not there": ("/dev/sdz", False),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS)
def test_which_devices_there_will_be(tmp_path: Path, path: str, expected: bool) -> None:
    blank = Table.blank(1 << 30, 512)
    table = msgspec.structs.replace(blank, partitions=(Partition(1, 2048, 2048, "old", UUID[::-1], UUID),), guid=UUID)
    disk = Disk(size=1 << 30, table=table, links=["/dev/disk/by-id/x"])
    machine = Machine(tmp_path / "root", Inventory(disks={"/dev/sda": disk}))
    partitions = [
        {"number": 1, "shouldExist": False, "wipePartitionEntry": True},
        {"number": 2, "label": "a b", "guid": UUID, "sizeMiB": 1},
    ]
    outcome = machine.provision(
        {
            "disks": [{"device": "/dev/disk/by-id/x", "partitions": partitions}],
            "filesystems": [{"device": path, "format": "ext4"}],
        }
    )
    assert [entry.code for entry in outcome.report] == ([] if expected else ["no-device"])


MOUNTS = {
    "filesystems": [
        {"device": "/dev/sda", "format": "ext4", "path": "/var/lib/deep", "mountOptions": ["noatime", "ro"]},
        {"device": "/dev/sdb", "format": "xfs", "path": "/var"},
        {"device": "/dev/sdc", "format": "swap"},
        {"device": "tag", "format": "virtiofs", "path": "/srv"},
    ],
    "files": [{"path": "/var/lib/deep/file"}],
}


def test_mounts_are_in_order_and_undone(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root", inventory())
    assert machine.provision(MOUNTS).succeeded
    assert [command for command in machine.commands if "mount" in command] == [
        "mount -o  -t xfs /dev/sdb /sysroot/var",
        "mount -o  -t virtiofs tag /sysroot/srv",
        "mount -o noatime,ro -t ext4 /dev/sda /sysroot/var/lib/deep",
        "umount /sysroot/var/lib/deep",
        "umount /sysroot/srv",
        "umount /sysroot/var",
    ]


def test_stages_can_be_planned_one_by_one(tmp_path: Path) -> None:
    """As a first boot does: every stage sees what the one before it left."""
    machine = Machine(tmp_path / "root", inventory())
    config = msgspec.convert({"ignition": {"version": "3.6.0"}, "storage": MOUNTS}, Config)
    stages: dict[str, list[str]] = {}
    for stage in STAGES:
        machine.log.clear()
        planned = plan(config, machine.system, DISTRIBUTIONS["flatcar"], stages=(stage,))
        assert carry_out(planned, machine.system, machine.log.append).succeeded
        stages[stage] = [event.text.split()[0] for event in carry_out(planned, machine.system, [].append).events]
        assert {line.split(":")[0] for line in machine.log} == {stage}
    assert stages == {
        "disks": ["creating"] * 3,
        "mount": ["mounting"] * 3,
        "files": ["keeping", "writing"],
        "umount": ["umounting"] * 3,
    }


def test_mounts_are_undone_after_a_failure(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root", inventory())
    storage = copy.deepcopy(MOUNTS)
    storage["files"] = [{"path": "/etc/bad", "user": {"name": "nobody-has-this-name"}}]
    outcome = machine.provision(storage)
    assert [entry.code for entry in outcome.report] == ["no-such-user"]
    assert not any(machine.devices.mounts.values())


def test_what_was_mounted_before_stays(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root", inventory(sdb=Signature("xfs")))
    machine.system.mount("/var", "/dev/sdb", "xfs", ())
    assert machine.provision({"filesystems": [MOUNTS["filesystems"][1]]}).succeeded
    assert machine.commands == []
    outcome = machine.provision({"filesystems": [{"device": "/dev/sdc", "format": "ext4", "path": "/var"}]})
    assert [entry.code for entry in outcome.report] == ["mounted-over", "ran-before"]
    assert machine.commands[2:] == ["mount -o  -t ext4 /dev/sdc /sysroot/var", "umount /sysroot/var"]
    assert machine.system.mounted("/var") == "/dev/sdb"


def test_files_where_a_mount_will_be_do_not_count(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root", inventory())
    machine.system.write_file("/var/file", b"hidden")
    filesystems = [{"device": "/dev/sda", "format": "ext4", "path": "/var"}]
    files = [{"path": "/var/file", "contents": {"source": "data:,x"}}]
    outcome = machine.provision({"filesystems": filesystems, "files": files})
    assert [event.outcome for event in outcome.events][:2] == ["done", "done"]  # it is settled when that is mounted


def test_a_mount_through_a_link_is_refused(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root", inventory())
    machine.system.link("/var", "/etc")
    outcome = machine.provision({"filesystems": [{"device": "/dev/sda", "format": "ext4", "path": "/var/x"}]})
    message = 'mount path "/var/x" contains non-directory component "/var"'
    assert [(entry.message, entry.pointer) for entry in outcome.report] == [
        (message, ("storage", "filesystems", 0, "path"))
    ]


ARRAY = {"name": "md0", "level": "raid1", "devices": ["/dev/sda", "/dev/sdb"], "options": ["--metadata=1.2"]}


def test_arrays(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root", inventory())
    storage = {
        "raid": [{**ARRAY, "devices": [*ARRAY["devices"], "/dev/sdc"], "spares": 1}],
        "filesystems": [{"device": "/dev/md/md0", "format": "ext4"}],
    }
    assert machine.provision(storage).succeeded
    assert machine.commands == [
        (
            "mdadm --create md0 --force --run --homehost any --level raid1 --raid-devices 2 --spare-devices 1"
            " --metadata=1.2 /dev/sda /dev/sdb /dev/sdc"
        ),
        "wipefs -a /dev/md/md0",
        "mkfs.ext4 -F /dev/md/md0",
    ]
    machine.provision(storage)
    assert machine.commands == []


# id: (what is there, what the config says, code, pointer below the array)
ARRAYS: dict[str, tuple[dict[str, Any], dict[str, Any], str, tuple[str | int, ...]]] = {
    "a member is missing": ({}, {"devices": ["/dev/sda", "/dev/sdz"]}, "no-device", ("devices", 1)),
    "a member is in use": ({"uses": {"/dev/sdb": "held by `dm-0`"}}, {}, "member-in-use", ("devices", 1)),
    "other members": ({"arrays": {"/dev/md/md0": Array("raid1", ("/dev/sda", "/dev/sdc"))}}, {}, "array-differs", ()),
    "another level": ({"arrays": {"/dev/md/md0": Array("raid0", ("/dev/sda", "/dev/sdb"))}}, {}, "array-differs", ()),
}


@pytest.mark.parametrize(("there", "said", "code", "pointer"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_are_refused(
    tmp_path: Path, there: dict[str, Any], said: dict[str, Any], code: str, pointer: tuple[str | int, ...]
) -> None:
    machine = Machine(tmp_path / "root", msgspec.structs.replace(inventory(), **there))
    outcome = machine.provision({"raid": [{**ARRAY, **said}]})
    assert [(entry.code, entry.pointer) for entry in outcome.report] == [(code, ("storage", "raid", 0, *pointer))]


TANG = {"url": "http://tang", "thumbprint": "print"}
OPEN = "cryptsetup luksOpen /dev/sda vault --key-file - --persistent"

# id: (what the config says, command lines, line of crypttab without the UUID)
VOLUMES: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "a key file": (
        {"keyFile": KEY, "label": "vault", "uuid": UUID, "options": ["--cipher", "aes"]},
        [
            f"cryptsetup luksFormat --type luks2 --key-file - --label vault --uuid {UUID} --cipher aes /dev/sda",
            OPEN,
        ],
        "/etc/luks/vault luks,x-initrd.attach",
    ),
    "a key that is made up": (
        {"discard": True, "openOptions": ["--perf-no_read_workqueue"]},
        [
            "cryptsetup luksFormat --type luks2 --key-file - /dev/sda",
            f"{OPEN} --allow-discards --perf-no_read_workqueue",
        ],
        "/etc/luks/vault luks,x-initrd.attach",
    ),
    "wiped": (
        {"keyFile": KEY, "wipeVolume": True},
        ["wipefs -a /dev/sda", "cryptsetup luksFormat --type luks2 --key-file - /dev/sda", OPEN],
        "/etc/luks/vault luks,x-initrd.attach",
    ),
    "tang and tpm2": (
        {"clevis": {"tang": [TANG], "tpm2": True, "threshold": 2}},
        [
            "cryptsetup luksFormat --type luks2 --key-file - /dev/sda",
            OPEN,
            (
                'clevis luks bind -f -k - -d /dev/sda sss {"pins":{"tang":[{"url":"http://tang","thp":"print"}],"tpm2":{}},'
                '"t":2}'
            ),
            "cryptsetup luksClose vault",
            "clevis luks unlock -d /dev/sda -n vault",
            "cryptsetup luksRemoveKey /dev/sda -",
        ],
        "none luks,_netdev,x-initrd.attach",
    ),
    "tang that cannot be reached yet": (
        {"clevis": {"tang": [{**TANG, "advertisement": '{"payload":"x"}'}]}, "keyFile": KEY},
        [
            "cryptsetup luksFormat --type luks2 --key-file - /dev/sda",
            OPEN,
            (
                'clevis luks bind -f -k - -d /dev/sda sss {"pins":{"tang":[{"url":"http://tang","thp":"print",'
                '"adv":{"payload":"x"}}]},"t":1}'
            ),
        ],
        "none luks,_netdev,x-initrd.attach",
    ),
    "a pin of one's own": (
        {"clevis": {"custom": {"pin": "yubikey", "config": "{}", "needsNetwork": False}}},
        [
            "cryptsetup luksFormat --type luks2 --key-file - /dev/sda",
            OPEN,
            "clevis luks bind -f -k - -d /dev/sda yubikey {}",
            "cryptsetup luksRemoveKey /dev/sda -",
        ],
        "none luks,x-initrd.attach",
    ),
}


@pytest.mark.parametrize(("said", "expected", "line"), VOLUMES.values(), ids=VOLUMES)
def test_volumes(tmp_path: Path, said: dict[str, Any], expected: list[str], line: str) -> None:
    fetch = Elsewhere(b"{}")
    machine = Machine(tmp_path / "root", inventory())
    filesystems = [{"device": "/dev/mapper/vault", "format": "ext4"}]
    storage = {"luks": [{"name": "vault", "device": "/dev/sda", **said}], "filesystems": filesystems}
    outcome = machine.provision(storage, fetch)
    assert outcome.succeeded, [entry.message for entry in outcome.report]
    assert machine.commands == [*expected, "wipefs -a /dev/mapper/vault", "mkfs.ext4 -F /dev/mapper/vault"]
    assert machine.system.read("/etc/crypttab").decode() == f"vault UUID={said.get('uuid', MADE_UP)} {line}\n"
    assert fetch.asked == ([Source("http://tang/adv")] if expected[-2:][0].startswith("clevis luks unlock") else [])
    key = machine.system.look("/etc/luks/vault")
    assert (key is not None) == line.startswith("/etc/luks")
    if key is not None:
        assert (key.mode, key.size) == (0o600, len("secret") if "keyFile" in said else 8192)
    said_anywhere = " ".join([*machine.commands, *machine.log, *(event.text for event in outcome.events)])
    assert "secret" not in said_anywhere


HEADER = Volume(2, "vault", UUID)
OPENED = ["what the volume /dev/mapper/vault holds"]

# id: (what the config says of the volume on /dev/sda, what is made on it, the losses)
SEALED: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "used again, and kept": ({}, {"filesystems": [{"format": "ext4"}]}, []),
    "used again, and wiped": ({}, {"filesystems": [{"format": "ext4", "wipeFilesystem": True}]}, OPENED),
    "used again, in another volume": ({}, {"luks": [{"name": "inner", "keyFile": KEY, "wipeVolume": True}]}, OPENED),
    "used again, in another volume, if it is blank": ({}, {"luks": [{"name": "inner", "keyFile": KEY}]}, []),
    "made anew": (
        {"wipeVolume": True},
        {"filesystems": [{"format": "ext4", "wipeFilesystem": True}]},
        ["/dev/sda with crypto_LUKS `vault`"],
    ),
}


@pytest.mark.parametrize(("said", "above", "losses"), SEALED.values(), ids=SEALED)
def test_what_is_lost_of_a_volume_that_nobody_has_opened_yet(
    said: dict[str, Any], above: dict[str, Any], losses: list[str], tmp_path: Path
) -> None:
    """What it holds cannot be seen when a plan is made: that it is wiped was no loss to anybody."""
    given = inventory(sda=LUKS)
    given.volumes["/dev/sda"] = HEADER
    machine = Machine(tmp_path / "root", given)
    storage = {name: [{"device": "/dev/mapper/vault", **each} for each in made] for name, made in above.items()}
    volume = {"name": "vault", "device": "/dev/sda", "keyFile": KEY, **said}
    storage["luks"] = [volume, *storage.get("luks", [])]
    config = msgspec.convert({"ignition": {"version": "3.6.0"}, "storage": storage}, Config)
    planned = plan(config, machine.system, DISTRIBUTIONS["flatcar"])
    assert not planned.report.has_errors
    found = [loss for operation in planned.operations() for loss in losses_of(operation, machine.system)]
    assert [str(loss) for loss in found] == losses
    assert all(loss.is_allowed({"/dev/mapper/vault", "/dev/sda"}) for loss in found)


# id: (header on /dev/sda, what the config says, what stops it; empty when the volume is used again)
REUSED: dict[str, tuple[Volume, dict[str, Any], str]] = {
    "the same": (HEADER, {"keyFile": KEY, "label": "vault", "uuid": UUID}, ""),
    "with its flag": (Volume(2, "", "", ("allow-discards",)), {"keyFile": KEY, "discard": True}, ""),
    "no key": (HEADER, {}, "config must specify keyfile"),
    "clevis": (HEADER, {"keyFile": KEY, "clevis": {"tpm2": True}}, "config must not specify clevis binding"),
    "label": (
        HEADER,
        {"keyFile": KEY, "label": "other"},
        'volume label "vault" doesn\'t match expected label "other"',
    ),
    "uuid": (
        HEADER,
        {"keyFile": KEY, "uuid": "other"},
        f'volume UUID "{UUID}" doesn\'t match expected UUID "other"',
    ),
    "discard": (
        HEADER,
        {"keyFile": KEY, "discard": True},
        "volume allow-discards flag false doesn't match expected value true",
    ),
    "LUKS 1": (Volume(1, "", ""), {"keyFile": KEY}, "/dev/sda is a luks device but not luks2; it cannot be reused"),
}


@pytest.mark.parametrize(("header", "said", "reason"), REUSED.values(), ids=REUSED)
def test_volumes_that_are_there(tmp_path: Path, header: Volume, said: dict[str, Any], reason: str) -> None:
    machine = Machine(tmp_path / "root", inventory(sda=LUKS))
    machine.devices.inventory.volumes["/dev/sda"] = header
    outcome = machine.provision({"luks": [{"name": "vault", "device": "/dev/sda", **said}]})
    if not reason:
        assert outcome.succeeded, [entry.message for entry in outcome.report]
        assert machine.commands == [f"{OPEN} --allow-discards" if said.get("discard") else OPEN]
        return
    message = f'volume wipe was not requested and luks device "/dev/sda" could not be reused: {reason}'
    assert [(entry.message, entry.pointer) for entry in outcome.report] == [(message, ("storage", "luks", 0))]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param({"device": "/dev/sdz"}, "no-device", id="missing"),
        pytest.param({"device": "/dev/sdb"}, "not-a-volume", id="a file system"),
        pytest.param({"device": "/dev/sdc"}, "volume-in-use", id="in use"),
        pytest.param({"device": "/dev/sda", "cex": {"enabled": True}}, "no-cex", id="cex"),
    ],
)
def test_volumes_that_are_refused(tmp_path: Path, said: dict[str, Any], code: str) -> None:
    machine = Machine(tmp_path / "root", inventory(sdb=EXT4))
    machine.devices.inventory.uses["/dev/sdc"] = "held by `dm-0`"
    outcome = machine.provision({"luks": [{"name": "vault", "keyFile": KEY, **said}]})
    assert [entry.code for entry in outcome.report] == [code]
    assert machine.commands == []


def test_a_key_from_elsewhere_is_asked_for_with_its_headers(tmp_path: Path) -> None:
    fetch = Elsewhere(b"secret")
    machine = Machine(tmp_path / "root", inventory())
    key = {"source": "http://keys/vault", "httpHeaders": [{"name": "X-Token", "value": "1"}]}
    assert machine.provision({"luks": [{"name": "vault", "device": "/dev/sda", "keyFile": key}]}, fetch).succeeded
    assert fetch.asked == [Source("http://keys/vault", (("X-Token", "1"),))]
    assert machine.system.read("/etc/luks/vault") == b"secret"


def test_the_log(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    machine = Machine(tmp_path / "root", inventory(sdb=EXT4))
    outcome = machine.provision(
        {
            "disks": [
                {
                    "device": "/dev/sda",
                    "wipeTable": True,
                    "partitions": [{"label": "vault", "sizeMiB": 100}, {"label": "data"}],
                }
            ],
            "luks": [{"name": "vault", "device": "/dev/disk/by-partlabel/vault", "keyFile": KEY}],
            "filesystems": [
                {"device": "/dev/mapper/vault", "format": "ext4", "path": "/var/vault"},
                {"device": "/dev/disk/by-partlabel/data", "format": "xfs", "path": "/var"},
            ],
        }
    )
    assert outcome.succeeded
    golden("disks.log", "".join(f"{line}\n" for line in machine.log).replace(machine.system.root, "/sysroot"))
