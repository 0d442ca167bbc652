"""The dracut module: what is in it, that it is the same every time, and that it runs where there is nothing else."""

from __future__ import annotations

import filecmp
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stoker.cli.exits import Exit
from stoker.cli.main import main
from stoker.installer import CannotGather, InstallerFault, NotOurs, Written, write_module
from stoker.installer.dracut_module import ENGINE, PARTS

ROOTS = (*ENGINE, "stoker.cli.apply")
UNWANTED = {"asyncio", "grpc", "httptools", "jsonschema", "multiprocessing", "pip", "pytest", "sqlite3", "unittest"}
FILE = {"path": "/etc/hostname", "contents": {"source": "data:,lit"}}
CONFIG = json.dumps({"ignition": {"version": "3.3.0"}, "storage": {"files": [FILE]}})
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the root directory")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_module(tmp_path_factory.mktemp("modules") / "30stoker", ROOTS)


def command(tree: Path, *words: str) -> list[str]:
    """The command line that the start script has, without the shell that is not there."""
    script = (tree / "usr/lib/stoker/stoker").read_text()
    linker = script.partition("$home/lib/")[2].partition(" ")[0]
    home = "/usr/lib/stoker"
    python = [f"{home}/lib/{linker}", "--library-path", f"{home}/lib", f"{home}/bin/python3", "-I", "-S", "-B"]
    return ["chroot", str(tree), *python, "-c", "from stoker.cli.first_boot import start; start()", *words]


def test_it_counts_what_it_wrote(written: Written) -> None:
    files = [path for path in Path(written.directory).rglob("*") if path.is_file()]
    assert (written.files, written.size) == (len(files), sum(path.stat().st_size for path in files))


def test_it_holds_the_program_and_not_what_it_does_not_import(written: Written) -> None:
    (python,) = (Path(written.directory) / "tree/usr/lib/stoker/lib").glob("python3.*")
    assert UNWANTED & {path.stem for path in python.iterdir()} == set()
    assert (python / "stoker/system/real_devices.pyc").exists()  # imported by a function, late
    assert not (python / "stoker/server").exists()
    assert not [path for path in python.rglob("*") if path.suffix == ".py"]


def test_it_is_the_same_every_time(written: Written, tmp_path: Path) -> None:
    again = write_module(tmp_path / "30stoker", ROOTS)
    names = [str(p.relative_to(again.directory)) for p in Path(again.directory).rglob("*") if p.is_file()]
    assert filecmp.cmpfiles(written.directory, again.directory, names, shallow=False) == (names, [], [])


@only_root
def test_it_runs_where_there_is_nothing_else(written: Written) -> None:
    tree = Path(written.directory) / "tree"
    (tree / "config.ign").write_text(CONFIG)
    done = subprocess.run(
        command(tree, "stoker", "apply", "/config.ign", "--root", "/made", "--distribution", "debian"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("[finished]")) == (0, 2), done.stderr
    assert (tree / "made/etc/hostname").read_text() == "lit"


@contextmanager
def staying(tree: Path) -> Iterator[None]:
    """The resident process of a tree, until the test is over."""
    socket = tree / "run/stoker/resident"
    process = subprocess.Popen(command(tree, "stoker", "resident"))
    try:
        while not socket.exists():
            assert process.poll() is None
            os.sched_yield()
        yield
    finally:
        process.kill()
        process.wait()
        socket.unlink()


@only_root
def test_the_resident_process_answers_like_the_program_itself(written: Written) -> None:
    tree = Path(written.directory) / "tree"
    commands = [
        ["stoker", "--version"],
        ["stoker", "apply", "--help"],
        ["stoker", "nonsense"],
        ["stoker", "serve", "."],
    ]

    def answers() -> list[tuple[int, bytes, bytes]]:
        runs = [subprocess.run(command(tree, *words), capture_output=True, check=False) for words in commands]
        return [(done.returncode, done.stdout, done.stderr) for done in runs]

    alone = answers()
    with staying(tree):
        assert answers() == alone
    assert [code for code, _, _ in alone] == [0, 0, 64, 69]


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with pytest.raises(NotOurs, match="no dracut module of this program"):
        write_module(tmp_path, ROOTS)
    assert (tmp_path / "kept").exists()


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    assert (Path(write_module(tmp_path, ROOTS).directory) / "tree/usr/lib/stoker/stoker").exists()


def test_ours_is_written_anew(written: Written) -> None:
    (Path(written.directory) / "left-over").touch()
    again = write_module(Path(written.directory), ROOTS)
    assert not (Path(again.directory) / "left-over").exists()


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotGather, match=r"No module named 'stoker\.nonsense'"):
        write_module(tmp_path / "module", ("stoker.nonsense",))
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InstallerFault, match=r"cannot write `.*/file/\.module\.new"):
        write_module(tmp_path / "file/module", ROOTS)


def test_a_file_that_cannot_be_written_whole_is_told_in_a_line(tmp_path: Path) -> None:
    place = tmp_path / "module"
    limited = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", sys.executable, "-m", "stoker"]
    done = subprocess.run([*limited, "initramfs", "build", place], capture_output=True, text=True, check=False)
    home = tmp_path / ".module.new/tree/usr/lib/stoker"
    assert (done.returncode, done.stderr) == (1, f"stoker: cannot write `{home}`: file too large\n")
    assert list(tmp_path.iterdir()) == []


def test_the_verb_says_what_is_wrong(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept").touch()
    assert main(["stoker", "initramfs", "build", str(tmp_path)]) == Exit.REFUSED
    assert "hint: name a directory that is empty or not there" in capfd.readouterr().err


# kernel command line: whether it is a first boot, and the platform that it names
BOOTS = {
    "quiet": (False, ""),
    "ignition.firstboot": (True, ""),
    "ignition.firstboot=1": (True, ""),
    "ignition.firstboot=0": (False, ""),
    "ignition.firstboot=": (False, ""),
    "ignition.firstboot=no": (False, ""),
    "ignition.firstboot=off": (False, ""),
    "ignition.firstboot=false": (True, ""),
    "ignition.firstboot ignition.firstboot=0": (False, ""),
    "ignition.firstboot=0 ignition.firstboot": (True, ""),
    "flatcar.first_boot=1": (True, ""),
    "flatcar.first_boot=detected": (True, ""),
    "coreos.first_boot=detected": (True, ""),
    "flatcar.first_boot=0 coreos.first_boot=1": (True, ""),
    "flatcar.first_boot=1 coreos.first_boot=0": (True, ""),
    "flatcar.first_boot=detected flatcar.first_boot=0": (False, ""),
    "flatcar.first_boot=detected ignition.firstboot=0": (True, ""),
    "ignition.platform.id=metal": (False, "metal"),
    "ignition.platform.id=metal ignition.platform.id=qemu": (False, "qemu"),
    "ignition.platform.id=qemu ignition.platform.id=": (False, "qemu"),
    "ignition.platform.id=": (False, ""),
    "ignition.platform.id=ec2 flatcar.oem.id=vmware": (False, "ec2"),
    "flatcar.oem.id=hetzner": (False, "hetzner"),
    "coreos.oem.id=ec2": (False, "aws"),
    "flatcar.oem.id=gce": (False, "gcp"),
    "flatcar.oem.id=pxe": (False, "metal"),
    "coreos.oem.id=ec2 flatcar.oem.id=azure": (False, "azure"),
    "flatcar.oem.id=azure ignition.platform.id=file": (False, "file"),
    "ignition.firstboot ignition.platform.id=qemu": (True, "qemu"),
    "ignition.firstboot=0 flatcar.first_boot=detected flatcar.oem.id=ec2 coreos.oem.id=gce": (True, "aws"),
    "flatcar.first_boot=1 flatcar.oem.id=vmware /* a=*": (True, "vmware"),
}


@pytest.mark.parametrize(("line", "expected"), BOOTS.items(), ids=BOOTS)
def test_what_the_generator_makes_of_a_command_line(line: str, expected: tuple[bool, str], tmp_path: Path) -> None:
    text = (PARTS / "ignition-generator").read_text()
    for path, name in (("/proc/cmdline", "cmdline"), ("/dev/kmsg", "log"), ("/run/ignition.env", "env")):
        assert path in text
        text = text.replace(path, str(tmp_path / name))
    (tmp_path / "cmdline").write_text(f"{line}\n")
    subprocess.run(["sh", "-c", text, "generator", str(tmp_path / "units")], check=True)
    is_first, platform = expected
    kind = "complete" if is_first else "subsequent"
    assert [path.name for path in (tmp_path / "units/initrd.target.requires").iterdir()] == [f"ignition-{kind}.target"]
    assert (tmp_path / "env").read_text() == f"PLATFORM_ID={platform}\n"
