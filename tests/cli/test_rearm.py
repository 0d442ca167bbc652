"""The verb `rearm`: where it writes what, what it refuses, and that it leaves everything alone when it does."""

from __future__ import annotations

import json
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from stoker.engine import DISTRIBUTIONS, plan
from stoker.engine.rearm import ARMINGS, HIDING, Arming, obstacles
from stoker.platforms.configs import DIRECTORIES, INSTALLED, USER
from stoker.schema.v3 import Config, Ignition
from stoker.system import RealSystem
from tests.cli.conftest import Run
from tests.cli.samples import digest

FLATCAR = {"etc/os-release": "ID=flatcar\n", "etc/passwd": "root:x:0:0::/root:/bin/sh\n", "boot/x": "", "oem/x": ""}
COREOS = {"etc/os-release": "ID=fedora\nVARIANT_ID=coreos\n", "etc/passwd": "root:x:0:0::/root:/bin/sh\n", "boot/x": ""}
DEBIAN = {"etc/os-release": "ID=debian\n", "boot/x": ""}

NEW = "variant: flatcar\nversion: 1.0.0\nstorage: {files: [{path: /etc/hostname, contents: {inline: web}}]}\n"
UNIT = """\
variant: flatcar
version: 1.0.0
systemd:
  units:
    - {name: a.service, enabled: true, contents: "[Service]\\nExecStart=/bin/a\\n[Install]\\nWantedBy=b.target\\n"}
"""
WIPING = "variant: flatcar\nversion: 1.0.0\nstorage: {directories: [{path: /srv, overwrite: true}]}\n"


def lay(root: Path, tree: dict[str, str]) -> None:
    for path, text in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


# id: (tree, where the config goes, where the mark)
PLACES = {
    "Flatcar": (FLATCAR, "oem/config.ign", "boot/flatcar/first_boot"),
    "Flatcar of before": (
        {**{path: text for path, text in FLATCAR.items() if path != "oem/x"}, "usr/share/oem/x": ""},
        "usr/share/oem/config.ign",
        "boot/flatcar/first_boot",
    ),
    "Fedora CoreOS": (COREOS, "boot/ignition/config.ign", "boot/ignition.firstboot"),
    "RHEL CoreOS": ({**COREOS, "etc/os-release": "ID=rhcos\n"}, "boot/ignition/config.ign", "boot/ignition.firstboot"),
}


@pytest.mark.parametrize(("tree", "config", "marker"), PLACES.values(), ids=PLACES)
def test_what_is_written(tree: dict[str, str], config: str, marker: str, run: Run, tmp_path: Path) -> None:
    lay(tmp_path / "root", tree)
    (tmp_path / "a.bu").write_text(NEW)
    done = run("rearm", "a.bu", "--root", "root", "--yes")
    assert (done.returncode, done.stderr) == (0, f"armed: the next boot is a first boot with `/{config}`\n")
    assert done.stdout.startswith("plan for the tree `root` with ")
    written = tmp_path / "root" / config
    assert written.read_text() == run("compile", "a.bu").stdout.strip()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert (tmp_path / "root" / marker).read_bytes() == b""


def test_ignition_is_kept_as_it_was_written(run: Run, tmp_path: Path) -> None:
    lay(tmp_path / "root", FLATCAR)
    text = '{ "ignition": {"version": "3.3.0"} }\n'
    (tmp_path / "a.ign").write_text(text)
    assert run("rearm", "a.ign", "--root", "root", "--yes").returncode == 0
    assert (tmp_path / "root/oem/config.ign").read_text() == text


# id: (config, what is in the tree besides, more words, exit code, what is said)
REFUSED: dict[str, tuple[str, dict[str, str], list[str], int, str]] = {
    "nobody at a terminal": (NEW, {}, [], 3, "stoker: nothing is armed: nobody is at a terminal\nhint: add `--yes`\n"),
    "a file that is there": (
        NEW,
        {"etc/hostname": "old"},
        ["--yes"],
        1,
        "stoker: nothing is armed: the first boot would fail\n",
    ),
    "data": (
        WIPING,
        {"srv/x": "y"},
        ["--yes"],
        3,
        "stoker: nothing is armed: data would be lost\nhint: allow it by `--allow-wipe LABEL`\n",
    ),
    "a config that hides it": (
        NEW,
        {"etc/ignition/user.ign": "{}"},
        ["--yes"],
        1,
        "  `/etc/ignition/user.ign` names a config already, and that one would count\n",
    ),
    "one that the kernel is told of": (
        NEW,
        {"proc/cmdline": "quiet ignition.config.url=http://x/y flatcar.first_boot=detected\n"},
        ["--yes"],
        1,
        "  the kernel argument `ignition.config.url` names a config already, and that one would count\n",
    ),
    "no boot file system": (NEW, {"boot/x": "-"}, ["--yes"], 1, "  there is no `/boot`, where Flatcar Container Linux"),
    "no OEM file system": (NEW, {"oem/x": "-"}, ["--yes"], 1, "  there is no `/oem`, where Flatcar Container Linux"),
    "a distribution without a first boot": (
        NEW,
        DEBIAN,
        ["--yes"],
        3,
        "stoker: Debian has no first boot that could be armed again\n",
    ),
}


@pytest.mark.parametrize(("config", "more", "words", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(
    config: str, more: dict[str, str], words: list[str], code: int, said: str, run: Run, tmp_path: Path
) -> None:
    lay(tmp_path / "root", FLATCAR | {path: text for path, text in more.items() if text != "-"})
    for path, text in more.items():
        if text == "-":
            (tmp_path / "root" / path).unlink()
            (tmp_path / "root" / path).parent.rmdir()
    (tmp_path / "a.bu").write_text(config)
    before = digest(tmp_path / "root")
    done = run("rearm", "a.bu", "--root", "root", *words)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert digest(tmp_path / "root") == before


def test_data_may_be_allowed_to_go(run: Run, tmp_path: Path) -> None:
    lay(tmp_path / "root", FLATCAR | {"srv/x": "y"})
    (tmp_path / "a.bu").write_text(WIPING)
    assert run("rearm", "a.bu", "--root", "root", "--yes", "--allow-wipe", "/srv").returncode == 0


# id: (config, what is in the tree besides, the warning)
KNOWN: dict[str, tuple[str, dict[str, str], str]] = {
    "presets": (
        UNIT,
        {"etc/machine-id": "0123456789abcdef0123456789abcdef\n"},
        "  units are enabled by presets, which systemd reads only where `/etc/machine-id` does not exist\n",
    ),
    "armed": (
        NEW,
        {"boot/flatcar/first_boot": ""},
        "  a first boot is armed already: `/boot/flatcar/first_boot` exists\n",
    ),
    "provisioned before": (
        NEW,
        {"etc/.ignition-result.json": "{}"},
        "  this tree has been provisioned before (`/etc/.ignition-result.json` exists)\n",
    ),
}


@pytest.mark.parametrize(("config", "more", "warning"), KNOWN.values(), ids=KNOWN)
def test_what_is_worth_knowing(config: str, more: dict[str, str], warning: str, run: Run, tmp_path: Path) -> None:
    lay(tmp_path / "root", FLATCAR | more)
    (tmp_path / "a.bu").write_text(config)
    done = run("rearm", "a.bu", "--root", "root", "--yes")
    assert done.returncode == 0
    assert warning in done.stdout


def test_the_plan_as_json(run: Run, tmp_path: Path) -> None:
    lay(tmp_path / "root", FLATCAR)
    (tmp_path / "a.bu").write_text(NEW)
    done = run("rearm", "a.bu", "--root", "root", "-o", "json")
    assert done.returncode == 3
    assert [change["name"] for change in json.loads(done.stdout)["changes"]] == ["/etc/hostname"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_where_nothing_may_be_written(run: Run, tmp_path: Path) -> None:
    lay(tmp_path / "root", FLATCAR)
    (tmp_path / "root/oem").chmod(0o500)
    (tmp_path / "a.bu").write_text(NEW)
    done = run("rearm", "a.bu", "--root", "root", "--yes")
    assert (done.returncode, done.stderr) == (1, "stoker: cannot write `/oem/config.ign`: permission denied\n")


def test_on_the_machine_itself_the_file_systems_have_to_be_mounted() -> None:
    """/etc stands for one that is not: nothing is written, it is only looked at."""
    flatcar = DISTRIBUTIONS["flatcar"]
    with closing(RealSystem(Path("/"))) as system:
        planned = plan(Config(ignition=Ignition(version="3.3.0")), system, flatcar)
        found = obstacles(Arming("/etc/first_boot", ("/etc/config.ign",)), flatcar, planned, system, [])
    assert [entry.code for entry in found if entry.is_error] == ["not-mounted"]


def test_the_places_are_those_that_are_read() -> None:
    """What is written here is what the search for a config looks at."""
    assert {arming.configs[0] for arming in ARMINGS.values()} == set(INSTALLED)
    directories = list(DIRECTORIES.values())
    assert [f"{directory}/{USER}" for directory in directories[:-1]] == list(HIDING)
