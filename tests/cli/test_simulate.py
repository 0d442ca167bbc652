"""The verb `simulate`: a first boot without root: tree and accounts, units as systemd sees them, disks in files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import GOLDEN, INVENTORY, WHOLE

TOOLS = ("sgdisk", "sfdisk", "blkid", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mkfs.fat", "systemd-analyze")
MISSING = [tool for tool in TOOLS if not shutil.which(tool)]
needs_tools = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

SMALL = """\
variant: fcos
version: 1.5.0
passwd: {users: [{name: test, groups: [wheel]}]}
storage:
  files:
    - {path: /etc/hostname, mode: 0640, user: {name: test}, contents: {inline: web}}
"""

LOCAL = WHOLE.replace("source: https://example.com/run", "inline: x")


def steady(text: str) -> str:
    """An account without what differs from run to run."""
    text = re.sub(r"(?m)^(  /etc/\.ignition-result\.json .*  )\w+…$", r"\1...", text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\b[0-9A-F]{4}-[0-9A-F]{4}\b", "UUID", text)


@needs_tools
def test_what_a_person_reads(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(LOCAL)
    done = run("simulate", "a.bu")
    assert (done.returncode, done.stderr) == (0, "")
    assert steady(done.stdout) == (GOLDEN / "simulate-whole.txt").read_text()


@needs_tools
def test_the_disks_are_real(run: Run, tmp_path: Path) -> None:
    """The images hold the partitions and file systems that the account tells of, as other tools see them."""
    (tmp_path / "a.bu").write_text(LOCAL)
    done = run("simulate", "a.bu", "--tree", "made", "-o", "json")
    found = json.loads(done.stdout)
    assert found["mounts"] == {
        "/srv/more": {"device": "/dev/sdb1", "format": "xfs"},
        "/var/data": {"device": "/dev/mapper/vault", "format": "ext4"},
    }
    assert found["on_paper"] == [
        "`/dev/md/md0`: raid1",
        "`/dev/mapper/vault`: encrypted",
        "`/dev/mapper/vault`: ext4",
        "`/dev/md/md0`: ext4",
    ]
    images = {image["node"]: image for image in found["disks"]}
    assert sorted(images) == ["/dev/sda", "/dev/sdb", "/dev/sdc", "/dev/sdd"]
    for image in images.values():
        assert Path(image["file"]).stat().st_size == image["size"]
        assert Path(image["file"]).stat().st_blocks * 512 < 64 << 20
    listed = json.loads(
        subprocess.run(
            ["sfdisk", "--json", images["/dev/sda"]["file"]], capture_output=True, text=True, check=True
        ).stdout
    )["partitiontable"]["partitions"]
    held = [(one["number"], one["label"], one["start"], one["size"]) for one in images["/dev/sda"]["held"]]
    assert [
        (int(row["node"].rpartition(".img")[2]), row["name"], row["start"] * 512, row["size"] * 512) for row in listed
    ] == held
    more = images["/dev/sdb"]["held"][0]
    command = ["blkid", "-p", "-o", "value", "-s", "UUID", "-O", str(more["start"]), "-S", str(more["size"])]
    probed = subprocess.run([*command, images["/dev/sdb"]["file"]], capture_output=True, text=True, check=True)
    assert (more["type"], more["type_label"], more["uuid"]) == ("xfs", "more", probed.stdout.strip())


def test_the_tree_is_kept_where_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(SMALL)
    done = run("simulate", "a.bu", "--tree", "made", "-o", "json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["tree"] == str(tmp_path / "made")
    node = next(node for node in found["summary"]["nodes"] if node["path"] == "/etc/hostname")
    assert node == {
        "path": "/etc/hostname",
        "kind": "file",
        "mode": "0640",
        "user": "test",
        "group": "root",
        "size": 3,
        "digest": hashlib.sha256(b"web").hexdigest(),
    }
    assert (tmp_path / "made/etc/hostname").read_text() == "web"
    again = run("simulate", "a.bu", "--tree", "made")
    assert (again.returncode, again.stdout) == (3, "")
    assert again.stderr.startswith(f"stoker: `{tmp_path}/made` is there already, and a rehearsal begins with nothing\n")


def test_the_tree_is_gone_unless_it_is_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(SMALL)
    (tmp_path / "tmp").mkdir()
    assert run("simulate", "a.bu", TMPDIR=str(tmp_path / "tmp")).returncode == 0
    assert [*(tmp_path / "tmp").iterdir()] == []
    done = run("simulate", "a.bu", "--keep", TMPDIR=str(tmp_path / "tmp"))
    root = Path(done.stderr.removeprefix("the tree is `").removesuffix("`\n"))
    assert (root / "etc/hostname").read_text() == "web"
    assert root.parent.parent == tmp_path / "tmp"


def test_no_path_is_told_that_leads_nowhere(run: Run, tmp_path: Path) -> None:
    """As data: neither the tree nor a disk, unless they are kept."""
    (tmp_path / "a.bu").write_text(
        "variant: fcos\nversion: 1.5.0\nstorage: {disks: [{device: /dev/vda, wipe_table: true}]}\n"
    )
    (tmp_path / "tmp").mkdir()
    for words, count in (([], 0), (["--keep"], 3)):
        done = run("simulate", "a.bu", "-o", "json", *words, TMPDIR=str(tmp_path / "tmp"))
        paths = re.findall(rf'"{tmp_path}/tmp[^"]*"', done.stdout)
        assert len(paths) == count
        assert all(Path(json.loads(path)).exists() for path in paths)


UNITS = """\
variant: fcos
version: 1.5.0
systemd:
  units:
    - name: good.service
      contents: |
        [Service]
        ExecStart=/opt/bin/not-here
    - name: typo.service
      contents: |
        [Service]
        ExecStart=/bin/true
        Restrat=always
      dropins:
        - name: a.conf
          contents: |
            [Service]
            Type=forkin
    - name: wrong@.service
      contents: |
        [Service]
        Type=simple
"""


# id: units of a config and a file -> the units that are enabled and not there
NOT_HERE: dict[str, tuple[str, str, list[str]]] = {
    "no contents": ("{name: a.service, enabled: true}", "/x", ["a.service"]),
    "a drop-in alone": ("{name: a.service, enabled: true, dropins: [{name: x.conf}]}", "/x", ["a.service"]),
    "with contents": ('{name: a.service, enabled: true, contents: "[Service]\\nExecStart=/x\\n"}', "/x", []),
    "not enabled": ("{name: a.service, enabled: false}", "/x", []),
    "as a file": ("{name: a.service, enabled: true}", "/etc/systemd/system/a.service", []),
    "of the image": ("{name: a.service, enabled: true}", "/usr/lib/systemd/system/a.service", []),
    "a name that is none": ('{name: "a\\0.service", enabled: true}', "/x", ["a\0.service"]),
    "an instance": ("{name: a@1.service, enabled: true}", "/etc/systemd/system/a@.service", []),
}


@pytest.mark.parametrize(("units", "path", "expected"), NOT_HERE.values(), ids=NOT_HERE)
def test_a_unit_that_only_the_image_may_have(
    units: str, path: str, expected: list[str], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.bu").write_text(
        f"variant: flatcar\nversion: 1.0.0\nsystemd: {{units: [{units}]}}\n"
        f'storage: {{files: [{{path: {path}, contents: {{inline: "[Service]\\nExecStart=/x\\n"}}}}]}}\n'
    )
    done = run("simulate", "a.bu", "-o", "json")
    found = [one for one in json.loads(done.stdout)["summary"]["findings"] if one["code"] == "unit-not-here"]
    assert [one["message"].split("`")[1] for one in found] == expected
    assert [(one["severity"], one["place"]) for one in found] == [("warning", "a.bu:3:26")] * len(expected)
    assert done.returncode == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_what_systemd_says_of_units(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(UNITS)
    done = run("simulate", "a.bu", "-o", "json")
    assert done.returncode == 1
    found = json.loads(done.stdout)["summary"]["findings"]
    assert [(one["severity"], one["code"], one["place"], one["message"]) for one in found] == [
        (
            "warning",
            "unit-complaint",
            "a.bu:10:17",
            "systemd on line 3 of `typo.service`: Unknown key 'Restrat' in section [Service], ignoring.",
        ),
        (
            "warning",
            "unit-complaint",
            "a.bu:16:21",
            "systemd on line 2 of `a.conf`: Failed to parse service type, ignoring: forkin",
        ),
        (
            "error",
            "unit-refused",
            "a.bu:20:17",
            (
                "systemd does not start `wrong@.service`:"
                " Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing."
            ),
        ),
    ]


# id: (config, inventory, what is refused)
REFUSED: dict[str, tuple[str, dict[str, Any] | None, str]] = {
    "what is there already": (
        "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /etc/passwd, contents: {inline: x}}]}\n",
        None,
        "a.bu:3:19: error creating file `/etc/passwd`: a file exists there already and overwrite is false",
    ),
    "a device that nobody has": (
        "variant: fcos\nversion: 1.5.0\nstorage: {filesystems: [{device: /dev/mapper/x, format: ext4}]}\n",
        None,
        'a.bu:3:34: failed to wait on filesystems devs: there is no block device "/dev/mapper/x"',
    ),
    "a partition of the captured machine": (
        (
            "variant: fcos\nversion: 1.5.0\nstorage:\n"
            "  disks: [{device: /dev/vda, partitions: [{number: 1, label: new, size_mib: 5}]}]\n"
        ),
        INVENTORY,
        'a.bu:4:62: partition 1 didn\'t match: label did not match (specified "new", got "old data")',
    ),
    "a group that the captured machine has not": (
        "variant: fcos\nversion: 1.5.0\npasswd: {users: [{name: x, groups: [dialout]}]}\n",
        INVENTORY,
        "a.bu:3:37: group `dialout` does not exist",
    ),
}


@pytest.mark.parametrize(("config", "inventory", "line"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(config: str, inventory: dict[str, Any] | None, line: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(config)
    (tmp_path / "inv.json").write_text(json.dumps(inventory))
    done = run("simulate", "a.bu", *(["--inventory", "inv.json"] if inventory else []))
    assert done.returncode == 1
    assert done.stdout.startswith("NOT provisioned: ")
    assert f"refused\n  {line}" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_one_that_is_ended_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    """By a terminal that is closed, or a service that is stopped: here while a server is waited for."""
    (tmp_path / "tmp").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = f"http://127.0.0.1:{server.getsockname()[1]}/"
        (tmp_path / "a.ign").write_text(
            json.dumps(
                {
                    "ignition": {"version": "3.4.0"},
                    "storage": {"files": [{"path": "/x", "contents": {"source": source}}]},
                }
            )
        )
        command = [sys.executable, "-m", "stoker", "simulate", tmp_path / "a.ign"]
        environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
            connection, _ = server.accept()
            with connection:
                assert len(list((tmp_path / "tmp").iterdir())) == 1
                process.send_signal(number)
                assert process.wait() == -number
            assert process.stderr is not None
            assert process.stderr.read() == f"GET {source}: attempt #1\n".encode()
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("verb", ["simulate", "test"])
def test_who_is_waited_for_is_said(verb: str, run: Run, tmp_path: Path) -> None:
    """Nothing was said of an address where nobody answers, until it was given up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/run"
        (tmp_path / "a.bu").write_text(
            "variant: flatcar\nversion: 1.0.0\nignition: {timeouts: {http_total: 1}}\n"
            f"storage: {{files: [{{path: /opt/run, contents: {{source: {url}}}}}]}}\n"
        )
        (tmp_path / "t.yaml").write_text("config: a.bu\nexpect: [{file: /opt/run}]\n")
        done = run(verb, "a.bu" if verb == "simulate" else "t.yaml")
    assert done.returncode == 1
    assert f"GET {url}: attempt #1\n" in done.stderr
