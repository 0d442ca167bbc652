"""First boots on images: a table of image before, config, and image after, driven stage by stage on a loop device.

Each image has a partition ROOT with a file system; what happens in between is only seen through the applet.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stoker.engine.first_boot.state import State
from tests.engine.boots import Done, FirstBoot, file
from tests.loops import loops, run, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")

MEBIBYTE = 1 << 20
ROOT = 1
HOME = "933AC7E1-2EB4-4F13-B844-0E14E2AEF915"
UUID = "5f9e2b6c-7c9b-4a53-8f5e-0c2a4b1d6e70"


class Part(NamedTuple):
    """A partition: its label, its size in MiB, what is on it: a format and a label."""

    label: str
    size: int
    format: str = ""
    name: str = ""


@dataclass(frozen=True)
class Case:
    """An image before (partitions beside ROOT, files of ROOT), the config, and the image after.

    `$disk` in the config is the image's device. `fails` is the stage that has to fail, by a line of its log.
    """

    config: dict[str, Any]
    parts: dict[int, Part] = field(default_factory=dict)
    tree: dict[str, str] = field(default_factory=dict)
    parts_after: dict[int, Part] = field(default_factory=dict)
    tree_after: dict[str, str | None] = field(default_factory=dict)
    fails: tuple[str, str] | None = None


def storage(**parts: Any) -> dict[str, Any]:
    return {"storage": parts}


def disk(*partitions: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    return [{"device": "$disk", "partitions": list(partitions), **fields}]


DATA = {"device": "$diskp2", "format": "ext4", "path": "/var/data", "label": "data"}

CASES: dict[str, Case] = {
    "nothing": Case({}),
    "a partition, a file system, a file on it": Case(
        storage(
            disks=disk({"number": 2, "label": "data", "sizeMiB": 32}),
            filesystems=[DATA],
            files=[file("/var/data/a"), file("/etc/b")],
        ),
        parts_after={2: Part("data", 32, "ext4", "data")},
        tree_after={"etc/b": "x", "var/data": "", "var/data/a": None},
    ),
    "the next free number": Case(
        storage(disks=disk({"label": "next", "sizeMiB": 16})),
        parts={2: Part("two", 16)},
        parts_after={2: Part("two", 16), 3: Part("next", 16)},
    ),
    "a partition that is there already": Case(
        storage(disks=disk({"number": 2, "label": "two", "sizeMiB": 16})),
        parts={2: Part("two", 16)},
        parts_after={2: Part("two", 16)},
    ),
    "one that is not as it shall be": Case(
        storage(disks=disk({"number": 2, "label": "two", "sizeMiB": 24})),
        parts={2: Part("two", 16)},
        parts_after={2: Part("two", 16)},
        fails=("disks", "partition 2 didn't match: size did not match (specified 49152, got 32768)"),
    ),
    "one that may be replaced": Case(
        storage(disks=disk({"number": 2, "label": "new", "sizeMiB": 24, "wipePartitionEntry": True})),
        parts={2: Part("two", 16)},
        parts_after={2: Part("new", 24)},
    ),
    "one that may grow": Case(
        storage(disks=disk({"number": 2, "label": "two", "sizeMiB": 24, "resize": True})),
        parts={2: Part("two", 16)},
        parts_after={2: Part("two", 24)},
    ),
    "one that goes": Case(
        storage(disks=disk({"number": 2, "shouldExist": False, "wipePartitionEntry": True})),
        parts={2: Part("two", 16), 3: Part("three", 16)},
        parts_after={3: Part("three", 16)},
    ),
    "one that may not go": Case(
        storage(disks=disk({"number": 2, "shouldExist": False})),
        parts={2: Part("two", 16)},
        parts_after={2: Part("two", 16)},
        fails=("disks", "partition 2 exists but is specified as nonexistant and wipePartitionEntry is false"),
    ),
    "types and GUIDs": Case(
        storage(disks=disk({"number": 2, "label": "h", "sizeMiB": 16, "typeGuid": HOME, "guid": UUID})),
        parts_after={2: Part("h", 16)},
    ),
    "a file system that is as it shall be": Case(
        storage(filesystems=[DATA], files=[file("/var/data/new")]),
        parts={2: Part("two", 32, "ext4", "data")},
        parts_after={2: Part("two", 32, "ext4", "data")},
    ),
    "another file system": Case(
        storage(filesystems=[DATA]),
        parts={2: Part("two", 32, "swap", "s")},
        parts_after={2: Part("two", 32, "swap", "s")},
        fails=("disks", "is not of the correct type, label, or UUID (found swap,"),
    ),
    "another file system that may go": Case(
        storage(filesystems=[DATA | {"wipeFilesystem": True, "uuid": UUID}]),
        parts={2: Part("two", 32, "swap", "s")},
        parts_after={2: Part("two", 32, "ext4", "data")},
    ),
    "a file system cleared": Case(
        storage(filesystems=[{"device": "$diskp2", "format": "none", "wipeFilesystem": True}]),
        parts={2: Part("two", 32, "ext4", "x")},
        parts_after={2: Part("two", 32)},
    ),
    "swap": Case(
        storage(filesystems=[{"device": "$diskp2", "format": "swap", "label": "s"}]),
        parts={2: Part("two", 32)},
        parts_after={2: Part("two", 32, "swap", "s")},
    ),
    "mounts within each other": Case(
        storage(
            filesystems=[
                {"device": "$diskp3", "format": "ext4", "path": "/var/data/deep"},
                {"device": "$diskp2", "format": "ext4", "path": "/var/data"},
            ],
            files=[file("/var/data/a"), file("/var/data/deep/b")],
        ),
        parts={2: Part("two", 32), 3: Part("three", 32)},
        parts_after={2: Part("two", 32, "ext4"), 3: Part("three", 32, "ext4")},
        tree_after={"var/data": "", "var/data/a": None, "var/data/deep": None},
    ),
    "a mount through a link": Case(
        storage(filesystems=[DATA | {"path": "/link/data"}]),
        parts={2: Part("two", 32)},
        tree={"link": "-> var"},
        parts_after={2: Part("two", 32, "ext4", "data")},
        fails=("mount", 'contains non-directory component "'),
    ),
    "files that are in the way, and a mount to undo": Case(
        storage(filesystems=[DATA], files=[file("/etc/a")]),
        parts={2: Part("two", 32)},
        tree={"etc/a": "old"},
        parts_after={2: Part("two", 32, "ext4", "data")},
        tree_after={"etc/a": "old"},
        fails=("files", "a file exists there already and overwrite is false"),
    ),
    "files written over": Case(
        storage(
            files=[
                file("/etc/a", overwrite=True),
                {"path": "/etc/b", "append": [{"source": "data:,+1"}]},
                file("/etc/c", mode=0o600),
            ],
            directories=[{"path": "/etc/d", "overwrite": True}],
            links=[{"path": "/etc/e", "target": "a"}, {"path": "/etc/f", "target": "/etc/a", "hard": True}],
        ),
        tree={"etc/a": "old", "etc/b": "old", "etc/d/gone": "old"},
        tree_after={"etc/a": "x", "etc/b": "old+1", "etc/c": "x", "etc/d/gone": None, "etc/e": "-> a", "etc/f": "x"},
    ),
}


class Image:
    """An image on a loop device, with a root file system."""

    def __init__(self, device: str, mounted_at: Path) -> None:
        self.device = device
        self.mounted_at = mounted_at

    def partition(self, parts: dict[int, Part]) -> None:
        """Lay the partitions, ROOT the first of them, and what is on them."""
        for number, part in sorted({ROOT: Part("ROOT", 64, "ext4"), **parts}.items()):
            run("sgdisk", f"--new={number}:0:+{part.size}M", f"--change-name={number}:{part.label}", self.device)
        run("partx", "--add", self.device)
        for number, part in {ROOT: Part("ROOT", 64, "ext4"), **parts}.items():
            label = ["-L", part.name] if part.name else []
            tools = {"ext4": ["mkfs.ext4", "-q"], "swap": ["mkswap"]}
            if part.format:
                run(*tools[part.format], *label, f"{self.device}p{number}")

    def lay(self, tree: dict[str, str]) -> None:
        """Lay files and links on the root."""
        with self:
            for name, text in tree.items():
                path = self.mounted_at / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if text.startswith("-> "):
                    path.symlink_to(text[3:])
                else:
                    path.write_text(text)

    def parts(self) -> dict[int, Part]:
        """The partitions beside ROOT, and what is on them."""
        found = {}
        for line in run("sgdisk", "--print", self.device).splitlines():
            row = re.match(r" +(\d+) +(\d+) +(\d+) .* (\S+)$", line)
            if row is not None and int(row[1]) != ROOT:
                size = (int(row[3]) - int(row[2]) + 1) * 512 // MEBIBYTE
                found[int(row[1])] = Part(row[4], size, *self._signature(int(row[1])))
        return found

    def _signature(self, number: int) -> tuple[str, str]:
        command = ["blkid", "--probe", "--output", "export", f"{self.device}p{number}"]
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        return values.get("TYPE", ""), values.get("LABEL", "")

    def text(self, name: str) -> str | None:
        """The text of a file, `-> target` of a link, nothing for a directory, None where there is nothing."""
        path = self.mounted_at / name
        if path.is_symlink():
            return f"-> {path.readlink()}"
        return "" if path.is_dir() else path.read_text() if path.exists() else None

    def __enter__(self) -> None:
        run("mount", "-t", "ext4", f"{self.device}p{ROOT}", self.mounted_at)

    def __exit__(self, *_: object) -> None:
        run("umount", self.mounted_at)


@pytest.fixture
def boot(tmp_path: Path) -> FirstBoot:
    return FirstBoot(tmp_path)


@pytest.fixture
def image(boot: FirstBoot, tmp_path: Path) -> Iterator[Image]:
    with loops(tmp_path) as make:
        yield Image(make(256 * MEBIBYTE), boot.root)


def drive(boot: FirstBoot, image: Image) -> dict[str, Done]:
    """Run the stages as a boot does, up to the first that fails; what was mounted is unmounted even so."""
    done: dict[str, Done] = {}
    for stage in ("fetch", "disks"):
        done[stage] = boot.run(stage, "")
        if done[stage].returncode:
            return done
    with image:
        for stage in ("mount", "files"):
            done[stage] = boot.run(stage)
            if done[stage].returncode:
                break
        done["umount"] = boot.run("umount")
    return done


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_first_boot(boot: FirstBoot, image: Image, case: Case) -> None:
    image.partition(case.parts)
    image.lay(case.tree)
    boot.configure(json.loads(json.dumps(case.config).replace("$disk", image.device)))
    done = drive(boot, image)
    failed = {stage: run for stage, run in done.items() if run.returncode}
    log = "".join(run.stdout + run.stderr for run in done.values())
    assert list(failed) == ([case.fails[0]] if case.fails else []), log
    if case.fails:
        lines = failed[case.fails[0]].stdout.splitlines()
        assert any(line.startswith("CRITICAL : ") and case.fails[1] in line for line in lines), log
    else:
        assert "CRITICAL" not in log
    assert image.parts() == case.parts_after
    with image:
        assert {name: image.text(name) for name in case.tree_after} == case.tree_after


def test_a_second_boot_over_half_done_work(boot: FirstBoot, image: Image) -> None:
    image.partition({})
    boot.configure(
        storage(
            disks=disk({"number": 2, "label": "data", "sizeMiB": 32}),
            filesystems=[DATA],
            files=[file("/var/data/a", overwrite=True)],
        )
    )
    config = boot.directory / "config.ign"
    config.write_text(config.read_text().replace("$disk", image.device))
    for _ in range(2):
        assert [run.returncode for run in drive(boot, image).values()] == [0] * 5
    assert image.parts() == {2: Part("data", 32, "ext4", "data")}


MOTD = {"device": "$disk2", "format": "ext4", "path": "/etc/motd"}  # a file is there
VAR = {"device": "$disk3", "format": "ext4", "path": "/var"}

# id: (the file systems, what is in the root, the stage that fails, whether the machine has the record)
RECORDS: dict[str, tuple[list[dict[str, Any]], dict[str, str], str, bool]] = {
    "disks": ([MOTD | {"format": "vfat"}], {"var/lib/x": ""}, "disks", False),
    "mount": ([MOTD], {"var/lib/x": ""}, "mount", True),
    "mount, of a root that is still empty": ([MOTD], {}, "mount", False),
    "mount, with /var still to come": ([MOTD, VAR], {"var/lib/x": ""}, "mount", False),
}


@pytest.mark.parametrize(("filesystems", "tree", "stage", "is_kept"), RECORDS.values(), ids=RECORDS)
def test_a_record_is_on_the_machine_where_its_root_was_mounted(
    boot: FirstBoot,
    image: Image,
    filesystems: list[dict[str, Any]],
    tree: dict[str, str],
    stage: str,
    is_kept: bool,
) -> None:
    """Before that there is only the spool, which goes with the initramfs, and whoever was told of it."""
    image.partition({2: Part("two", 32, "ext4"), 3: Part("three", 32, "ext4")})
    image.lay({"etc/motd": "x", **tree})
    boot.configure(
        json.dumps({"ignition": {"version": "3.4.0"}} | storage(filesystems=filesystems)).replace(
            "$disk", f"{image.device}p"
        )
    )
    assert boot.run("fetch", "").returncode == 0
    assert boot.run("disks").returncode == (1 if stage == "disks" else 0)
    spool = Path(f"{boot.state}.reports/failure.json")
    with image:
        if stage == "mount":
            assert boot.run("mount").returncode == 1
        kept = boot.root / "var/lib/.stoker-failure.json"
        assert kept.exists() == is_kept
        assert kept.parent.exists() == ("var/lib/x" in tree)
        assert json.loads(spool.read_text())["stage"] == stage
        if is_kept:
            assert kept.read_bytes() == spool.read_bytes()


def test_directories_that_were_made_to_mount_at_are_noted(boot: FirstBoot, image: Image) -> None:
    image.partition({2: Part("two", 32)})
    image.lay({"home/other": "x"})
    boot.configure(storage(filesystems=[{"device": f"{image.device}p2", "format": "ext4", "path": "/home/a/b"}]))
    drive(boot, image)
    assert boot.noted().notated_directories == ["/home/a", "/home/a/b"]


@pytest.mark.skipif(bool(why_not("cryptsetup")), reason=why_not("cryptsetup") or "-")
def test_keys_of_volumes_reach_the_machine_and_leave_the_state(boot: FirstBoot, image: Image) -> None:
    """The volume is made beforehand: opening one takes the device mapper, which is not everywhere."""
    image.partition({2: Part("secret", 32)})
    node, key = f"{image.device}p2", boot.directory / "key"
    key.write_text("key")
    cheap = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--uuid", UUID)
    run("cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", *cheap, "--key-file", key, node)
    boot.note(State(luks_persist_key_files={"secret": "data:,key"}))
    boot.configure(storage(luks=[{"name": "secret", "device": node, "keyFile": {"source": "data:,key"}}]))
    assert boot.run("fetch", "").returncode == 0
    with image:
        done = boot.run("files")
        assert done.returncode == 0, done.stdout
        assert image.text("etc/crypttab") == f"secret UUID={UUID} /etc/luks/secret luks,x-initrd.attach\n"
        assert image.text("etc/luks/secret") == "key"
        modes = [(boot.root / name).stat().st_mode & 0o777 for name in ("etc/crypttab", "etc/luks", "etc/luks/secret")]
    assert modes == [0o600, 0o700, 0o600]
    assert boot.noted().keys() == {}


def test_what_is_made_to_mount_at_gets_labels(boot: FirstBoot, image: Image) -> None:
    """First the directories that were missing, then the root of the empty file system; a second boot labels nothing."""
    image.partition({2: Part("two", 32)})
    image.lay({"etc/selinux/config": "SELINUXTYPE=targeted\n", "var/log/x": "x"})
    boot.environment["IGNITION_SELINUX_RELABEL"] = "true"
    boot.tool("SETFILES_CMD", 'tr "\\000" "\\n" >> $HERE/labelled')
    mounted = {"device": f"{image.device}p2", "format": "ext4", "path": "/var/lib/data"}
    boot.configure(storage(filesystems=[mounted], files=[file("/var/lib/data/a", overwrite=True)]))
    expected = ["var/lib", "var/lib/data", "var/lib/data/a", "etc/.ignition-result.json"]
    for lines in (expected, [*expected, "var/lib/data/a", "etc/.ignition-result.json"]):
        assert [run.returncode for run in drive(boot, image).values()] == [0] * 5
        assert (boot.directory / "labelled").read_text().split() == [f"{boot.root}/{line}" for line in lines]
