"""Between versions of Ignition 3, and where answering as ign-converter does is not what Stoker does by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stoker.ignition.parse import parse
from stoker.ignition.versions import TARGETS, find_target, to_version
from stoker.report import pointer_text

Data = dict[str, Any]


def say(version: str, target: str, rest: Data, *, like_ign_converter: bool = False) -> list[str]:
    """What is said about a config on its way to `target`."""
    ignition = {"version": version} | rest.get("ignition", {})
    parsed = parse(json.dumps(rest | {"ignition": ignition}).encode())
    assert parsed.error is None, list(parsed.report)
    spec = find_target(target)
    assert spec is not None
    config, report = to_version(parsed, spec, like_ign_converter=like_ign_converter)
    assert report.has_errors or config is not None
    return [f"{entry.severity} {pointer_text(entry.pointer)} {entry.message}" for entry in report]


def luks(**fields: Any) -> Data:
    return {"storage": {"luks": [{"name": "d", "device": "/dev/d"} | fields]}}


def user(**fields: Any) -> Data:
    return {"passwd": {"users": [{"name": "u"} | fields]}}


NO_BITS = "special mode bits are not supported in spec"
IDLE_BITS = "setuid/setgid/sticky bits are not supported or functional in spec versions older than 3.6.0"
MASKED_BITS = (
    "setuid, setgid and sticky bits are dropped: before 3.6.0 they had no effect, so keeping them would give more "
    "rights than before"
)


def lost(pointer: str, target: str, since: str, *, severity: str = "error") -> str:
    name = pointer.rpartition(".")[2]
    return f"{severity} {pointer} `{name}` cannot be said in Ignition {target}; it came with {since}"


IDLE_LOSS = "info"

# from, to, the config -> what Stoker says, what ign-converter says where it refuses
LOSSES: dict[str, tuple[str, str, Data, list[str], list[str]]] = {
    "kernel arguments": (
        "3.3.0",
        "3.2",
        {"kernelArguments": {"shouldExist": ["a"]}},
        [lost("$.kernelArguments", "3.2.0", "3.3.0")],
        ["error $.kernelArguments KernelArguments is not supported on 3.2"],
    ),
    "no kernel arguments": ("3.3.0", "3.2", {"kernelArguments": {"shouldExist": []}}, [], []),
    "encryption": (
        "3.2.0",
        "3.1",
        luks(),
        [lost("$.storage.luks", "3.1.0", "3.2.0")],
        ["error $.storage.luks LUKS is not supported on 3.1"],
    ),
    "a user that goes": (
        "3.2.0",
        "3.1",
        user(shouldExist=False),
        [lost("$.passwd.users.0.shouldExist", "3.1.0", "3.2.0")],
        ["error $.passwd.users.0.shouldExist ShouldExist in Passwd.Users is not supported on 3.1"],
    ),
    "a user that stays": (
        "3.2.0",
        "3.1",
        user(shouldExist=True),
        [lost("$.passwd.users.0.shouldExist", "3.1.0", "3.2.0", severity=IDLE_LOSS)],
        [],
    ),
    "discards": (
        "3.4.0",
        "3.3",
        luks(discard=True, openOptions=["-x"]),
        [
            lost("$.storage.luks.0.discard", "3.3.0", "3.4.0"),
            lost("$.storage.luks.0.openOptions", "3.3.0", "3.4.0"),
        ],
        [
            "error $.storage.luks.0.discard luks discard is not supported in spec v3.3",
            "error $.storage.luks.0.openOptions luks openOptions is not supported in spec v3.3",
        ],
    ),
    "no discards": (
        "3.4.0",
        "3.3",
        luks(discard=False),
        [lost("$.storage.luks.0.discard", "3.3.0", "3.4.0", severity=IDLE_LOSS)],
        [],
    ),
    "no card": (
        "3.6.0",
        "3.5",
        luks(cex={"enabled": False}),
        [],
        [],
    ),
    "a rule of the target": (
        "3.3.0",
        "3.2",
        {"storage": {"filesystems": [{"device": "/dev/a", "format": "none"}]}},
        ["error $.storage.filesystems.0.format Ignition 3.2.0 refuses this: invalid filesystem format"],
        ["error $.storage.filesystems.0.format invalid filesystem format"],
    ),
    "setuid, where it begins to count": (
        "3.6.0",
        "3.5",
        {"storage": {"files": [{"path": "/a", "mode": 0o4755}]}},
        [f"error $.storage.files.0.mode {NO_BITS} v3.5"],
        [f"error $.storage.files.0.mode {NO_BITS} v3.5"],
    ),
    "setuid, upwards": (
        "3.5.0",
        "3.6",
        {"storage": {"files": [{"path": "/a", "mode": 0o4755}]}},
        [f"warning $.storage.files.0.mode {MASKED_BITS}"],
        [],
    ),
}


@pytest.mark.parametrize(("version", "target", "rest", "ours", "theirs"), LOSSES.values(), ids=LOSSES)
def test_losses(version: str, target: str, rest: Data, ours: list[str], theirs: list[str]) -> None:
    assert say(version, target, rest) == ours
    said = say(version, target, rest, like_ign_converter=True)
    assert [line for line in said if line.startswith("error")] == theirs


def node(path: str, **fields: Any) -> Data:
    return {"filesystem": "root", "path": path} | fields


TWO_APPENDS = {"ignition": {"config": {"append": [{"source": "https://h/1"}, {"source": "https://h/2"}]}}}
MOUNTED: Data = {
    "filesystems": [{"device": "/dev/a", "format": "ext4", "path": "/var"}],
    "files": [{"path": "/variant", "contents": {"source": "data:,"}, "mode": 420}],
}

# from, to, the config -> what Stoker says, what it says when it answers as ign-converter
FAULTS: dict[str, tuple[str, str, Data, list[str], list[str]]] = {
    "two references": (
        "2.4.0",
        "3.1",
        TWO_APPENDS,
        [],
        ["error $.ignition.config.append.1 duplicate entry defined"],
    ),
    "a path that only looks as if it were below a link": (
        "2.4.0",
        "3.1",
        {"storage": {"files": [node("/lib/a", mode=420)], "links": [node("/l", target="/x")]}},
        [],
        [
            (
                'error $.storage.files.0.path File: /lib/a uses link defined in config "/l". '
                "Please use a link not defined in Storage:Links"
            )
        ],
    ),
    "a file system that nothing tells of": (
        "2.4.0",
        "3.1",
        {"storage": {"files": [{"filesystem": "v", "path": "/a", "mode": 420}]}},
        [
            (
                'error $.storage.files.0.filesystem the file system "v" is not in this config, and nothing says '
                "where it is mounted"
            )
        ],
        [
            (
                'warning $.storage.files.0.filesystem the file system "v" is not in this config, and nothing says '
                "where it is mounted"
            )
        ],
    ),
    "a path that only looks as if it were below a mount point": (
        "3.1.0",
        "2.4",
        {"storage": MOUNTED},
        [],
        ["error $.storage.files.0.path path not absolute"],
    ),
    "modes that are left to the system": (
        "3.1.0",
        "2.4",
        {"storage": {"files": [{"path": "/a", "contents": {"source": "data:,"}}], "directories": [{"path": "/b"}]}},
        [
            "info $.storage.directories.0 0755 is written out: Ignition 2 takes no mode for 0000",
            "info $.storage.files.0 0644 is written out: Ignition 2 takes no mode for 0000",
        ],
        [],
    ),
    "modes that are 0000": (
        "2.4.0",
        "3.1",
        {"storage": {"files": [node("/a"), node("/b", append=True)], "directories": [node("/c")]}},
        [
            (
                "warning $.storage.directories.0 without a mode Ignition 2 lets nobody read this (0000), "
                "Ignition 3 gives it 0755"
            ),
            (
                "warning $.storage.files.0 without a mode Ignition 2 lets nobody read this (0000), "
                "Ignition 3 gives it 0644"
            ),
        ],
        [],
    ),
    "a file that may be there": (
        "3.1.0",
        "2.4",
        {"storage": {"files": [{"path": "/a", "mode": 420}]}},
        [
            (
                "info $.storage.files.0 this file is made where it is missing and left alone where it is not, "
                "so nothing is appended to it"
            )
        ],
        ["warning $.storage.files.0 a file without contents and without anything to append is left out"],
    ),
    "a mask that goes": (
        "3.1.0",
        "2.4",
        {"systemd": {"units": [{"name": "a.service", "mask": False}]}},
        [
            (
                "warning $.systemd.units.0.mask `mask: false` takes a mask away, which Ignition 2 cannot: "
                "the unit is left as it is"
            )
        ],
        [
            (
                "warning $.systemd.units.0.mask `mask: false` takes a mask away, which Ignition 2 cannot: "
                "the unit is left as it is"
            )
        ],
    ),
    "rows that 2.2 does not have": (
        "3.1.0",
        "2.2",
        {"storage": {"disks": [{"device": "/dev/a", "partitions": [{"number": 1, "wipePartitionEntry": True}]}]}},
        [
            (
                "error $.storage.disks.0.partitions.0.wipePartitionEntry "
                "`wipePartitionEntry` cannot be said in Ignition 2.2.0; it came with 2.3.0"
            )
        ],
        [
            (
                "warning $.storage.disks.0.partitions.0.wipePartitionEntry "
                "`wipePartitionEntry` cannot be said in Ignition 2.2.0; it came with 2.3.0"
            )
        ],
    ),
    "a card": (
        "3.5.0",
        "3.4",
        luks(cex={"enabled": True}),
        [lost("$.storage.luks.0.cex", "3.4.0", "3.5.0")],
        ["warning $.storage.luks.0.cex 'Cex' type is not supported in spec v3.4"],
    ),
    "an advertisement": (
        "3.5.0",
        "3.4",
        luks(clevis={"tang": [{"url": "http://t", "thumbprint": "x", "advertisement": "{}"}]}),
        [],
        [
            (
                "warning $.storage.luks.0.clevis.tang.0.advertisement "
                "tang offline provisioning is not supported in spec v3.4"
            )
        ],
    ),
    "a user to create": (
        "2.4.0",
        "3.1",
        {"passwd": {"users": [{"name": "u", "create": {"uid": 7}}]}},
        [
            (
                "warning $.passwd.users.0.create what `create` says of the user now stands beside it, "
                "and holds for a user that is there already, too"
            )
        ],
        ["warning $.passwd.users.0.create the `create` object is left out: Ignition 3 has no place for it"],
    ),
}


@pytest.mark.parametrize(("version", "target", "rest", "ours", "theirs"), FAULTS.values(), ids=FAULTS)
def test_faults_of_the_original(version: str, target: str, rest: Data, ours: list[str], theirs: list[str]) -> None:
    assert say(version, target, rest) == ours
    assert say(version, target, rest, like_ign_converter=True) == theirs


def test_nothing_is_written_in_the_oldest_versions() -> None:
    assert [spec.version for spec in TARGETS if spec.family == "v2"] == ["2.2.0", "2.3.0", "2.4.0"]
