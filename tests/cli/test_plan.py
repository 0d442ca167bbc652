"""The verb `plan`: what a person reads of it, its exit codes, its JSON, and that it touches nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import stoker
from stoker.engine import DISTRIBUTIONS, lay_base, provision
from stoker.engine.change import change, confirm
from stoker.engine.contents import digest_of_config
from stoker.system import ScratchSystem
from tests import loops
from tests.cli.conftest import Run
from tests.cli.samples import GOLDEN, INVENTORY, WHOLE, digest, lay

STOKER = Path(sys.executable).parent / "stoker"


# What is changed of it for `--was`: text -> text.
EDITS = {
    "size_mib: 2000": "size_mib: 3000",
    "format: ext4}": "format: xfs}",
    "inline: web}": "inline: web2}",
    "mode: 0750": "mode: 0700",
    "selinux=0": "selinux=1",
    "groups: [web]": "groups: []",
    "    - {name: locksmithd.service, mask: true}\n": "",
    "inline: hello": "inline: bye",
}


LOSING = """\
variant: flatcar
version: 1.0.0
passwd:
  groups: [{name: web}]
storage:
  directories:
    - {path: /srv/data, overwrite: true}
  files:
    - {path: /etc/motd, overwrite: true, contents: {inline: new}}
    - {path: /etc/hostname, mode: 0644}
"""

GONE = """\
variant: fcos
version: 1.5.0
storage:
  disks:
    - device: /dev/vda
      partitions: [{number: 1, label: new, size_mib: 100, wipe_partition_entry: true}]
"""


# id: (files by name, words of the command line, exit code)
CASES: dict[str, tuple[dict[str, str], list[str], int]] = {
    "fresh": ({"a.bu": WHOLE}, ["a.bu"], 2),
    "nothing": ({"a.bu": "variant: fcos\nversion: 1.5.0\n"}, ["a.bu"], 0),
    "tree": ({"a.bu": LOSING}, ["a.bu", "--root", "tree"], 3),
    "tree-allowed": ({"a.bu": LOSING}, ["a.bu", "--root", "tree", "--allow-wipe", "/srv/data"], 2),
    "tree-refused": (
        {"a.bu": "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /etc/motd, contents: {inline: x}}]}\n"},
        ["a.bu", "--root", "tree"],
        1,
    ),
    "inventory": ({"a.bu": GONE, "inv.json": json.dumps(INVENTORY)}, ["a.bu", "--inventory", "inv.json"], 3),
    "inventory-allowed": (
        {"a.bu": GONE, "inv.json": json.dumps(INVENTORY)},
        ["a.bu", "--inventory", "inv.json", "--allow-wipe", "pictures"],
        2,
    ),
    "was": ({"old.bu": WHOLE, "a.bu": "EDITED"}, ["a.bu", "--was", "old.bu"], 2),
    "was-the-same": ({"old.bu": WHOLE, "a.bu": WHOLE}, ["a.bu", "--was", "old.bu"], 0),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    lay(tmp_path / "tree")
    return tmp_path


def edited() -> str:
    text = WHOLE
    for old, new in EDITS.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", CASES)
def test_what_a_person_reads(name: str, run: Run, place: Path) -> None:
    files, words, code = CASES[name]
    for file, text in files.items():
        (place / file).write_text(edited() if text == "EDITED" else text)
    done = run("plan", *words)
    assert done.stderr == ""
    golden = GOLDEN / f"plan-{name}.txt"
    assert done.stdout == golden.read_text()
    assert done.returncode == code
    assert "\x1b" not in done.stdout
    assert [line for line in done.stdout.splitlines() if len(line) > 120 and " was not requested" not in line] == []


def test_the_json_of_a_plan(run: Run, place: Path) -> None:
    (place / "a.bu").write_text(LOSING)
    done = run("plan", "a.bu", "--root", "tree", "-o", "json")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert list(found) == ["machine", "impact", "disks", "changes", "findings"]
    assert found["impact"] == "data loss"
    rows = {(row["group"], row["name"]): row for row in found["changes"]}
    assert {key: (row["action"], row["impact"], row["place"]) for key, row in rows.items()} == {
        ("files", "/etc/hostname"): ("keep", "none", "a.bu:10:7"),
        ("files", "/etc/motd"): ("change", "live", "a.bu:9:7"),
        ("files", "/srv/data"): ("change", "data loss", "a.bu:7:7"),
        ("users", "web"): ("keep", "none", "a.bu:4:12"),
    }
    motd = rows["files", "/etc/motd"]
    assert motd["facts"] == {"mode": "0644", "owner": "root:root", "size": 3}
    assert rows["files", "/srv/data"]["losses"] == [
        {"what": "the directory `/srv/data`", "labels": ["/srv/data"], "allowed": False}
    ]


def test_a_plan_leaves_a_tree_and_all_beside_it_as_they_are(run: Run, place: Path) -> None:
    (place / "a.bu").write_text(LOSING)
    run("plan", "a.bu")  # makes the link by which the command is called
    before = digest(place)
    for words in ([], ["--root", "tree"], ["--was", "a.bu"]):
        run("plan", "a.bu", *words)
    assert digest(place) == before


OWNED = """\
variant: flatcar
version: 1.0.0
storage:
  directories:
    - {path: /opt/bin, mode: 02750, user: {id: 4711}}
"""


def test_a_plan_of_a_tree_that_was_provisioned_without_root_leaves_its_manifest(run: Run, place: Path) -> None:
    (place / "a.bu").write_text(OWNED)
    config, _ = stoker.compile(OWNED)
    assert config is not None
    provision(config, place / "made", distribution=DISTRIBUTIONS["flatcar"], say=lambda _line: None)
    run("plan", "a.bu")  # makes the link by which the command is called
    before = digest(place)
    done = run("plan", "a.bu", "--root", "made")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing to do; 1 already so")
    assert digest(place) == before


RUNNING = """\
variant: flatcar
version: 1.0.0
passwd: {users: [{name: web, uid: 1500}]}
storage:
  files:
    - {path: /etc/hostname, overwrite: true, contents: {inline: web}}
    - {path: /etc/motd, overwrite: true, contents: {inline: hello}}
    - {path: /opt/tool, contents: {inline: x}}
systemd:
  units:
    - {name: a.service, enabled: true, contents: "[Service]\\nExecStart=/bin/a\\n[Install]\\nWantedBy=b.target\\n"}
"""
NEXT = """\
variant: flatcar
version: 1.0.0
storage:
  disks: [{device: /dev/vdb, wipe_table: true}]
  files:
    - {path: /etc/hostname, overwrite: true, contents: {inline: web}}
    - {path: /srv/new, contents: {inline: y}}
systemd:
  units:
    - {name: a.service, enabled: false, contents: "[Service]\\nExecStart=/bin/b\\n"}
"""

# id: (config that is planned, config that it was, golden, exit code)
CHANGES = {
    "as it is but for what was changed by hand": (RUNNING, RUNNING, "plan-drift.txt", 2),
    "another config": (NEXT, RUNNING, "plan-running.txt", 2),
    "the record is of another config": (RUNNING, NEXT, "plan-running-other.txt", 2),
}


@pytest.mark.parametrize(("text", "was", "golden", "code"), CHANGES.values(), ids=CHANGES)
def test_a_machine_with_a_record_is_planned_by_it(
    text: str, was: str, golden: str, code: int, run: Run, place: Path
) -> None:
    """It knows what was there before any config, and sees what was changed by hand since."""
    config, _ = stoker.compile(RUNNING)
    assert config is not None
    with closing(ScratchSystem(place / "made")) as system:
        lay_base(system, DISTRIBUTIONS["flatcar"])
        system.write_file("/etc/motd", b"of the image")
        outcome = change(config, system, DISTRIBUTIONS["flatcar"], [].append, digest=digest_of_config(config))
        assert outcome.succeeded, list(outcome.report)
        confirm(system)
        system.write_file("/etc/hostname", b"by hand", replace=True)
    (place / "a.bu").write_text(text)
    (place / "old.bu").write_text(was)
    run("plan", "a.bu")  # makes the link by which the command is called
    before = digest(place)
    done = run("plan", "a.bu", "--was", "old.bu", "--root", "made")
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == (Path(__file__).parent / "golden" / golden).read_text()
    assert digest(place) == before


ASKING = "variant: flatcar\nversion: 1.1.0\nkernel_arguments: {should_exist: [quiet, a=1]}\n"
DROPPING = "variant: flatcar\nversion: 1.1.0\nkernel_arguments: {should_exist: [a=1]}\n"

# id: (the kernel's command line, None where the tree has none; what is to go)
COMMAND_LINES = {
    "it is there": ("quiet a=1", ["  - quiet  reboot"]),
    "it has gone already": ("a=1", []),
    "nobody knows": (None, ["  - quiet  reboot", "  + a=1    reboot"]),
}


@pytest.mark.parametrize(("command_line", "expected"), COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_a_kernel_argument_that_a_config_drops_goes(
    command_line: str | None, expected: list[str], run: Run, place: Path
) -> None:
    """As where two configs are compared: a machine with a record was said to have nothing to do."""
    with closing(ScratchSystem(place / "made")) as system:
        lay_base(system, DISTRIBUTIONS["flatcar"])
        system.write_file("/var/lib/stoker/applied.json", b"{}")
        if command_line is not None:
            system.write_file("/proc/cmdline", command_line.encode())
    (place / "a.bu").write_text(DROPPING)
    (place / "old.bu").write_text(ASKING)
    done = run("plan", "a.bu", "--was", "old.bu", "--root", "made")
    assert done.returncode == (2 if expected else 0)
    assert sorted(line for line in done.stdout.splitlines() if line.endswith("  reboot")) == sorted(expected)


IMAGE = """\
variant: fcos
version: 1.5.0
storage:
  disks:
    - device: {device}
      partitions: [{{number: 2, label: new, size_mib: 20, wipe_partition_entry: true}}]
  filesystems:
    - {{device: /dev/disk/by-label/pictures, format: ext4, label: pictures}}
"""


def lay_image(path: Path) -> None:
    """A disk of 64 MiB: a partition without anything, and one with a file system `pictures`."""
    with (path.parent / "part").open("wb") as part:
        part.truncate(30 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-L", "pictures", path.parent / "part"], check=True)
    with path.open("wb") as file:
        file.truncate(64 << 20)
        file.seek(20 << 20)
        file.write((path.parent / "part").read_bytes())
    (path.parent / "part").unlink()
    subprocess.run(
        ["sgdisk", "--new=1:2048:+10M", "--new=2:40960:+30M", "--change-name=2:old", path],
        check=True,
        stdout=subprocess.DEVNULL,
    )


needs_tools = pytest.mark.skipif(
    not all(map(shutil.which, ("sgdisk", "blkid", "mkfs.ext4"))), reason="sgdisk, blkid or mkfs.ext4 is not installed"
)


@needs_tools
@pytest.mark.parametrize("device", ["/dev/sda", "/dev/disk/by-id/coreos-boot-disk", "/dev/nvme0n1"])
def test_an_image_stands_for_the_disk_of_the_config(device: str, run: Run, place: Path) -> None:
    lay_image(place / "disk.img")
    (place / "disk.img").chmod(0o400)
    (place / "a.bu").write_text(IMAGE.format(device=device))
    run("plan", "a.bu")
    before = digest(place)
    done = run("plan", "a.bu", "--image", "disk.img")
    assert (done.returncode, done.stderr) == (3, "")
    assert digest(place) == before
    node = "/dev/vda" if device.startswith("/dev/disk") else device
    assert f"  {node}, 64 MiB\n    before |1  " in done.stdout
    lost = f"  a.bu:6:19: partition 2 of {node} `old` with ext4 `pictures`  (--allow-wipe old)"
    assert lost in done.stdout.splitlines()
    assert "an image does not tell which files are there" in done.stdout
    assert run("plan", "a.bu", "--image", "disk.img", "--allow-wipe", "pictures").returncode == 2


# id: what is made on the whole of a disk that has partitions, and asks for no wipe
OVER_PARTITIONS: dict[str, str] = {
    "a file system": "filesystems: [{device: /dev/vda, format: ext4}]",
    "a volume": "luks: [{device: /dev/vda, name: vault, key_file: {inline: key}}]",
    "an array": "raid: [{name: md0, level: linear, devices: [/dev/vda]}]",
}


@needs_tools
@pytest.mark.parametrize("said", OVER_PARTITIONS.values(), ids=OVER_PARTITIONS)
def test_what_is_made_over_partitions_loses_them(said: str, run: Run, place: Path) -> None:
    """A first boot, as Ignition's, sees no obstacle in a partition table: blkid finds no file system there."""
    lay_image(place / "disk.img")
    (place / "a.bu").write_text(f"variant: fcos\nversion: 1.5.0\nstorage:\n  {said}\n")
    done = run("plan", "a.bu", "--image", "disk.img")
    assert done.returncode == 3
    assert "partition 2 of /dev/vda `old` with ext4 `pictures`  (--allow-wipe old)" in done.stdout
    both = ("--allow-wipe", "old", "--allow-wipe", "/dev/vda1")
    assert run("plan", "a.bu", "--image", "disk.img", *both).returncode == 2


# id: (what is asked of the disk with `pictures`, labels that are allowed, what is said of one that nothing has)
IN_VAIN: dict[str, tuple[str, list[str], list[str]]] = {
    "mistyped": ("format: ext4, wipe_filesystem: true, label: new", ["pictuers"], ["`pictures`"]),
    "one of two": ("format: ext4, wipe_filesystem: true, label: new", ["none", "pictures"], ["`pictures`"]),
    "right": ("format: ext4, wipe_filesystem: true, label: new", ["pictures"], []),
    "nothing is lost": ("format: ext4, label: pictures", ["pictures"], ["nothing"]),
}


@needs_tools
@pytest.mark.parametrize(("said", "labels", "names"), IN_VAIN.values(), ids=IN_VAIN)
def test_a_label_that_allows_nothing(said: str, labels: list[str], names: list[str], run: Run, place: Path) -> None:
    lay_image(place / "disk.img")
    (place / "a.bu").write_text(
        f"variant: fcos\nversion: 1.5.0\nstorage: {{filesystems: [{{device: /dev/vda2, {said}}}]}}\n"
    )
    words = [word for label in labels for word in ("--allow-wipe", label)]
    found = json.loads(run("plan", "a.bu", "--image", "disk.img", "-o", "json", *words).stdout)
    said_of = [(one["message"], one["hint"]) for one in found["findings"] if one["code"] == "allowed-in-vain"]
    message = f"`--allow-wipe {labels[0]}` allows nothing: nothing that would be lost is called that"
    assert said_of == [(message, f"what would be lost: {name}") for name in names]


READ_ONLY = {
    "a tree": (["--root", "tree"], LOSING),
    "an image": (["--image", "disk.img"], IMAGE.format(device="/dev/sda")),
}


@needs_tools
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="only root has mount namespaces")
@pytest.mark.parametrize(("words", "config"), READ_ONLY.values(), ids=READ_ONLY)
def test_a_plan_works_where_nothing_can_be_written(words: list[str], config: str, run: Run, place: Path) -> None:
    """Tree, image, config and home are on a file system that is mounted for reading only."""
    (place / "a.bu").write_text(config)
    lay_image(place / "disk.img")
    outside = place.parent / f"{place.name}-bound"
    outside.mkdir()
    script = (
        f"mount --bind {place} {outside} && mount -o remount,bind,ro {outside} && cd {outside} &&"
        f" ! touch tree/x 2>/dev/null && exec {STOKER} plan a.bu {' '.join(words)}"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(outside)},
    )
    assert (done.stderr, done.returncode) == ("", 3)
    assert done.stdout == run("plan", "a.bu", *words).stdout


# id: (words, exit code, first line on stderr)
BAD: dict[str, tuple[list[str], int, str]] = {
    "no file": (["none.bu"], 1, "stoker: `none.bu`: no such file or directory"),
    "no root": (["a.bu", "--root", "none"], 1, "stoker: `none` is no directory"),
    "a file for a root": (["a.bu", "--root", "a.bu"], 1, "stoker: `a.bu` is no directory"),
    "a root without a name": (["a.bu", "--root", ""], 64, "stoker: plan: argument --root: it is empty"),
    "no image": (["a.bu", "--image", "none"], 1, "stoker: cannot read `none`: no such file or directory"),
    "no inventory": (["a.bu", "--inventory", "none"], 1, "stoker: `none`: no such file or directory"),
    "no JSON": (["a.bu", "--inventory", "a.bu"], 1, "stoker: `a.bu`: it is no inventory: JSON is malformed: "),
    "not an inventory": (["a.bu", "--inventory", "list.json"], 1, "stoker: `list.json`: it is no inventory: Expected"),
    "one of tomorrow": (
        ["a.bu", "--inventory", "tomorrow.json"],
        1,
        "stoker: `tomorrow.json`: it is an inventory of version 2, and only 1 is known",
    ),
    "stdin twice": (["-", "--was", "-"], 64, "stoker: `-` is named twice: there is only one standard input"),
    "two machines": (["a.bu", "--root", "tree", "--image", "x"], 64, "stoker: plan: argument --image: not allowed"),
    "was with a root": (
        ["a.bu", "--was", "a.bu", "--root", "tree"],
        64,
        "stoker: plan: `tree` has no record of a config",
    ),
    "was with an image": (
        ["a.bu", "--was", "a.bu", "--image", "x"],
        64,
        "stoker: plan: `--was` says what the machine has",
    ),
    "was with errors": (["a.bu", "--was", "bad.bu"], 1, "error[relative-path]: path not absolute"),
    "errors": (["bad.bu"], 1, "error[relative-path]: path not absolute"),
    "a CLC that cannot be carried": (["clc.yaml"], 1, "info[container-linux-config]: this is Container Linux Config"),
    "Ignition 2 that cannot be carried": (["old.ign"], 1, "error[no-mount-point]: Config defined filesystem"),
}


@pytest.mark.parametrize(("words", "code", "line"), BAD.values(), ids=BAD)
def test_bad_input(words: list[str], code: int, line: str, run: Run, place: Path) -> None:
    (place / "a.bu").write_text(LOSING)
    (place / "bad.bu").write_text("variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: etc}]}\n")
    (place / "clc.yaml").write_text("storage: {files: [{path: x}]}\n")
    (place / "old.ign").write_text(
        '{"ignition": {"version": "2.3.0"}, "storage": {"filesystems": [{"name": "x", "mount": '
        '{"device": "/dev/vdb", "format": "ext4"}}]}}'
    )
    (place / "list.json").write_text("[]")
    (place / "tomorrow.json").write_text('{"version": 2}')
    done = run("plan", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(line), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(bool(loops.why_not()), reason=loops.why_not() or "-")
def test_this_machine_has_the_loop_device_that_is_named(run: Run, tmp_path: Path) -> None:
    """It said that there was none, and `apply --devices` partitioned it."""
    with loops.loops(tmp_path) as new_loop:
        loop = new_loop(64 << 20)
        (tmp_path / "a.bu").write_text(
            "variant: fcos\nversion: 1.5.0\n"
            f"storage: {{disks: [{{device: {loop}, partitions: [{{number: 1, label: data}}]}}]}}\n"
        )
        done = run("plan", "a.bu", "--root", "/")
        assert (done.returncode, f"~ {loop}  reprovision  partition table" in done.stdout) == (2, True), done.stdout


# id: (the variant of the config, words of the command line, whether it is said that the machine has another system)
VARIANTS: dict[str, tuple[str, list[str], bool]] = {
    "another one": ("fcos\nversion: 1.5.0", [], True),
    "its own": ("flatcar\nversion: 1.0.0", [], False),
    "another one, as is said": ("fcos\nversion: 1.5.0", ["--distribution", "fcos"], False),
}


@pytest.mark.parametrize("verb", ["plan", "rearm"])
@pytest.mark.parametrize(("variant", "words", "is_said"), VARIANTS.values(), ids=VARIANTS)
def test_a_config_for_another_system(
    variant: str, words: list[str], is_said: bool, verb: str, run: Run, place: Path
) -> None:
    (place / "a.bu").write_text(f"variant: {variant}\n")
    done = run(verb, "a.bu", "--root", "tree", *words)
    said = "the config is written for Fedora CoreOS, and planned for Flatcar Container Linux"
    assert (said in done.stdout) == is_said, done.stdout
