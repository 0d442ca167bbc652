"""Two configs: what a machine that was made by the first has to change for the second, and what that costs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS
from stoker.engine.comparison import compare
from stoker.engine.preview import Preview
from stoker.report import pointer_text
from stoker.schema.v3 import Config
from stoker.system import Partition, Signature, Table
from stoker.system.scratch_devices import Disk, Inventory


def file(path: str, text: str, **more: Any) -> dict[str, Any]:
    return {"storage": {"files": [{"path": path, "contents": {"source": f"data:,{text}"}, **more}]}}


def unit(name: str, **more: Any) -> dict[str, Any]:
    return {"systemd": {"units": [{"name": name, **more}]}}


def user(name: str, **more: Any) -> dict[str, Any]:
    return {"passwd": {"users": [{"name": name, **more}]}}


def arguments(*wanted: str) -> dict[str, Any]:
    return {"kernelArguments": {"shouldExist": list(wanted)}}


def disk(*partitions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"storage": {"disks": [{"device": "/dev/vdb", "partitions": list(partitions), **more}]}}


def filesystem(**said: Any) -> dict[str, Any]:
    return {"storage": {"filesystems": [{"device": "/dev/vdb", **said}]}}


DATA = {"number": 1, "label": "data", "sizeMiB": 100}
NOTHING: dict[str, Any] = {}

# id: (old, new, changes: action, thing, class)
PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "nothing and nothing": (NOTHING, NOTHING, []),
    "a new file": (NOTHING, file("/opt/a", "x"), ["create /opt/a live"]),
    "the same file": (file("/opt/a", "x"), file("/opt/a", "x"), []),
    "another content": (file("/opt/a", "x"), file("/opt/a", "y"), ["change /opt/a live"]),
    "another mode": (file("/opt/a", "x"), file("/opt/a", "x", mode=0o600), ["change /opt/a live"]),
    "the default mode": (file("/opt/a", "x"), file("/opt/a", "x", mode=0o644), []),
    "another owner": (file("/opt/a", "x"), file("/opt/a", "x", user={"id": 7}), ["change /opt/a live"]),
    "overwriting alone": (file("/opt/a", "x"), file("/opt/a", "x", overwrite=True), []),
    "a file that goes": (file("/etc/hostname", "x"), NOTHING, ["remove /etc/hostname reboot"]),
    "a file that moves": (file("/opt/a", "x"), file("/opt/b", "x"), ["create /opt/b live", "remove /opt/a live"]),
    "another address": (
        {"storage": {"files": [{"path": "/opt/a", "contents": {"source": "https://x/1"}}]}},
        {"storage": {"files": [{"path": "/opt/a", "contents": {"source": "https://x/2"}}]}},
        ["change /opt/a live"],
    ),
    "the same address": (
        {"storage": {"files": [{"path": "/opt/a", "contents": {"source": "https://x/1"}}]}},
        {"storage": {"files": [{"path": "/opt/a", "contents": {"source": "https://x/1"}}]}},
        [],
    ),
    "another digest": (
        {"storage": {"files": [{"path": "/opt/a", "contents": {"source": "https://x/1"}}]}},
        {
            "storage": {
                "files": [
                    {
                        "path": "/opt/a",
                        "contents": {"source": "https://x/1", "verification": {"hash": f"sha256-{'0' * 64}"}},
                    }
                ]
            }
        },
        ["change /opt/a live"],
    ),
    "settings of sshd": (
        NOTHING,
        file("/etc/ssh/sshd_config.d/a.conf", "x"),
        ["create /etc/ssh/sshd_config.d/a.conf reload"],
    ),
    "a manifest of the kubelet": (
        file("/etc/kubernetes/a", "x"),
        file("/etc/kubernetes/a", "y"),
        ["change /etc/kubernetes/a drain"],
    ),
    "a new unit": (NOTHING, unit("a.service", contents="[Service]\n"), ["create a.service restart"]),
    "another text of a unit": (
        unit("a.service", contents="[Service]\n"),
        unit("a.service", contents="[Service]\nType=simple\n"),
        ["change a.service restart"],
    ),
    "a unit that is enabled": (
        unit("a.service", contents="[Service]\n"),
        unit("a.service", contents="[Service]\n", enabled=True),
        ["change a.service restart"],
    ),
    "a unit that is masked": (NOTHING, unit("a.service", mask=True), ["change a.service restart"]),
    "a unit that goes": (unit("a.service", contents="[Service]\n"), NOTHING, ["remove a.service restart"]),
    "a drop-in of docker": (
        NOTHING,
        unit("docker.service", dropins=[{"name": "a.conf", "contents": "[Service]\n"}]),
        ["create docker.service drain"],
    ),
    "another instance": (
        unit("a@1.service", enabled=True),
        {"systemd": {"units": [{"name": "a@1.service", "enabled": True}, {"name": "a@2.service", "enabled": True}]}},
        # Instances share a line of the preset file.
        ["change a@1.service restart", "change a@2.service restart"],
    ),
    "a new user": (NOTHING, user("bob"), ["create bob live"]),
    "another key": (
        user("core", sshAuthorizedKeys=["a"]),
        user("core", sshAuthorizedKeys=["b"]),
        ["change core live"],
    ),
    "another shell": (user("bob"), user("bob", shell="/bin/sh"), ["change bob live"]),
    "a user that goes": (user("bob"), NOTHING, ["remove bob live"]),
    "a group and a user of one name": (
        {"passwd": {"groups": [{"name": "web"}]}},
        {"passwd": {"groups": [{"name": "web"}], "users": [{"name": "web", "primaryGroup": "web"}]}},
        ["create web live"],
    ),
    "a new kernel argument": (arguments("a"), arguments("a", "b"), ["create b reboot"]),
    "a kernel argument that goes": (arguments("a", "b"), arguments("b"), ["remove a reboot"]),
    "a kernel argument that is no more wanted": (
        arguments("a"),
        {"kernelArguments": {"shouldNotExist": ["a"]}},
        ["remove a reboot"],
    ),
    "a new partition": (disk(DATA), disk(DATA, {"number": 2, "sizeMiB": 50}), ["change /dev/vdb reprovision"]),
    "the same disk": (disk(DATA, wipeTable=True), disk(DATA, wipeTable=True), []),
    "another label": (disk(DATA), disk({**DATA, "label": "x"}), ["change /dev/vdb reprovision"]),
    "a table that is wiped": (
        disk(DATA),
        disk({**DATA, "label": "x", "sizeMiB": 50}, wipeTable=True),
        ["change /dev/vdb data loss"],
    ),
    "another format": (filesystem(format="ext4"), filesystem(format="xfs"), ["change /dev/vdb reprovision"]),
    "another format, wiped": (
        filesystem(format="ext4", label="precious"),
        filesystem(format="xfs", wipeFilesystem=True),
        ["create /dev/vdb data loss"],
    ),
    "another path": (filesystem(format="ext4", path="/var"), filesystem(format="ext4", path="/srv"), []),
    "the same volume": (
        {"storage": {"luks": [{"name": "a", "device": "/dev/vdb"}]}},
        {"storage": {"luks": [{"name": "a", "device": "/dev/vdb"}]}},
        [],
    ),
    "a volume with another label": (
        {"storage": {"luks": [{"name": "a", "device": "/dev/vdb"}]}},
        {"storage": {"luks": [{"name": "a", "device": "/dev/vdb", "label": "x"}]}},
        ["change /dev/vdb reprovision"],
    ),
}


def read(said: dict[str, Any]) -> Config:
    return msgspec.convert({"ignition": {"version": "3.5.0"}, **said}, Config)


def compared(old: dict[str, Any], new: dict[str, Any], **more: Any) -> Preview:
    return compare(
        read(old),
        read(new),
        DISTRIBUTIONS["flatcar"],
        machine="it",
        locate=lambda pointer: (pointer_text(pointer), ""),
        **{"inventory": None, **more},
    )


@pytest.mark.parametrize(("old", "new", "expected"), PAIRS.values(), ids=PAIRS)
def test_what_changes(old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    found = compared(old, new)
    assert [f"{change.action} {change.name} {change.impact}" for change in found.pending] == expected
    assert not found.is_refused
    ranks = [change.impact for change in found.pending]
    assert found.impact == max(ranks, key=lambda impact: impact.rank, default="none")


@pytest.mark.parametrize("said", [new for _, new, _ in PAIRS.values()], ids=PAIRS)
def test_nothing_changes_from_a_config_to_itself(said: dict[str, Any]) -> None:
    assert compared(said, said).pending == []


def test_what_the_disks_of_an_inventory_would_lose() -> None:
    table = Table.blank(1 << 30, 512)
    table = msgspec.structs.replace(
        table, partitions=(Partition(1, 2048, 204800, "data", "A", "B"),), guid="00000000-0000-4000-8000-000000000000"
    )
    disks = {"/dev/vdb": Disk(size=1 << 30, table=table, contents={1 << 20: Signature("ext4", "pictures")})}
    new = disk({**DATA, "sizeMiB": 50, "wipePartitionEntry": True})
    found = compared(disk(DATA), new, inventory=Inventory(disks=disks))
    assert [lost.labels for lost in found.not_allowed] == [("data", "/dev/vdb1", "pictures")]
    allowed = compared(disk(DATA), new, inventory=Inventory(disks=disks), allowed=frozenset({"pictures"}))
    assert allowed.not_allowed == []


def test_a_config_that_names_others_is_refused() -> None:
    found = compared({}, {"ignition": {"version": "3.5.0", "config": {"merge": [{"source": "data:,x"}]}}})
    assert [finding.code for finding in found.findings] == ["not-merged"]
    assert found.changes == ()


def test_an_old_config_that_cannot_have_made_the_disks_is_told() -> None:
    found = compared(disk({**DATA, "number": 0, "startMiB": 5000}), disk(DATA), inventory=blank())
    assert [(finding.code, finding.severity) for finding in found.findings] == [("old-not-done", "warning")]
    assert found.findings[0].message.endswith("the disk ends at sector 2097118")
    assert [change.action for change in found.pending] == ["change"]


def blank() -> Inventory:
    return Inventory(disks={"/dev/vdb": Disk(size=1 << 30)})
