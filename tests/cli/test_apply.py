"""The verb `apply` on configs that need disks: refused on a tree, done for real when that is asked for."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import stoker
from stoker.engine import DISTRIBUTIONS, provision
from stoker.system import ScratchSystem
from tests import loops
from tests.cli.conftest import Run

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may")

TEXT = """\
variant: fcos
version: 1.5.0
storage:
  disks:
    - device: {device}
      partitions:
        - number: 1
          label: data
  filesystems:
    - device: {device}p1
      format: ext4
      path: /var
"""


def test_a_tree_has_no_disks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(TEXT.format(device="/dev/vdz"))
    done = run("apply", "--quiet", "a.bu", "--root", "tree")
    assert done.returncode == 1
    assert (
        "refused\n"
        "  a.bu:5:5: `storage.disks` cannot be done: a tree has no block devices\n"
        "    hint: do it on the machine whose disks they are: `apply` with `--devices`,"
        " `plan` and `rearm` with `--root /`\n"
    ) in done.stdout


# id: (what `ignition.config` says, line and reason that are given)
REFERENCES = {
    "merge": ("merge: [{source: 'http://127.0.0.1:1/b'}]", "a.bu:5:13: `ignition.config.merge` names another"),
    "merge of what is embedded": (
        """merge: [{inline: '{"ignition": {"version": "3.4.0"}}'}]""",
        "a.bu:5:13: `ignition.config.merge` names another",
    ),
    "replace": ("replace: {source: 'http://127.0.0.1:1/b'}", "a.bu:5:14: `ignition.config.replace` names another"),
}


@pytest.mark.parametrize(("said", "refusal"), REFERENCES.values(), ids=REFERENCES)
def test_other_configs_are_not_ignored(run: Run, tmp_path: Path, said: str, refusal: str) -> None:
    (tmp_path / "a.bu").write_text(f"variant: fcos\nversion: 1.5.0\nignition:\n  config:\n    {said}\n")
    done = run("apply", "--quiet", "a.bu", "--root", "tree")
    assert (done.returncode, done.stdout.partition("\n")[0]) == (1, "NOT provisioned: 0 operations done, 1 not")
    assert f"refused\n  {refusal}" in done.stdout
    assert "    hint: " in done.stdout
    assert not (tmp_path / "tree/etc/.ignition-result.json").exists()


OWNED = """\
variant: flatcar
version: 1.0.0
passwd: {users: [{name: test, uid: 1234, ssh_authorized_keys: [ssh-rsa AAAA]}]}
storage:
  directories:
    - {path: /srv/www, mode: 02775, user: {name: test}, group: {id: 4711}}
  files:
    - {path: /opt/tool, mode: 04755, contents: {inline: x}}
  links:
    - {path: /srv/link, target: /nowhere, user: {name: test}}
"""

# path: (mode, user, group)
RIGHTS = {
    "srv/www": (0o2775, 1234, 4711),
    "opt/tool": (0o4755, 0, 0),
    "srv/link": (0o777, 1234, 0),
    "home/test": (0o700, 1234, 1234),
    "home/test/.ssh/authorized_keys.d/ignition": (0o600, 1234, 1234),
    "etc/shadow": (0o640, 0, 0),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_as_root_the_owners_are_real(run: Run, tmp_path: Path) -> None:
    """As an image, a container or a chroot needs it. The boot that it is made in is not the tree's."""
    (tmp_path / "a.bu").write_text(OWNED)
    done = run("apply", "--quiet", "a.bu", "--root", "tree", "-o", "json")
    assert done.returncode == 0, done.stderr
    found = {path: (tmp_path / "tree" / path).lstat() for path in RIGHTS}
    assert {path: (look.st_mode & 0o7777, look.st_uid, look.st_gid) for path, look in found.items()} == RIGHTS
    shown = {node["path"]: (node["mode"], node["user"], node["group"]) for node in json.loads(done.stdout)["nodes"]}
    assert shown["/srv/www"] == ("2775", "test", "4711")
    assert not (tmp_path / "tree.rights.json").exists()
    record = json.loads((tmp_path / "tree/etc/.ignition-result.json").read_text())
    assert record["provisioningBootID"] == "00000000-0000-0000-0000-000000000000"


def test_a_tree_with_a_manifest_goes_on_with_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(OWNED)
    config, _ = stoker.compile("variant: flatcar\nversion: 1.0.0\nstorage: {files: [{path: /a, user: {id: 7}}]}\n")
    assert config is not None
    provision(config, tmp_path / "tree", distribution=DISTRIBUTIONS["flatcar"], say=lambda _line: None)
    assert run("apply", "--quiet", "a.bu", "--root", "tree").returncode == 0
    with closing(ScratchSystem(tmp_path / "tree")) as system:
        for path, rights in RIGHTS.items():
            look = system.look(f"/{path}")
            assert look is not None
            assert (look.mode, look.uid, look.gid) == rights, path
    assert (tmp_path / "tree/srv/www").stat().st_uid == os.geteuid()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_only_root_changes_disks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(TEXT.format(device="/dev/vdz"))
    done = run("apply", "--devices", "a.bu", "--root", "tree")
    assert (done.returncode, done.stderr.partition("\n")[0]) == (
        1,
        "stoker: only root can change the disks of a machine",
    )


@pytest.mark.skipif(bool(loops.why_not()), reason=loops.why_not() or "-")
def test_disks_for_real(run: Run, tmp_path: Path) -> None:
    with loops.loops(tmp_path) as new_loop:
        loop = new_loop(64 << 20)
        (tmp_path / "a.bu").write_text(TEXT.format(device=loop))
        done = run("apply", "a.bu", "--devices", "--root", "tree")
        assert done.returncode == 0, done.stderr
        assert f'mount: op(5): [started]  mounting "{loop}p1" at ' in done.stderr
        assert "TYPE=ext4" in loops.run("blkid", "-p", "-o", "export", f"{loop}p1").splitlines()


PLAIN = "variant: fcos\nversion: 1.5.0\nstorage: {{filesystems: [{{device: {device}, format: ext4}}]}}\n"

# id: (words that allow it, exit code)
USES = {
    "nobody said that it may go": ([], 3),
    "what may go has another label": (["--allow-wipe", "other"], 3),
    "it may go": (["--allow-wipe", "data"], 0),
}


@pytest.mark.skipif(bool(loops.why_not()), reason=loops.why_not() or "-")
@pytest.mark.parametrize(("words", "code"), USES.values(), ids=USES)
def test_a_disk_with_partitions_is_not_written_over(run: Run, tmp_path: Path, words: list[str], code: int) -> None:
    """Ignition makes the file system; `plan`, `rearm` and `apply` call it a loss, whatever is said about wiping."""
    with loops.loops(tmp_path) as new_loop:
        loop = new_loop(64 << 20)
        loops.run("sgdisk", "--new=1:0:0", "--change-name=1:data", loop)
        (tmp_path / "a.bu").write_text(PLAIN.format(device=loop))
        done = run("apply", "--quiet", "a.bu", "--devices", "--root", "tree", *words)
        assert done.returncode == code, done.stdout
        assert ("TYPE=ext4" in loops.run("blkid", "-p", "-o", "export", loop).splitlines()) == (code == 0)
        if code:
            assert (
                f"refused\n  a.bu:3:25: data would be lost: partition 1 of {loop} `data`\n"
                "    hint: allow it by `--allow-wipe data`\n"
            ) in done.stdout


FULL = "variant: fcos\nversion: 1.5.0\nstorage: {directories: [{path: /srv, overwrite: true}]}\n"


def test_a_directory_with_data_in_it_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(FULL)
    diary = tmp_path / "tree/srv/diary"
    diary.parent.mkdir(parents=True)
    diary.write_text("x")
    done = run("apply", "--quiet", "a.bu", "--root", "tree")
    assert done.returncode == 3
    assert "data would be lost: the directory `/srv`\n    hint: allow it by `--allow-wipe /srv`\n" in done.stdout
    assert diary.exists()
    done = run("apply", "--quiet", "a.bu", "--root", "tree", "--allow-wipe", "/sv")
    assert "`--allow-wipe /sv` allows nothing: nothing that would be lost is called that" in done.stdout
    assert "hint: what would be lost: `/srv`" in done.stdout
    assert run("apply", "--quiet", "a.bu", "--root", "tree", "--allow-wipe", "/srv").returncode == 0
    assert not diary.exists()


def test_the_base_of_a_new_tree_is_nobodys_data(run: Run, tmp_path: Path) -> None:
    """As `plan` says of a fresh machine; refused, the base was left behind."""
    (tmp_path / "a.bu").write_text(FULL.replace("/srv", "/var/home"))
    done = run("plan", "a.bu")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (2, "1 change: 1 live")
    done = run("apply", "--quiet", "a.bu", "--root", "tree")
    assert (done.returncode, done.stdout.partition(":")[0]) == (0, "provisioned")
    assert list((tmp_path / "tree/var/home").iterdir()) == []


KILLED = """\
variant: fcos
version: 1.5.0
storage:
  disks:
    - device: {device}
      partitions:
        - label: data
          size_mib: 100
        - label: rest
  filesystems:
    - device: {device}p1
      format: ext4
      label: data
      path: /var/data
    - device: {device}p2
      format: ext4
      path: /var
"""


@pytest.mark.skipif(bool(loops.why_not()), reason=loops.why_not() or "-")
@pytest.mark.parametrize("operations", range(1, 9))
def test_killed_within_an_operation_and_run_again(run: Run, tmp_path: Path, operations: int) -> None:
    """The machine is switched off when that many operations have begun: the process and every tool it runs."""
    with loops.loops(tmp_path) as new_loop:
        loop = new_loop(256 << 20)
        (tmp_path / "a.bu").write_text(KILLED.format(device=loop))
        stoker = Path(sys.executable).parent / "stoker"
        # The first process of a name space takes all others with it, and is not gone before they are.
        command = ["unshare", "--pid", "--fork", stoker, "apply", "a.bu", "--devices", "--root", "tree"]
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            begun = 0
            for line in process.stderr:
                begun += "[started]" in line
                if begun == operations:
                    first = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
                    os.kill(int(first), signal.SIGKILL)
                    break
        loops.unmount_below(tmp_path)
        done = run("apply", "--quiet", "a.bu", "--devices", "--root", "tree")
        assert done.returncode == 0, done.stdout
        for number, label in ((1, "LABEL=data"), (2, "TYPE=ext4")):
            assert label in loops.run("blkid", "-p", "-o", "export", f"{loop}p{number}").splitlines()
            loops.run("fsck.ext4", "-f", "-n", f"{loop}p{number}")


IMAGE = """\
variant: flatcar
version: 1.0.0
passwd:
  users:
    - name: test
      ssh_authorized_keys: [ssh-rsa AAAA]
storage:
  disks:
    - device: {device}
      partitions:
        - label: boot
          size_mib: 50
        - label: root
  filesystems:
    - {{device: "{device}p2", format: ext4, path: /}}
    - {{device: "{device}p1", format: ext4, path: /boot}}
  files:
    - {{path: /etc/hostname, contents: {{inline: web}}}}
    - {{path: /boot/loader.conf, contents: {{inline: x}}}}
"""


@pytest.mark.skipif(bool(loops.why_not()), reason=loops.why_not() or "-")
def test_a_whole_disk_with_its_root(run: Run, tmp_path: Path) -> None:
    """The root of the machine is on a disk that is made here: accounts and files are planned when it is mounted."""
    with loops.loops(tmp_path) as new_loop:
        loop = new_loop(256 << 20)
        (tmp_path / "a.bu").write_text(IMAGE.format(device=loop))
        done = run("apply", "--quiet", "a.bu", "--devices", "--root", "tree")
        assert done.returncode == 0, done.stdout
        words = [line.split() for line in done.stdout.splitlines()]
        assert ["/boot/loader.conf", "0644", "root:root", "1"] in [row[:4] for row in words]
        assert ["user", "test", "id", "1000"] in [row[:4] for row in words]
        assert [*(tmp_path / "tree").iterdir()] == []
        loops.run("mount", "-o", "ro", f"{loop}p2", tmp_path / "tree")
        try:
            assert (tmp_path / "tree/etc/hostname").read_text() == "web"
            assert (tmp_path / "tree/home/test").stat().st_uid == 1000
            assert [*(tmp_path / "tree/boot").iterdir()] == []
        finally:
            loops.run("umount", tmp_path / "tree")


@pytest.mark.skipif(bool(loops.why_not()), reason=loops.why_not() or "-")
def test_a_mount_through_a_link_of_the_base_is_refused_as_in_a_plan(run: Run, tmp_path: Path) -> None:
    """The base comes into the tree after the mounts: `/srv` became a directory, where the machine has a link."""
    with loops.loops(tmp_path) as new_loop:
        loop = new_loop(64 << 20)
        (tmp_path / "a.bu").write_text(TEXT.format(device=loop).replace("/var", "/srv/data"))
        reason = 'mount path "/srv/data" contains non-directory component "/srv"'
        assert reason in run("plan", "a.bu", "--image", loop).stdout
        done = run("apply", "--quiet", "a.bu", "--devices", "--root", "tree")
        assert (done.returncode, reason in done.stdout) == (1, True)
        assert "PTTYPE" not in loops.run("sh", "-c", f"blkid -p -o export {loop} || true")
        assert not (tmp_path / "tree").exists()


# id: what is in the tree, and what is there after all was refused
REFUSED: dict[str, tuple[list[str], list[str]]] = {
    "no tree": ([], []),
    "an empty tree": (["tree/"], ["tree"]),
}


@pytest.mark.parametrize(("given", "expected"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("words", [[], pytest.param(["--devices"], marks=needs_root)], ids=["tree", "devices"])
def test_what_is_refused_leaves_nothing(
    words: list[str], given: list[str], expected: list[str], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.bu").write_text(
        "variant: fcos\nversion: 1.5.0\nignition: {config: {merge: [{source: 'https://example.com/a'}]}}\n"
    )
    for name in given:
        path = tmp_path / "there" / name
        path.mkdir(parents=True) if name.endswith("/") else path.write_text("x")
    done = run("apply", "a.bu", "--root", "there/tree", *words)
    assert done.returncode == 1
    assert "which is not read here" in done.stdout
    there = tmp_path / "there"
    assert sorted(str(path.relative_to(there)) for path in there.rglob("*")) == expected


def test_a_root_that_cannot_be_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text("variant: fcos\nversion: 1.5.0\n")
    done = run("apply", "a.bu", "--root", "a.bu/x")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"stoker: cannot make `{tmp_path}/a.bu/x`: not a directory\n"


def test_a_root_that_is_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text("variant: fcos\nversion: 1.5.0\n")
    done = run("apply", "a.bu", "--root", "a.bu")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "stoker: `a.bu` is a file, not a directory\nhint: name a directory: --root ./tree\n"


def test_a_root_without_a_name_is_not_the_directory_that_this_runs_in(run: Run, tmp_path: Path) -> None:
    """As `--root "$TREE"` says when nobody has set it."""
    (tmp_path / "a.bu").write_text("variant: fcos\nversion: 1.5.0\n")
    done = run("apply", "a.bu", "--root", "")
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith("stoker: apply: argument --root: it is empty")
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("words", [[], ["--quiet"]], ids=["with its log", "quiet"])
def test_what_was_done_before_an_interrupt_is_said(words: list[str], tmp_path: Path) -> None:
    stoker = Path(sys.executable).parent / "stoker"
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes the question, and never answers
        url = f"http://127.0.0.1:{server.getsockname()[1]}/b"
        (tmp_path / "a.bu").write_text(
            "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - path: /etc/a\n"
            f"    - {{path: /etc/b, contents: {{source: {url}}}}}\n"
        )
        command = [stoker, "apply", "a.bu", "--root", "tree", *words]
        with (
            subprocess.Popen(
                command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as process,
            server.accept()[0],
        ):
            process.send_signal(signal.SIGINT)
            said, told = process.communicate()
    assert (process.returncode, said) == (130, "")
    assert told.endswith(
        f'interrupted, 1 operation done\n  keeping or creating file "{tmp_path}/tree/etc/a"\n'
        "hint: run it again; what it would lose, or finds in its way, it says before\n"
    )
