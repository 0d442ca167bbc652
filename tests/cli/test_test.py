"""The verb `test`: a table of expectations with what is said when they do not hold; bad files; JUnit and JSON."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import GOLDEN, INVENTORY

CONFIG = """\
variant: flatcar
version: 1.0.0
kernel_arguments:
  should_exist: [selinux=0]
passwd:
  groups: [{name: web, gid: 700}]
  users:
    - name: test
      uid: 1234
      groups: [web]
      shell: /bin/sh
      ssh_authorized_keys: [ssh-rsa AAAA]
storage:
  directories:
    - {path: /opt/bin, mode: 0750, user: {name: test}}
  links:
    - {path: /etc/localtime, target: ../usr/share/zoneinfo/Asia/Seoul}
  files:
    - {path: /etc/hostname, contents: {inline: web}}
    - {path: /etc/motd, mode: 0600, group: {id: 4711}, append: [{inline: hello}, {inline: you}]}
systemd:
  units:
    - name: web.service
      enabled: true
      contents: |
        [Service]
        ExecStart=/opt/bin/run
        [Install]
        WantedBy=multi-user.target
      dropins: [{name: a.conf, contents: "[Service]\\nRestart=always\\n"}]
    - {name: locksmithd.service, mask: true}
    - {name: b@1.service, enabled: true, contents: "[Service]\\nExecStart=/bin/b\\n[Install]\\nWantedBy=a.target\\n"}
"""
DISKS = """\
variant: flatcar
version: 1.0.0
storage:
  disks:
    - device: /dev/sda
      partitions:
        - {number: 9, label: ROOT, size_mib: 4096, resize: true}
        - {label: data, size_mib: 500}
  filesystems:
    - {device: /dev/disk/by-partlabel/data, format: ext4, path: /var/data}
"""

DIGEST = hashlib.sha256(b"helloyou").hexdigest()

# expectation in one line -> what is said when it does not hold, None when it does
HOLDS: dict[str, str | None] = {
    "file: /etc/hostname": None,
    "file: /etc/hostname, is: web": None,
    "file: /etc/hostname, is: web2": "it is `web`, not `web2`",
    "file: /etc/hostname, exists: false": "it is there",
    "file: /etc/none": "it is not there",
    "file: /etc/none, exists: no": None,
    "file: /opt/bin": "it is a directory",
    "file: /etc/motd, has: hello": None,
    "file: /etc/motd, has: [hello, bye]": "it has no `bye`",
    "file: /etc/motd, lacks: hell": "it has `hell`",
    "file: /etc/motd, lacks: bye": None,
    "file: /etc/motd, mode: 0600": None,
    "file: /etc/motd, mode: 0644": "it is `0600`, not `0644`",
    "file: /etc/motd, mode: 600": "it is `0600`, not `1130`",
    "file: /etc/motd, owner: root": None,
    "file: /etc/motd, owner: 0": None,
    "file: /etc/motd, owner: test": "it is `root`, not `test`",
    "file: /etc/motd, group: 4711": None,
    "file: /etc/motd, group: web": "it is `4711`, not `web`",
    f"file: /etc/motd, sha256: {'0' * 64}": f"it is `{DIGEST}`, not `{'0' * 64}`",
    f"file: /etc/motd, sha256: {DIGEST.upper()}": None,
    "directory: /opt/bin, mode: 0750, owner: test": None,
    "directory: /opt/bin, mode: 0755": "it is `0750`, not `0755`",
    "directory: /etc/motd": "it is a file",
    "link: /etc/localtime, to: ../usr/share/zoneinfo/Asia/Seoul": None,
    "link: /etc/localtime, to: /x": "it is `../usr/share/zoneinfo/Asia/Seoul`, not `/x`",
    "link: /etc/motd": "it is a file",
    "link: /etc/none": "it is not there",
    "user: test, id: 1234, in: web, home: /home/test, shell: /bin/sh, key: ssh-rsa AAAA": None,
    "user: test, in: [web, wheel]": "it is not in `wheel`, only in test, web",
    "user: test, id: 1": "it is `1234`, not `1`",
    "user: test, key: ssh-rsa BBBB": "there is no ssh key `ssh-rsa BBBB`",
    "user: core, key: ssh-rsa BBBB": "there is no ssh key `ssh-rsa BBBB`",
    "user: test, exists: false": "it is there",
    "user: nobody-else": "it is not there",
    "group: web, id: 700": None,
    "group: web, id: 701": "it is `700`, not `701`",
    "group: none": "it is not there",
    "unit: web.service, state: enabled, has: [ExecStart=/opt/bin/run, Restart=always]": None,
    "unit: web.service, state: disabled": "it is enabled, not disabled",
    "unit: web.service, lacks: Restart": "it has `Restart`",
    "unit: locksmithd.service, state: masked": None,
    "unit: b@1.service, state: enabled": None,
    "unit: none.service": "it is not there",
    "unit: none.service, exists: false": None,
    "unit: ../../passwd": "it is not there",
    "kernel_argument: selinux=0": None,
    "kernel_argument: quiet": "it is not there",
    "kernel_argument: selinux=0, exists: false": "it is there",
    "mount: /var": "it is not there",
    "partition: ROOT": "it is not there",
    "refused: file-exists": "nothing is refused",
}


def test_a_state_that_is_none_is_found_before_the_rehearsal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("config: none.bu\nexpect:\n  - {unit: web.service, state: on}\n")
    done = run("test", "t.yaml")
    assert done.returncode == 1
    assert (
        "error[wrong-expectation]: `state` should be one of enabled, disabled, masked\n  --> t.yaml:3:" in done.stderr
    )


def spec(lines: list[str], config: str = "a.bu", more: str = "") -> str:
    """A file of expectations, each written as a flow mapping on a line of its own; the first stands on line 4."""
    entries = "".join(f"  - {{{line}}}\n" for line in lines)
    return f"config: {config}\n{more or '# no more'}\nexpect:\n{entries}"


def test_each_kind_of_expectation(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(CONFIG)
    (tmp_path / "t.yaml").write_text(spec(list(HOLDS)))
    done = run("test", "t.yaml", "-o", "json")
    assert done.returncode == 1
    (found,) = json.loads(done.stdout)
    assert (found["spec"], found["holds"], len(found["cases"])) == ("t.yaml", False, len(HOLDS))
    said = {case["line"]: [failure["message"] for failure in case["failures"]] for case in found["cases"]}
    for number, (line, reason) in enumerate(HOLDS.items(), 4):
        messages = said[number]
        if reason is None:
            assert messages == [], line
        else:
            assert len(messages) == 1, line
            assert messages[0].partition(": ")[2].startswith(reason), line


TOOLS = ("sgdisk", "sfdisk", "blkid", "mkfs.ext4")
MISSING = [tool for tool in TOOLS if not shutil.which(tool)]

# the same of disks
ON_DISKS: dict[str, str | None] = {
    "partition: ROOT, at_least: 4096, at_most: 4096": None,
    "partition: ROOT, at_least: 5000": "it has 4 GiB, less than 5000 MiB",
    "partition: data, at_most: 499": "it has 500 MiB, more than 499 MiB",
    "partition: data, disk: /dev/sda, format: ext4": None,
    "partition: data, disk: /dev/sdb": "it is not there",
    "partition: data, format: xfs": "it is `ext4`, not `xfs`",
    "partition: /dev/sda9, format: ext4": None,
    "partition: none": "it is not there",
    "partition: none, exists: false": None,
    "mount: /var/data, format: ext4, device: /dev/sda5": None,
    "mount: /var/data, device: /dev/sda6": "it is `/dev/sda5`, not `/dev/sda6`",
    "mount: /srv": "it is not there",
}


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_expectations_of_disks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(DISKS)
    (tmp_path / "t.yaml").write_text(spec(list(ON_DISKS)))
    (found,) = json.loads(run("test", "t.yaml", "-o", "json").stdout)
    said = {
        case["line"]: [failure["message"].partition(": ")[2] for failure in case["failures"]] for case in found["cases"]
    }
    expected = {number: [reason] if reason else [] for number, reason in enumerate(ON_DISKS.values(), 4)}
    assert {line: messages for line, messages in said.items() if line > 1} == expected


# expectation that does not hold -> what is said of it, in the order of its keys; the hint
FAILURES: dict[str, tuple[list[str], str]] = {
    "file: /etc/motd, is: x, mode: 0644": (["is: it is `helloyou`, not `x`", "mode: it is `0600`, not `0644`"], ""),
    "file: /etc/motd, mode: 0644, is: x": (["mode: it is `0600`, not `0644`", "is: it is `helloyou`, not `x`"], ""),
    "file: /etc/none, exists: true": (["it is not there"], ""),
    "file: /etc/motd, mode: 600": (
        ["mode: it is `0600`, not `1130`"],
        "write `mode: 0600`: without its zero a number is decimal",
    ),
    "directory: /opt/bin, mode: 755": (
        ["mode: it is `0750`, not `1363`"],
        "write `mode: 0755`: without its zero a number is decimal",
    ),
    "file: /etc/motd, mode: 420": (["mode: it is `0600`, not `0644`"], ""),
}


@pytest.mark.parametrize(("line", "expected"), FAILURES.items(), ids=FAILURES)
def test_what_a_failure_says(line: str, expected: tuple[list[str], str], run: Run, tmp_path: Path) -> None:
    """Which key is to blame, in the order in which they were written, and what to do."""
    (tmp_path / "a.bu").write_text(CONFIG)
    (tmp_path / "t.yaml").write_text(spec([line]))
    (found,) = json.loads(run("test", "t.yaml", "-o", "json").stdout)
    (failures,) = (case["failures"] for case in found["cases"] if not case["holds"])
    title = line.partition(",")[0].replace(":", "")
    said = [failure["message"].removeprefix(title).lstrip(",: ") for failure in failures]
    assert (said, failures[0].get("hint", "")) == expected


SOME = ["file: /etc/hostname, is: web2", "user: test, in: [web, wheel]", "unit: web.service"]


def test_what_a_person_reads(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(CONFIG)
    (tmp_path / "t.yaml").write_text(spec(SOME))
    (tmp_path / "u.yaml").write_text(spec(SOME[2:]))
    done = run("test", "t.yaml", "u.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (GOLDEN / "test-some.txt").read_text()
    assert run("test", "u.yaml").returncode == 0


def test_one_that_does_not_hold(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(CONFIG)
    (tmp_path / "t.yaml").write_text(spec(["file: /none"]))
    assert run("test", "t.yaml").stdout.splitlines()[-1].endswith(", 1 does not hold")


def test_what_an_expectation_should_be(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(spec(["link: x"]))
    assert "error[wrong-expectation]: `link` should be an absolute path\n" in run("test", "t.yaml").stderr


def test_junit(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(CONFIG)
    (tmp_path / "t.yaml").write_text(spec(SOME))
    done = run("test", "t.yaml", "-o", "junit")
    assert done.returncode == 1
    assert done.stdout == (GOLDEN / "test-some.xml").read_text()
    (suite,) = ET.fromstring(done.stdout)
    assert suite.attrib == {"name": "t.yaml", "tests": "4", "failures": "2"}


# id: (config, more of the file's head, expectations, what does not hold)
REFUSED: dict[str, tuple[str, str, list[str], list[str]]] = {
    "as expected": ("path: /etc/passwd", "", ["refused: file-exists, has: /etc/passwd"], []),
    "by another code": (
        "path: /etc/passwd",
        "",
        ["refused: no-such-user"],
        [
            (
                "the machine comes up: a.bu:3:19: error creating file `/etc/passwd`: a file exists there already and"
                " overwrite is false [file-exists]"
            ),
            "refused no-such-user: nothing is refused with it, only with file-exists",
        ],
    ),
    "of another file": (
        "path: /etc/passwd",
        "",
        ["refused: file-exists, has: /etc/group"],
        ["refused file-exists, has: it has no `/etc/group`"],
    ),
    "unexpectedly": (
        "path: /etc/passwd",
        "",
        ["file: /etc/passwd"],
        [
            (
                "the machine comes up: a.bu:3:19: error creating file `/etc/passwd`: a file exists there already and"
                " overwrite is false [file-exists]"
            ),
        ],
    ),
    "on a captured machine": (
        "path: /etc/x",
        "inventory: inv.json",
        ["user: core, id: 1000", "user: root"],
        ["user root: it is not there"],
    ),
    "on another distribution": ("path: /etc/x", "distribution: flatcar", ["user: core, id: 500"], []),
}


@pytest.mark.parametrize(("path", "more", "lines", "expected"), REFUSED.values(), ids=REFUSED)
def test_refusals_and_machines(
    path: str, more: str, lines: list[str], expected: list[str], run: Run, tmp_path: Path
) -> None:
    text = f"variant: fcos\nversion: 1.5.0\nstorage: {{files: [{{{path}, contents: {{inline: x}}}}]}}\n"
    (tmp_path / "a.bu").write_text(text)
    (tmp_path / "inv.json").write_text(json.dumps(INVENTORY))
    (tmp_path / "t.yaml").write_text(spec(lines, more=more))
    (found,) = json.loads(run("test", "t.yaml", "-o", "json").stdout)
    assert [failure["message"] for case in found["cases"] for failure in case["failures"]] == expected


# id: (text, code and place of each finding)
BAD: dict[str, tuple[str, list[str]]] = {
    "nothing": ("", ["expected-mapping 1", "no-config-named 1", "nothing-expected 1"]),
    "a list": ("- a\n", ["expected-mapping 1", "no-config-named 1", "nothing-expected 1"]),
    "no config": ("expect: [{file: /x}]\n", ["no-config-named 1"]),
    "a config": ("variant: fcos\nversion: 1.5.0\n", ["expected-expectations 1"]),
    "an Ignition config": ('{"ignition": {"version": "3.4.0"}}', ["expected-expectations 1"]),
    "no expectations": ("config: a.bu\nexpect: []\n", ["nothing-expected 1"]),
    "no list": ("config: a.bu\nexpect: {file: /x}\n", ["expected-list 2"]),
    "another key": ("config: a.bu\nexpct: []\nexpect: [{file: /x}]\n", ["unknown-expectation 2"]),
    "no subject": ("config: a.bu\nexpect:\n- fil: /x\n", ["no-subject 3"]),
    "two subjects": ("config: a.bu\nexpect:\n- file: /x\n  user: y\n", ["two-subjects 4"]),
    "twice": ("config: a.bu\nexpect:\n- file: /x\n  file: /y\n", ["expected-twice 4"]),
    "a group of a user": ("config: a.bu\nexpect:\n- user: x\n  group: y\n", ["unknown-expectation 4"]),
    "an unknown key": ("config: a.bu\nexpect:\n- file: /x\n  mod: 1\n", ["unknown-expectation 4"]),
    "a mode of letters": ("config: a.bu\nexpect:\n- file: /x\n  mode: rw\n", ["wrong-expectation 4"]),
    "a list for a path": ("config: a.bu\nexpect:\n- file: [/x]\n", ["wrong-expectation 3"]),
    "nothing for a path": ("config: a.bu\nexpect:\n- file:\n", ["wrong-expectation 3"]),
    "a path without its slash": ("config: a.bu\nexpect:\n- link: x\n", ["wrong-expectation 3"]),
    "no byte of a path": ('config: a.bu\nexpect:\n- file: "/x\\0"\n', ["wrong-expectation 3"]),
    "no byte of a name": ('config: a.bu\nexpect:\n- user: "x\\0"\n', ["wrong-expectation 3"]),
    "a list for a config": ("config: [a.bu]\nexpect: [{file: /x}]\n", ["wrong-expectation 1"]),
    "a digest that is none": ("config: a.bu\nexpect:\n- file: /x\n  sha256: abc\n", ["wrong-expectation 4"]),
    "more texts than are read": (
        "config: a.bu\nexpect:\n- file: /x\n  has: [" + "a," * 101 + "]\n",
        ["wrong-expectation 4"],
    ),
    "a mapping for texts": ("config: a.bu\nexpect:\n- file: /x\n  has: {a: b}\n", ["wrong-expectation 4"]),
    "a scalar": ("config: a.bu\nexpect:\n- x\n", ["expected-mapping 3"]),
    "an alias of what it is in": ("config: a.bu\nexpect:\n- &x {file: *x}\n", ["wrong-expectation 3"]),
    "no YAML": ("config: [\n", ["yaml-syntax 2"]),
    "too many": (
        "config: a.bu\nexpect: [" + "{file: /x}," * 10_001 + "]\n",
        ["too-many-expectations 2"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD)
def test_bad_files(text: str, expected: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(CONFIG)
    (tmp_path / "t.yaml").write_text(text)
    done = run("test", "t.yaml")
    assert (done.returncode, done.stdout) == (1, "t.yaml: not tested\n")
    found = re.findall(r"^error\[([\w-]+)\].*\n  --> t\.yaml:(\d+)", done.stderr, re.MULTILINE)
    assert [" ".join(pair) for pair in found] == expected, done.stderr


# id: (text, first line on stderr)
LOST: dict[str, tuple[str, str]] = {
    "the config": (spec(["file: /x"], "none.bu"), "stoker: `none.bu`: no such file or directory"),
    "the inventory": (
        spec(["file: /x"], more="inventory: none"),
        "stoker: `none`: no such file or directory",
    ),
    "the distribution": (
        spec(["file: /x"], more="distribution: hurd"),
        "stoker: `t.yaml`: `hurd` is no distribution",
    ),
}


@pytest.mark.parametrize(("text", "line"), LOST.values(), ids=LOST)
def test_what_is_named_and_not_there(text: str, line: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(CONFIG)
    (tmp_path / "t.yaml").write_text(text)
    done = run("test", "t.yaml")
    assert (done.returncode, done.stderr.partition("\n")[0]) == (1, line)
    assert done.stdout == "t.yaml: not tested\n"


# id: what is in a file that cannot be tested (None: it is not there), and why it cannot
UNTESTED: dict[str, tuple[str | None, str]] = {
    "no file": (None, "nothing was tested: `t.yaml`: no such file or directory"),
    "errors": ("config: a.bu\n", "nothing was tested: the file has errors in it"),
    "no config": (spec(["file: /x"], "none.bu"), "nothing was tested: `none.bu`: no such file or directory"),
    "a config with errors": (spec(["file: /x"], "t.yaml"), "nothing was tested: `t.yaml` has errors in it"),
    "no distribution": (
        spec(["file: /x"], more="distribution: hurd"),
        "nothing was tested: `t.yaml`: `hurd` is no distribution",
    ),
}


@pytest.mark.parametrize(("text", "reason"), UNTESTED.values(), ids=UNTESTED)
def test_one_that_cannot_be_tested_among_others(text: str | None, reason: str, run: Run, tmp_path: Path) -> None:
    """The others are tested, and whoever reads the data alone sees a failure."""
    (tmp_path / "a.bu").write_text(CONFIG)
    (tmp_path / "u.yaml").write_text(spec(SOME[2:]))
    if text is not None:
        (tmp_path / "t.yaml").write_text(text)
    words = ("t.yaml", "u.yaml")
    done = run("test", *words)
    assert (done.returncode, done.stdout) == (1, "t.yaml: not tested\nu.yaml: 2 expectations, all hold\n")
    broken, fine = json.loads(run("test", *words, "-o", "json").stdout)
    assert [case["failures"][0]["message"] for case in broken["cases"]] == [reason]
    assert (broken["holds"], fine["holds"]) == (False, True)
    suites = ET.fromstring(run("test", *words, "-o", "junit").stdout)
    assert [suite.attrib["failures"] for suite in suites] == ["1", "0"]
    assert suites[0][0][0].attrib["message"] == reason
