"""What Ignition 2 says about a config, version by version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stoker.ignition.parse import parse, validate
from stoker.report import pointer_text
from stoker.schema.specs import IGNITION_2

HASH = "sha512-" + "0" * 128


def findings(version: str, rest: dict[str, Any]) -> list[str]:
    """What is found, one line each: severity, pointer, message."""
    config = {"ignition": {"version": version} | rest.pop("ignition", {})} | rest
    report = parse(json.dumps(config).encode()).report
    return [f"{entry.severity} {pointer_text(entry.pointer)} {entry.message}" for entry in report]


def storage(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return {"storage": lists}


def file(**fields: Any) -> dict[str, Any]:
    return storage(files=[{"filesystem": "root", "path": "/a", "mode": 420} | fields])


def mount(**fields: Any) -> dict[str, Any]:
    return storage(filesystems=[{"name": "v", "mount": {"device": "/dev/a", "format": "ext4"} | fields}])


def partitions(*rows: dict[str, Any]) -> dict[str, Any]:
    return storage(disks=[{"device": "/dev/a", "partitions": list(rows)}])


def unit(**fields: Any) -> dict[str, Any]:
    return {"systemd": {"units": [{"name": "a.service"} | fields]}}


# the first version it holds in, the first it does not (empty: all later ones), the config, what is found
FOUND: dict[str, tuple[str, str, dict[str, Any], list[str]]] = {
    "nothing": ("2.0", "", {}, []),
    "mounted by two": (
        "2.0",
        "",
        storage(filesystems=[{"name": "v", "path": "/v", "mount": {"device": "/dev/a", "format": "ext4"}}]),
        ["error $.storage.filesystems.0 filesystem has both mount and path defined"],
    ),
    "a size in sectors": (
        "2.3",
        "",
        partitions({"number": 1, "size": 4096}),
        ["warning $.storage.disks.0.partitions.0.size size is deprecated; use sizeMB instead"],
    ),
    "a later key is unknown": (
        "2.0",
        "2.2",
        file(append=True),
        ["warning $.storage.files.0.append Config has unrecognized key: append"],
    ),
    "headers before 2.4": (
        "2.0",
        "2.4",
        file(contents={"source": "https://h", "httpHeaders": [{"name": "a", "value": "b"}]}),
        ["warning $.storage.files.0.contents.httpHeaders Config has unrecognized key: httpHeaders"],
    ),
    "headers with data": (
        "2.4",
        "",
        file(contents={"source": "data:,x", "httpHeaders": [{"name": "a", "value": "b"}, {"name": "a"}, {"name": ""}]}),
        [
            "error $.storage.files.0.contents.httpHeaders cannot use HTTP headers with this source scheme",
            'error $.storage.files.0.contents.httpHeaders.1 Found duplicate HTTP header: "a"',
            "error $.storage.files.0.contents.httpHeaders.2.name HTTP header name can't be empty",
        ],
    ),
    "no mode": (
        "2.2",
        "",
        storage(files=[{"filesystem": "root", "path": "/a"}]),
        ["warning $.storage.files.0.mode permissions unset, defaulting to 0000"],
    ),
    "no mode before it could be missed": ("2.0", "2.2", storage(files=[{"filesystem": "root", "path": "/a"}]), []),
    "a mode of thirteen bits": ("2.0", "", file(mode=0o10000), ["error $.storage.files.0.mode illegal file mode"]),
    "a relative path": ("2.0", "", file(path="a"), ["error $.storage.files.0.path path not absolute"]),
    "a path that is not simplified": ("2.0", "", file(path="/a//b/../c/"), []),
    "no file system": (
        "2.0",
        "",
        file(filesystem=""),
        ["error $.storage.files.0.filesystem no filesystem specified"],
    ),
    "an unknown file system": (
        "2.0",
        "",
        file(filesystem="var"),
        [
            (
                'warning $.storage.files.0.filesystem File "/a" references nonexistent filesystem "var". '
                "(This is ok if it is defined in a referenced config)"
            )
        ],
    ),
    "a file system twice": (
        "2.0",
        "",
        storage(filesystems=[{"name": "root", "path": "/a"}, {"name": "b", "path": "/b"}, {"name": "b", "path": "/c"}]),
        [
            'warning $.storage.filesystems.0.name Filesystem "root" shadows exising filesystem definition',
            'warning $.storage.filesystems.2.name Filesystem "b" shadows exising filesystem definition',
        ],
    ),
    "neither mount nor path": (
        "2.0",
        "",
        storage(filesystems=[{"name": "v"}]),
        ["error $.storage.filesystems.0 filesystem is missing mount or path"],
    ),
    "swap, too early": (
        "2.0",
        "2.1",
        mount(format="swap"),
        ["error $.storage.filesystems.0.mount.format invalid filesystem format"],
    ),
    "swap": ("2.1", "", mount(format="swap"), []),
    "a relative mount path": (
        "2.0",
        "2.3",
        storage(filesystems=[{"name": "v", "path": "a"}]),
        ["error $.storage.filesystems.0.path path not absolute"],
    ),
    "a relative mount path, with its name": (
        "2.3",
        "",
        storage(filesystems=[{"name": "v", "path": "a"}]),
        ['error $.storage.filesystems.0.path filesystem "v": path not absolute'],
    ),
    "create": ("2.0", "2.1", mount(create={}), []),
    "create beside what replaced it": (
        "2.1",
        "",
        mount(create={}, wipeFilesystem=True, options=["-x"], label="l" * 17),
        [
            "error $.storage.filesystems.0 cannot use both create object and wipeFilesystem field",
            "error $.storage.filesystems.0 cannot use both create object and mount-level options field",
            "warning $.storage.filesystems.0 the create object has been deprecated in favor of mount-level options",
        ],
    ),
    "a long label": (
        "2.1",
        "",
        mount(label="l" * 17),
        [
            (
                "error $.storage.filesystems.0.mount.label "
                "filesystem labels cannot be longer than 16 characters when using ext4"
            )
        ],
    ),
    "a user's create": (
        "2.1",
        "",
        {"passwd": {"users": [{"name": "u", "create": {}, "uid": 0, "shell": "/s"}]}},
        [
            "warning $.passwd.users.0 the create object has been deprecated in favor of user-level options",
            "error $.passwd.users.0 cannot use both the create object and the user-level shell field",
            "error $.passwd.users.0 cannot use both the create object and the user-level uid field",
        ],
    ),
    "a negative id": (
        "2.0",
        "2.1",
        {"passwd": {"groups": [{"name": "g", "gid": -1}]}},
        ["error $.passwd.groups.0.gid ids are not negative in this spec version"],
    ),
    "an owner by id and by name": (
        "2.1",
        "",
        file(user={"id": 1, "name": "u"}),
        ["error $.storage.files.0.user cannot set both id and name"],
    ),
    "append and overwrite": (
        "2.2",
        "",
        file(append=True, overwrite=True),
        ["error $.storage.files.0 cannot set both append and overwrite to true"],
    ),
    "tftp, too early": (
        "2.0",
        "2.1",
        file(contents={"source": "tftp://h/a"}),
        ["error $.storage.files.0.contents.source invalid url scheme"],
    ),
    "gs, before the URL was named": (
        "2.1",
        "2.3",
        file(contents={"source": "gs://h/a"}),
        ["error $.storage.files.0.contents.source invalid url scheme"],
    ),
    "gs": (
        "2.3",
        "",
        file(contents={"source": "gs://h/a"}),
        ['error $.storage.files.0.contents.source invalid url "gs://h/a": invalid url scheme'],
    ),
    "oem": ("2.0", "", file(contents={"source": "oem:///a"}), []),
    "sha256": (
        "2.0",
        "",
        file(contents={"source": "data:,", "verification": {"hash": "sha256-" + "0" * 64}}),
        ["error $.storage.files.0.contents.verification.hash unrecognized hash function"],
    ),
    "a reference": (
        "2.0",
        "",
        {"ignition": {"config": {"append": [{"source": "ftp://h"}], "replace": {"source": ""}}}},
        ["error $.ignition.config.append.0.source invalid url scheme"],
    ),
    "sectors": (
        "2.0",
        "2.3",
        partitions({"number": 1, "start": 2048, "size": 2048}, {"number": 2, "start": 4095, "size": 1}),
        [
            "error $.storage.disks.0.partitions partitions overlap",
            "error $.storage.disks.0.partitions partitions misaligned",
        ],
    ),
    "sectors, late": (
        "2.3",
        "",
        partitions({"number": 1, "start": 2048}, {"number": 1, "sizeMiB": 1, "label": "a:b"}),
        [
            "error $.storage.disks.0.partitions partition numbers collide",
            "error $.storage.disks.0.partitions cannot mix MBs and sectors within a disk",
            "warning $.storage.disks.0.partitions.0.start start is deprecated; use startMB instead",
            "warning $.storage.disks.0.partitions.1.label partition label will be truncated to text before the colon",
        ],
    ),
    "deleting with more than a number": (
        "2.3",
        "",
        partitions({"number": 1, "shouldExist": False, "guid": "x"}, {}),
        [
            (
                "error $.storage.disks.0.partitions shouldExist is false for a partition and other partition(s) has "
                "start or size 0"
            ),
            "error $.storage.disks.0.partitions.0 shouldExist specified false with other options also specified",
        ],
    ),
    "a disk without a device": (
        "2.0",
        "",
        storage(disks=[{"wipeTable": True}]),
        ["error $.storage.disks.0.device disk device is required"],
    ),
    "spares in stripes": (
        "2.0",
        "",
        storage(raid=[{"name": "r", "level": "raid0", "spares": 1, "devices": ["a"]}]),
        [
            "error $.storage.raid.0.devices.0 path not absolute",
            "error $.storage.raid.0.level spares unsupported for arrays with a level greater than 0",
        ],
    ),
    "enabled without an install section": (
        "2.1",
        "",
        unit(enabled=True, contents="[Unit]\nDescription=x"),
        [
            (
                'warning $.systemd.units.0.contents unit "a.service" is enabled, but has no install section so enable '
                "does nothing"
            )
        ],
    ),
    "a unit's suffix and text": (
        "2.0",
        "",
        unit(name="a.foo", contents="[x", dropins=[{"name": "b"}]),
        [
            "error $.systemd.units.0.contents invalid unit content: unable to find end of section",
            "error $.systemd.units.0.dropins.0.name invalid systemd drop-in extension",
            "error $.systemd.units.0.name invalid systemd unit extension",
        ],
    ),
    "networkd": (
        "2.2",
        "",
        {"networkd": {"units": [{"name": "a.service"}, {"name": "a.link", "dropins": [{"name": "b"}]}]}},
        [
            "error $.networkd.units.0.name invalid networkd unit extension",
            "error $.networkd.units.1.dropins.0.name invalid networkd drop-in extension",
        ],
    ),
}

CASES = [
    (spec.version, rest, found)
    for since, until, rest, found in FOUND.values()
    for spec in IGNITION_2
    if since <= spec.version[:3] and (not until or spec.version[:3] < until)
]
IDS = [
    f"{name}, {spec.version}"
    for name, (since, until, *_) in FOUND.items()
    for spec in IGNITION_2
    if since <= spec.version[:3] and (not until or spec.version[:3] < until)
]


@pytest.mark.parametrize(("version", "rest", "found"), CASES, ids=IDS)
def test_what_is_found(version: str, rest: dict[str, Any], found: list[str]) -> None:
    assert findings(version, json.loads(json.dumps(rest))) == found


def test_what_is_missing_is_at_its_zero() -> None:
    """Before 2.2 a mode that was not given was 0, and before 2.3 a size."""
    disks = partitions({"number": 1})["storage"]["disks"]
    rest = storage(files=[{"filesystem": "root", "path": "/a"}], disks=disks)
    read = {}
    for spec in IGNITION_2:
        old = parse(json.dumps({"ignition": {"version": spec.version}} | rest).encode()).old
        assert old is not None
        read[spec.version[:3]] = (old.storage.files[0].mode, old.storage.disks[0].partitions[0].size)
    assert read == {"2.0": (0, 0), "2.1": (0, 0), "2.2": (None, 0), "2.3": (None, None), "2.4": (None, None)}


# text -> why it cannot be read
UNREADABLE = {
    "a version there is not": ('{"ignition": {"version": "2.5.0"}}', "unsupported config version"),
    "a type": (
        '{"ignition": {"version": "2.3.0"}, "storage": {"files": [{"mode": "x"}]}}',
        "config is not valid",
    ),
}


@pytest.mark.parametrize(("text", "error"), UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable(text: str, error: str) -> None:
    done = parse(text.encode())
    assert (done.config, done.old, done.error) == (None, None, error)


@pytest.mark.parametrize("spec", IGNITION_2, ids=str)
def test_the_validator_of_ignition_3_refuses_it(spec: Any) -> None:
    report, error = validate(json.dumps({"ignition": {"version": spec.version}, "x": 1}).encode())
    assert (list(report), error) == ([], "unsupported config version")
