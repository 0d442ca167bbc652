"""What becomes of every key of Ignition 2: kept, approximated, or refused, up to Ignition 3 and down to the oldest 2.

A row holds for every version that has its key; that no documented key is without a row is a test, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

import pytest

from stoker.ignition.encode import encode
from stoker.ignition.parse import parse
from stoker.ignition.versions import find_target, to_version
from stoker.report import pointer_text
from stoker.schema.decode import rows
from stoker.schema.objects import Object
from stoker.schema.specs import IGNITION, IGNITION_2, Spec
from stoker.schema.v2 import Config

# What an item of each list needs beside the key in question.
NEEDED: dict[str, dict[str, Any]] = {
    "ignition.config.append.0": {"source": "https://h/a"},
    "ignition.config.append.0.httpHeaders.0": {"name": "N", "value": "v"},
    "ignition.config.replace": {"source": "https://h/r"},
    "ignition.config.replace.httpHeaders.0": {"name": "N", "value": "v"},
    "ignition.security.tls.certificateAuthorities.0": {"source": "https://h/c"},
    "ignition.security.tls.certificateAuthorities.0.httpHeaders.0": {"name": "N", "value": "v"},
    "networkd.units.0": {"name": "a.network", "contents": "[Match]\n"},
    "networkd.units.0.dropins.0": {"name": "a.conf", "contents": "[Match]\n"},
    "passwd.groups.0": {"name": "g"},
    "passwd.users.0": {"name": "u"},
    "storage.directories.0": {"filesystem": "root", "path": "/d", "mode": 493},
    "storage.disks.0": {"device": "/dev/a"},
    "storage.disks.0.partitions.0": {"number": 1},
    "storage.files.0": {"filesystem": "root", "path": "/f", "mode": 420},
    "storage.files.0.contents": {"source": "https://h/f"},
    "storage.files.0.contents.httpHeaders.0": {"name": "N", "value": "v"},
    "storage.filesystems.0": {"name": "var"},
    "storage.filesystems.0.mount": {"device": "/dev/b", "format": "ext4"},
    "storage.links.0": {"filesystem": "root", "path": "/l", "target": "/t"},
    "storage.raid.0": {"name": "r", "level": "raid1", "devices": ["/dev/a"]},
    "systemd.units.0": {"name": "a.service"},
    "systemd.units.0.dropins.0": {"name": "a.conf"},
}
HASH = "sha512-" + "0" * 128
GUID = "01234567-89AB-CDEF-EDCB-A98765432101"
UNIT = "[Install]\nWantedBy=x.target\n"


class Kept(NamedTuple):
    """The same value, under another key where one is given."""

    key: str = ""


class Approximated(NamedTuple):
    """Something that comes near, elsewhere; a warning of this code where it may not do the same."""

    key: str
    value: Any
    code: str = ""


class Refused(NamedTuple):
    """Nothing comes out, because of an error of this code."""

    code: str


Outcome = Kept | Approximated | Refused

# key of 2.4 -> a value, what becomes of it in 3.4
OUTCOMES: dict[str, tuple[Any, Outcome]] = {
    "ignition.config.append.0.httpHeaders.0.name": ("N", Kept("ignition.config.merge.0.httpHeaders.0.name")),
    "ignition.config.append.0.httpHeaders.0.value": ("w", Kept("ignition.config.merge.0.httpHeaders.0.value")),
    "ignition.config.append.0.source": ("https://h/a", Kept("ignition.config.merge.0.source")),
    "ignition.config.append.0.verification.hash": (HASH, Kept("ignition.config.merge.0.verification.hash")),
    "ignition.config.replace.httpHeaders.0.name": ("N", Kept()),
    "ignition.config.replace.httpHeaders.0.value": ("w", Kept()),
    "ignition.config.replace.source": ("https://h/a", Kept()),
    "ignition.config.replace.verification.hash": (HASH, Kept()),
    "ignition.proxy.httpProxy": ("http://p", Kept()),
    "ignition.proxy.httpsProxy": ("https://p", Kept()),
    "ignition.proxy.noProxy": (["example.com"], Kept()),
    "ignition.security.tls.certificateAuthorities.0.httpHeaders.0.name": ("N", Kept()),
    "ignition.security.tls.certificateAuthorities.0.httpHeaders.0.value": ("w", Kept()),
    "ignition.security.tls.certificateAuthorities.0.source": ("https://h/a", Kept()),
    "ignition.security.tls.certificateAuthorities.0.verification.hash": (HASH, Kept()),
    "ignition.timeouts.httpResponseHeaders": (5, Kept()),
    "ignition.timeouts.httpTotal": (0, Kept()),
    "ignition.version": ("2.4.0", Approximated("ignition.version", "3.4.0")),
    "networkd.units.0.contents": (
        "[Network]\n",
        Approximated("storage.files.0.contents.source", "data:,%5BNetwork%5D%0A", "networkd-moved"),
    ),
    "networkd.units.0.dropins.0.contents": (
        "[Network]\n",
        Approximated("storage.files.1.contents.source", "data:,%5BNetwork%5D%0A", "networkd-moved"),
    ),
    "networkd.units.0.dropins.0.name": (
        "b.conf",
        Approximated("storage.files.1.path", "/etc/systemd/network/a.network.d/b.conf", "networkd-moved"),
    ),
    "networkd.units.0.name": (
        "b.netdev",
        Approximated("storage.files.0.path", "/etc/systemd/network/b.netdev", "networkd-moved"),
    ),
    "passwd.groups.0.gid": (7, Kept()),
    "passwd.groups.0.name": ("h", Kept()),
    "passwd.groups.0.passwordHash": ("$y$", Kept()),
    "passwd.groups.0.system": (True, Kept()),
    **{
        f"passwd.users.0.create.{name}": (value, Approximated(f"passwd.users.0.{name}", value, "user-create-moved"))
        for name, value in {
            "gecos": "x",
            "groups": ["g"],
            "homeDir": "/h",
            "noCreateHome": True,
            "noLogInit": True,
            "noUserGroup": True,
            "primaryGroup": "g",
            "shell": "/s",
            "system": True,
            "uid": 7,
        }.items()
    },
    "passwd.users.0.gecos": ("x", Kept()),
    "passwd.users.0.groups": (["g"], Kept()),
    "passwd.users.0.homeDir": ("/h", Kept()),
    "passwd.users.0.name": ("v", Kept()),
    "passwd.users.0.noCreateHome": (True, Kept()),
    "passwd.users.0.noLogInit": (True, Kept()),
    "passwd.users.0.noUserGroup": (True, Kept()),
    "passwd.users.0.passwordHash": ("", Kept()),
    "passwd.users.0.primaryGroup": ("g", Kept()),
    "passwd.users.0.sshAuthorizedKeys": (["ssh-ed25519 A"], Kept()),
    "passwd.users.0.shell": ("/s", Kept()),
    "passwd.users.0.system": (True, Kept()),
    "passwd.users.0.uid": (0, Kept()),
    "storage.directories.0.filesystem": ("var", Approximated("storage.directories.0.path", "/var/d")),
    "storage.directories.0.group.id": (0, Kept()),
    "storage.directories.0.group.name": ("g", Kept()),
    "storage.directories.0.mode": (0o700, Kept()),
    "storage.directories.0.overwrite": (True, Kept()),
    "storage.directories.0.path": ("/e/f", Kept()),
    "storage.directories.0.user.id": (0, Kept()),
    "storage.directories.0.user.name": ("u", Kept()),
    "storage.disks.0.device": ("/dev/b", Kept()),
    "storage.disks.0.partitions.0.guid": (GUID, Kept()),
    "storage.disks.0.partitions.0.label": ("data", Kept()),
    "storage.disks.0.partitions.0.number": (3, Kept()),
    "storage.disks.0.partitions.0.shouldExist": (False, Kept()),
    "storage.disks.0.partitions.0.size": (2048, Refused("sectors")),
    "storage.disks.0.partitions.0.sizeMiB": (0, Kept()),
    "storage.disks.0.partitions.0.start": (2048, Refused("sectors")),
    "storage.disks.0.partitions.0.startMiB": (1, Kept()),
    "storage.disks.0.partitions.0.typeGuid": (GUID, Kept()),
    "storage.disks.0.partitions.0.wipePartitionEntry": (True, Kept()),
    "storage.disks.0.wipeTable": (True, Kept()),
    "storage.files.0.append": (True, Approximated("storage.files.0.append", [{"source": ""}])),
    "storage.files.0.contents.compression": ("gzip", Kept()),
    "storage.files.0.contents.httpHeaders.0.name": ("N", Kept()),
    "storage.files.0.contents.httpHeaders.0.value": ("w", Kept()),
    "storage.files.0.contents.source": ("", Kept()),
    "storage.files.0.contents.verification.hash": (HASH, Kept()),
    "storage.files.0.filesystem": ("var", Approximated("storage.files.0.path", "/var/f")),
    "storage.files.0.group.id": (0, Kept()),
    "storage.files.0.group.name": ("g", Kept()),
    "storage.files.0.mode": (0o600, Kept()),
    "storage.files.0.overwrite": (False, Kept()),
    "storage.files.0.path": ("/a/b", Kept()),
    "storage.files.0.user.id": (0, Kept()),
    "storage.files.0.user.name": ("u", Kept()),
    "storage.filesystems.0.mount.create.force": (
        True,
        Approximated("storage.filesystems.0.wipeFilesystem", True, "mount-create-moved"),
    ),
    "storage.filesystems.0.mount.create.options": (
        ["-L"],
        Approximated("storage.filesystems.0.options", ["-L"], "mount-create-moved"),
    ),
    "storage.filesystems.0.mount.device": ("/dev/c", Kept("storage.filesystems.0.device")),
    "storage.filesystems.0.mount.format": ("xfs", Kept("storage.filesystems.0.format")),
    "storage.filesystems.0.mount.label": ("", Kept("storage.filesystems.0.label")),
    "storage.filesystems.0.mount.options": (["-x"], Kept("storage.filesystems.0.options")),
    "storage.filesystems.0.mount.uuid": ("", Kept("storage.filesystems.0.uuid")),
    "storage.filesystems.0.mount.wipeFilesystem": (True, Kept("storage.filesystems.0.wipeFilesystem")),
    "storage.filesystems.0.name": ("var", Approximated("storage.filesystems.0.path", "/var")),
    "storage.filesystems.0.path": (
        "/sysroot",
        Approximated("storage.filesystems", None, "mounted-filesystem-dropped"),
    ),
    "storage.links.0.filesystem": ("var", Approximated("storage.links.0.path", "/var/l")),
    "storage.links.0.group.id": (0, Kept()),
    "storage.links.0.group.name": ("g", Kept()),
    "storage.links.0.hard": (True, Kept()),
    "storage.links.0.overwrite": (True, Kept()),
    "storage.links.0.path": ("/m", Kept()),
    "storage.links.0.target": ("u", Kept()),
    "storage.links.0.user.id": (0, Kept()),
    "storage.links.0.user.name": ("u", Kept()),
    "storage.raid.0.devices": (["/dev/x", "/dev/y"], Kept()),
    "storage.raid.0.level": ("raid6", Kept()),
    "storage.raid.0.name": ("s", Kept()),
    "storage.raid.0.options": (["-x"], Kept()),
    "storage.raid.0.spares": (1, Kept()),
    "systemd.units.0.contents": (UNIT, Kept()),
    "systemd.units.0.dropins.0.contents": (UNIT, Kept()),
    "systemd.units.0.dropins.0.name": ("b.conf", Kept()),
    "systemd.units.0.enable": (True, Approximated("systemd.units.0.enabled", True)),
    "systemd.units.0.enabled": (False, Kept()),
    "systemd.units.0.mask": (True, Kept()),
    "systemd.units.0.name": ("b.socket", Kept()),
}


def put(data: Any, key: str, value: Any) -> Any:
    """`data` with `value` at `key`, and what the items on the way need."""
    steps = key.split(".")
    here = data
    for number, step in enumerate(steps):
        below = ".".join(steps[: number + 1])
        is_last = number == len(steps) - 1
        fresh = value if is_last else [] if steps[number + 1] == "0" else deepcopy(NEEDED.get(below, {}))
        if step == "0" and here == []:
            here.append(fresh)
        elif isinstance(here, dict) and (is_last or step not in here):
            here[step] = fresh
        here = here[int(step)] if step == "0" else here[step]
    return data


def get(data: Any, key: str) -> Any:
    """What stands at `key`; None when nothing does."""
    for step in key.split("."):
        if isinstance(data, list):
            data = data[int(step)] if int(step) < len(data) else None
        else:
            data = None if data is None else data.get(step)
    return data


def sample(key: str, value: Any, version: str = "2.4.0") -> bytes:
    data: dict[str, Any] = {"ignition": {"version": version}}
    if key == "storage.filesystems.0.name":
        put(data, "storage.filesystems.0.mount.format", "ext4")
    return json.dumps(put(data, key, version if key == "ignition.version" else value)).encode()


def leaves(cls: type[Object], spec: Spec, key: str = "") -> Iterator[str]:
    """Every key of a version that holds no object."""
    for row in rows(cls, spec):
        here = f"{key}{row.json}"
        if row.is_object:
            yield from leaves(row.type, spec, f"{here}.0." if row.is_list else f"{here}.")
        else:
            yield here


# every key with every version that has it
CASES = [(key, spec.version) for spec in IGNITION_2 for key in leaves(Config, spec)]


def test_every_key_has_an_outcome() -> None:
    assert sorted(OUTCOMES) == sorted({key for key, _ in CASES})


@pytest.mark.parametrize(("key", "version"), CASES, ids=" in ".join)
def test_what_becomes_of_a_key(key: str, version: str) -> None:
    value, outcome = OUTCOMES[key]
    parsed = parse(sample(key, value, version))
    assert parsed.old is not None, [entry.message for entry in parsed.report]
    config, report = to_version(parsed, IGNITION[4], {"var": "/var"})
    findings = {entry.code for entry in report if entry.severity != "info"}
    match outcome:
        case Refused(code):
            assert config is None
            assert code in findings
            return
        case Kept(other):
            wanted, found_at, codes = value, other or key, set()
        case Approximated(found_at, wanted, code):
            codes = {code} - {""}
    assert findings == codes
    assert get(json.loads(encode(config)), found_at) == wanted


@pytest.mark.parametrize("key", [key for key, (_, outcome) in OUTCOMES.items() if not isinstance(outcome, Kept)])
def test_what_is_not_kept_is_named_at_its_place(key: str) -> None:
    value, outcome = OUTCOMES[key]
    raw = sample(key, value)
    _, report = to_version(parse(raw, file="old.ign"), IGNITION[4], {"var": "/var"})
    if isinstance(outcome, Approximated) and not outcome.code:
        assert len(report) == 0
        return
    assert len(report)
    text = raw.decode()
    for entry in report:
        assert entry.place is not None
        assert entry.place.file == "old.ign"
        assert entry.place.column <= len(text)
        parent = re.sub(r"^\$\.?", "", pointer_text(entry.pointer))
        assert key.startswith(parent) or outcome == Refused("rule-in-target")


OLDEST = [key for key, version in CASES if version == "2.2.0"]


@pytest.mark.parametrize("key", [key for key in OUTCOMES if key != "ignition.version"])
def test_what_becomes_of_a_key_in_the_oldest_version_that_is_written(key: str) -> None:
    value, _ = OUTCOMES[key]
    parsed = parse(sample(key, value), file="old.ign")
    config, report = to_version(parsed, IGNITION_2[2])
    assert config is not None
    refused = {entry.code for entry in report if entry.is_error}
    assert refused == (set() if key in OLDEST else {"not-in-target"})
    if key in OLDEST:
        assert get(json.loads(encode(config)), key) in (value, value or None)
    assert all(entry.place is not None for entry in report)


def test_networkd_and_a_file_that_meet_are_named_at_their_own_places() -> None:
    path = "/etc/systemd/network/a.network"
    raw = put(json.loads(sample("networkd.units.0.name", "a.network")), "storage.files.0.path", path)
    for dedupe, code in ((False, "same-path"), (True, "said-again")):
        parsed = parse(json.dumps(raw).encode())
        config, report = to_version(parsed, IGNITION[4], dedupe=dedupe)
        entry = next(entry for entry in report if entry.code == code)
        assert (config is None) == (not dedupe)
        assert pointer_text(entry.pointer) == ("$.storage.files.0" if dedupe else "$.networkd.units.0.name")


def test_a_networkd_file_without_contents_was_never_written() -> None:
    raw = sample("networkd.units.0.contents", "")
    config, report = to_version(parse(raw), IGNITION[4])
    assert config.storage is None
    assert [(entry.severity, entry.code) for entry in report] == [("info", "networkd-empty")]


def test_partitions_in_sectors_that_take_what_is_free() -> None:
    raw = sample("storage.disks.0.partitions", [{"number": 1}, {"number": 2, "size": 0, "start": 2048}], "2.2.0")
    config, report = to_version(parse(raw), IGNITION[4])
    assert config is None
    assert {entry.code for entry in report} == {"sectors"}
    raw = sample("storage.disks.0.partitions", [{"number": 1}, {"number": 2, "size": 0}], "2.2.0")
    config, report = to_version(parse(raw), IGNITION[4])
    assert [(one.size_mib, one.start_mib) for one in config.storage.disks[0].partitions] == [(0, 0), (0, 0)]
    assert len(report) == 0


@pytest.mark.parametrize(("version", "label"), [("2.2.0", None), ("2.4.0", "")])
def test_an_empty_label_is_one_where_it_could_have_been_left_out(version: str, label: str | None) -> None:
    config, report = to_version(parse(sample("storage.disks.0.partitions.0.label", "", version)), IGNITION[4])
    assert config.storage.disks[0].partitions[0].label == label
    assert len(report) == 0


def test_find_target_knows_both_families() -> None:
    found = [find_target(version) for version in ("2.4", "2.2.0", "3.4", "3.7.0-experimental", "2.1", "2.5", "4", "")]
    assert [spec and spec.version for spec in found] == ["2.4.0", "2.2.0", "3.4.0", "3.7.0-experimental"] + [None] * 4
