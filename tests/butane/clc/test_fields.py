"""Every documented key of Container Linux Config, what Ignition 2.3 says for it, and what becomes of it in 3.4.

The flags of etcd and flannel have golden cases of their own, one for each of their versions; here is a row for each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from stoker.butane.clc import compile_clc, find_bound
from stoker.ignition.parse import Parsed
from stoker.ignition.parts import part_at
from stoker.ignition.versions import to_version
from stoker.report import Pointer
from stoker.schema.clc import Config
from stoker.schema.clc_services import EDITIONS, Service
from stoker.schema.decode import Row, rows
from stoker.schema.objects import Object, json_name
from stoker.schema.specs import CLC, SPECS, Spec

HASH = {"function": "sha512", "sum": "a" * 128}
GUID = "01234567-89AB-CDEF-EDCB-A98765432101"

# What an object needs beside the key in question so that it can be read.
COMPANIONS: dict[str, dict[str, Any]] = {
    "storage.disks[]": {"device": "/dev/sda"},
    "storage.disks[].partitions[]": {"number": 1},
    "storage.raid[]": {"name": "m", "level": "raid1", "devices": ["/dev/a", "/dev/b"]},
    "storage.filesystems[]": {"name": "f"},
    "storage.filesystems[].name": {"mount": {"device": "/dev/a", "format": "ext4"}},
    "storage.filesystems[].mount": {"device": "/dev/a", "format": "ext4"},
    "storage.files[]": {"path": "/f", "mode": 0},
    "storage.directories[]": {"path": "/d", "mode": 0},
    "storage.links[]": {"path": "/l", "target": "x"},
    "ignition.config.append[]": {"source": "http://h/a"},
    "ignition.security.tls.certificate_authorities[]": {"source": "http://h/c"},
    "systemd.units[]": {"name": "a.service"},
    "systemd.units[].dropins[]": {"name": "a.conf"},
    "networkd.units[]": {"name": "a.network", "contents": "[Link]\n"},
    "networkd.units[].dropins[]": {"name": "a.conf", "contents": "[Link]\n"},
    "passwd.users[]": {"name": "u"},
    "passwd.groups[]": {"name": "g"},
}
OWNER: dict[str, Any] = {"user.id": 0, "user.name": "core", "group.id": 0, "group.name": "core"}
ACCOUNT: dict[str, Any] = {
    "uid": 0,
    "gecos": "A name",
    "home_dir": "/home/u",
    "no_create_home": True,
    "primary_group": "g",
    "groups": ["docker"],
    "no_user_group": True,
    "system": True,
    "no_log_init": True,
    "shell": "/bin/sh",
}

# keys that Ignition has under the same name, with a value that it keeps
KEPT: dict[str, Any] = {
    "ignition.config.append[].source": "http://h/x",
    "ignition.config.replace.source": "https://h/x",
    "ignition.timeouts.http_response_headers": 0,
    "ignition.timeouts.http_total": 30,
    "ignition.security.tls.certificate_authorities[].source": "data:,pem",
    "storage.disks[].device": "/dev/sdb",
    "storage.disks[].wipe_table": True,
    "storage.disks[].partitions[].label": "",
    "storage.disks[].partitions[].number": 3,
    "storage.disks[].partitions[].guid": GUID,
    "storage.raid[].name": "data",
    "storage.raid[].level": "raid5",
    "storage.raid[].devices": ["/dev/a", "/dev/b"],
    "storage.raid[].spares": 1,
    "storage.raid[].options": ["--x"],
    "storage.filesystems[].name": "data",
    "storage.filesystems[].path": "/data",
    "storage.filesystems[].mount.device": "/dev/b",
    "storage.filesystems[].mount.format": "vfat",
    "storage.filesystems[].mount.create.force": True,
    "storage.filesystems[].mount.create.options": ["-f"],
    "storage.filesystems[].mount.wipe_filesystem": True,
    "storage.filesystems[].mount.label": "",
    "storage.filesystems[].mount.uuid": "7d",
    "storage.filesystems[].mount.options": ["-m"],
    "storage.files[].filesystem": "root",
    "storage.files[].path": "/etc/f",
    "storage.files[].mode": 0o755,
    "storage.files[].overwrite": False,
    "storage.files[].append": True,
    "storage.directories[].filesystem": "oem",
    "storage.directories[].path": "/etc/d",
    "storage.directories[].mode": 0o700,
    "storage.directories[].overwrite": True,
    "storage.links[].filesystem": "oem",
    "storage.links[].path": "/etc/l",
    "storage.links[].hard": True,
    "storage.links[].target": "../x",
    "storage.links[].overwrite": True,
    "systemd.units[].name": "b.timer",
    "systemd.units[].enable": True,
    "systemd.units[].enabled": False,
    "systemd.units[].mask": True,
    "systemd.units[].contents": "[Service]\n",
    "systemd.units[].dropins[].name": "b.conf",
    "systemd.units[].dropins[].contents": "[Service]\n",
    "networkd.units[].name": "b.netdev",
    "networkd.units[].contents": "[Match]\n",
    "networkd.units[].dropins[].name": "b.conf",
    "networkd.units[].dropins[].contents": "[Match]\n",
    "passwd.users[].name": "core",
    "passwd.users[].password_hash": "",
    "passwd.users[].ssh_authorized_keys": ["ssh-ed25519 AAAA"],
    "passwd.groups[].name": "wheel",
    "passwd.groups[].gid": 0,
    "passwd.groups[].password_hash": "!",
    "passwd.groups[].system": True,
    **{f"passwd.users[].{key}": value for key, value in ACCOUNT.items()},
    **{f"passwd.users[].create.{key}": value for key, value in ACCOUNT.items()},
    **{f"storage.{kind}[].{key}": value for kind in ("files", "directories", "links") for key, value in OWNER.items()},
}

# keys that become something else: the value, where Ignition says it (from the object of the key), and how
CONTENTS = "storage.files.0.contents"
UNIT = "systemd.units.0.dropins.0.contents"
CONF = "storage.files.0.contents.source"
REWRITTEN: dict[str, tuple[Any, str, Any]] = {
    "version": (0, "ignition.version", "2.3.0"),
    "storage.disks[].partitions[].size": ("1GiB", "storage.disks.0.partitions.0.sizeMiB", 1024),
    "storage.disks[].partitions[].start": ("0", "storage.disks.0.partitions.0.startMiB", 0),
    "storage.disks[].partitions[].type_guid": (
        "swap_partition",
        "storage.disks.0.partitions.0.typeGuid",
        "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f",
    ),
    "storage.files[].contents.inline": ("a b", f"{CONTENTS}.source", "data:,a%20b"),
    "storage.files[].contents.local": ("text", f"{CONTENTS}.source", "data:,local%0A"),
    "storage.files[].contents.remote.url": ("HTTP://h/a b", f"{CONTENTS}.source", "http://h/a%20b"),
    "storage.files[].contents.remote.compression": ("gzip", f"{CONTENTS}.compression", "gzip"),
    "update.group": ("BETA", CONF, "data:,GROUP%3Dbeta"),
    "update.server": ("https://u", CONF, "data:,%0ASERVER%3Dhttps%3A%2F%2Fu"),
    "locksmith.reboot_strategy": ("off", CONF, "data:,%0AREBOOT_STRATEGY%3D%22off%22"),
    "locksmith.window_start": ("", CONF, "data:,%0ALOCKSMITHD_REBOOT_WINDOW_START%3D%22%22"),
    "locksmith.window_length": ("", CONF, "data:,%0ALOCKSMITHD_REBOOT_WINDOW_LENGTH%3D%22%22"),
    "locksmith.group": ("blue", CONF, "data:,%0ALOCKSMITHD_GROUP%3D%22blue%22"),
    "locksmith.etcd_endpoints": ("e", CONF, "data:,%0ALOCKSMITHD_ENDPOINT%3D%22e%22"),
    "locksmith.etcd_cafile": ("e", CONF, "data:,%0ALOCKSMITHD_ETCD_CAFILE%3D%22e%22"),
    "locksmith.etcd_certfile": ("e", CONF, "data:,%0ALOCKSMITHD_ETCD_CERTFILE%3D%22e%22"),
    "locksmith.etcd_keyfile": ("e", CONF, "data:,%0ALOCKSMITHD_ETCD_KEYFILE%3D%22e%22"),
    "docker.flags": (["-D", "--a=b c"], UNIT, '[Service]\nEnvironment="DOCKER_OPTS=-D --a=b c"'),
    "etcd.version": (
        "3.01.2",
        UNIT,
        '[Service]\nEnvironment="ETCD_IMAGE_TAG=v3.1.2"\nExecStart=\nExecStart=/usr/lib/coreos/etcd-wrapper $ETCD_OPTS',
    ),
    "flannel.version": (
        "0.7.1",
        UNIT,
        (
            '[Service]\nEnvironment="FLANNEL_IMAGE_TAG=v0.7.1"\nExecStart=\n'
            "ExecStart=/usr/lib/coreos/flannel-wrapper $FLANNEL_OPTS"
        ),
    ),
    "flannel.network_config": (
        "{}",
        UNIT,
        (
            "[Service]\nExecStart=\nExecStart=/usr/lib/coreos/flannel-wrapper $FLANNEL_OPTS\n"
            'ExecStartPre=/usr/bin/etcdctl set /coreos.com/network/config "{}"'
        ),
    ),
}
HASHED = {
    "ignition.config.append[].verification.hash": "ignition.config.append.0.verification.hash",
    "ignition.config.replace.verification.hash": "ignition.config.replace.verification.hash",
    "ignition.security.tls.certificate_authorities[].verification.hash": (
        "ignition.security.tls.certificateAuthorities.0.verification.hash"
    ),
    "storage.files[].contents.remote.verification.hash": f"{CONTENTS}.verification.hash",
}

# What becomes of keys in Ignition 3.4: the finding that says so, for a key or all keys below it. Any other is kept.
APPROXIMATED = {
    "storage.filesystems[].mount.create": "mount-create-moved",
    "passwd.users[].create": "user-create-moved",
    "etcd": "container-linux-only",
    "flannel": "container-linux-only",
    "update": "container-linux-only",
    "locksmith": "container-linux-only",
    "networkd": "networkd-moved",
    "storage.filesystems[].path": "mounted-filesystem-dropped",
}
MOUNTED = {"f": "/f", "data": "/data", "oem": "/oem"}


def document(key: str, value: Any) -> bytes:
    """A document that says one key, and what it needs beside it; JSON is YAML."""
    said = value
    while key:
        parent, _, last = key.rpartition(".")
        here = {last.removesuffix("[]"): [said] if last.endswith("[]") else said}
        said = COMPANIONS.get(parent, {}) | (COMPANIONS.get(key, {}) if said == value else {}) | here
        key = parent
    return json.dumps(said).encode()


def pointer(dotted: str) -> Pointer:
    return tuple(int(step) if step.isdigit() else step for step in dotted.split("."))


def becomes(key: str, value: Any, where: str, files_dir: str = "") -> Any:
    done = compile_clc(document(key, value), files_dir=files_dir)
    assert done.config is not None, [entry.message for entry in done.report]
    return part_at(msgspec.to_builtins(done.config), pointer(where))


@pytest.mark.parametrize("key", KEPT)
def test_a_key_is_kept(key: str) -> None:
    where = ".".join(map(json_name, key.replace("[]", ".0").split(".")))
    assert becomes(key, KEPT[key], where) == KEPT[key]


@pytest.mark.parametrize("key", REWRITTEN)
def test_a_key_is_rewritten(key: str, tmp_path: Any) -> None:
    (tmp_path / "text").write_text("local\n")
    value, where, expected = REWRITTEN[key]
    assert becomes(key, value, where, str(tmp_path)) == expected


@pytest.mark.parametrize("key", HASHED)
def test_a_digest_is_joined(key: str) -> None:
    assert becomes(key, HASH, HASHED[key]) == f"sha512-{HASH['sum']}"
    assert becomes(key, {"sum": "x"}, HASHED[key]) is None


def outcome(key: str, outcomes: dict[str, str]) -> str | None:
    return next((code for above, code in outcomes.items() if f"{key}.".startswith(f"{above}.")), None)


@pytest.mark.parametrize("key", [*KEPT, *REWRITTEN, *HASHED])
def test_a_key_goes_on_to_ignition_3_or_it_is_said(key: str, tmp_path: Any) -> None:
    (tmp_path / "text").write_text("local\n")
    value = KEPT[key] if key in KEPT else REWRITTEN[key][0] if key in REWRITTEN else HASH
    done = compile_clc(document(key, value), files_dir=str(tmp_path))
    parsed = Parsed(done.report)
    parsed.old, parsed.spec = done.config, done.spec
    config, lost = to_version(parsed, SPECS["ignition", "3.4.0"], MOUNTED)
    expected = outcome(key, APPROXIMATED)
    assert {entry.code for entry in [*find_bound(done), *lost]} == ({expected} if expected else set())
    assert config is not None


# every flag of every version, with the texts for a flag of each type
FLAGS = [(spec, row) for cls, spec in EDITIONS for row in rows(cls, spec) if row.dates.since >= 0]
SAID: dict[type, tuple[Any, str]] = {str: ('a "b"', '"a \\"b\\""'), int: (7, "7"), bool: (False, "false")}


@pytest.mark.parametrize(("spec", "row"), FLAGS, ids=[f"{spec} {row.name}" for spec, row in FLAGS])
def test_a_flag_is_kept_for_who_has_the_program(spec: Spec, row: Row) -> None:
    value, text = SAID[row.type]
    section = {"version": f"{spec.version}.0", row.name: value}
    done = compile_clc(json.dumps({spec.variant: section}).encode())
    assert done.config is not None
    assert [entry.code for entry in done.report if entry.severity != "info"] == []
    name = "iface" if row.name == "interface" else row.name.replace("_", "-")
    assert done.config.systemd.units[0].dropins[0].contents.endswith(f" \\\n  --{name}={text}")
    parsed = Parsed(done.report)
    parsed.old, parsed.spec = done.config, done.spec
    config, lost = to_version(parsed, SPECS["ignition", "3.4.0"])
    assert config is not None
    assert [entry.code for entry in [*find_bound(done), *lost]] == ["container-linux-only"]


def keys(cls: type[Object], prefix: str = "") -> Iterator[str]:
    """Every key of the table, dotted."""
    for row in rows(cls, CLC):
        name = f"{prefix}{row.name}{'[]' if row.is_list and row.is_object else ''}"
        if issubclass(row.type, Service):
            yield f"{name}.version"
        elif row.is_object:
            yield from keys(row.type, f"{name}.")
        else:
            yield name


def test_no_key_is_left_out() -> None:
    hashes = {f"{key}.{part}" for key in HASHED for part in ("function", "sum")}
    assert set(keys(Config)) - set(KEPT) - set(REWRITTEN) - hashes == set()
