"""The command line of ct, and what the native verbs make of a Container Linux Config."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

FINE = "docker:\n  flags: [-D]\n"
WARNED = f"{FINE}zzz: 1\n"
INFORMED = "storage:\n  files: [{path: /a, append: true}]\n"
DYNAMIC = "etcd: {name: '{HOSTNAME}'}\n"

HEAD = '{"ignition":{"config":{},"security":{"tls":{}},"timeouts":{},"version":"2.3.0"},"networkd":{},"passwd":{},'
COMPACT = (
    f'{HEAD}"storage":{{}},"systemd":{{"units":[{{"dropins":[{{"contents":"[Service]\\nEnvironment=\\"DOCKER_OPTS=-D\\"'
    '","name":"20-clct-docker.conf"}],"enable":true,"name":"docker.service"}]}}'
)
EMPTY = f'{HEAD}"storage":{{}},"systemd":{{}}}}'
ZZZ = "warning at line 3, column 1\nConfig has unrecognized key: zzz\n"
APPEND = "info at line 2, column 11\nmode unspecified for file, defaulting to 0644 if the file does not exist\n"
USAGE = """\
Usage of ct:
  -files-dir string
    \tDirectory to read local files from.
  -help
    \tPrint help and exit.
  -in-file string
    \tPath to the container linux config. Standard input unless specified otherwise.
  -out-file string
    \tPath to the resulting Ignition config. Standard output unless specified otherwise.
  -platform string
    \tPlatform to target. Accepted values: [azure digitalocean ec2 gce packet openstack-metadata vagrant-virtualbox \
cloudstack-configdrive custom].
  -pretty
    \tIndent the resulting Ignition config.
  -strict
    \tFail if any warnings are encountered.
  -version
    \tPrint the version and exit.
"""

# arguments, stdin -> exit code, stdout, stderr; config.clc holds the text of stdin too
ANSWERS = {
    "stdin": ([], FINE, 0, COMPACT, ""),
    "a file": (["-in-file=config.clc"], FINE, 0, COMPACT, ""),
    "an empty file name is stdin": (["--in-file", ""], FINE, 0, COMPACT, ""),
    "what stands after a plain word is not read": (["x", "-nope"], FINE, 0, COMPACT, ""),
    "nothing in it": ([], "", 0, EMPTY, "warning: Configuration is empty\n"),
    "a warning": ([], WARNED, 0, COMPACT, ZZZ),
    "a warning, strict": (["-strict"], WARNED, 1, "", f"{ZZZ}Failed to parse config\n"),
    "an info, strict": (["-strict"], INFORMED, 1, "", f"{APPEND}Failed to parse config\n"),
    "two reports": (
        [],
        f"{WARNED}systemd: {{units: [{{name: a}}]}}\n",
        1,
        "",
        f"{ZZZ}error at line 4, column 18\ninvalid systemd unit extension\n",
    ),
    "an unknown platform": (["-platform", "vmware"], WARNED, 1, "", f"{ZZZ}error: unsupported platform\n"),
    "no platform": ([], DYNAMIC, 1, "", "error: platform must be specified to use templating\n"),
    "a percent sign is a directive": (
        [],
        'update: {server: "http://%zz"}\n',
        1,
        "",
        'error at line 1, column 18\nparse "http://%!z(MISSING)z": not a valid URL\nFailed to parse config\n',
    ),
    "wrong types": (
        [],
        "docker: 1\nversion: x\n",
        1,
        "",
        (
            "error: yaml: unmarshal errors:\n  line 1: expected a mapping, got `1`\n"
            "  line 2: expected an integer, got `x`\nFailed to parse config\n"
        ),
    ),
    "no version": (
        [],
        "etcd: {version: 3}\n",
        1,
        "",
        "error: 3 is not in dotted-tri format\nFailed to parse config\n",
    ),
    "no such file": (["-in-file", "no"], "", 1, "", "Failed to open: open no: no such file or directory\n"),
    "a directory": (["-in-file", "."], "", 1, "", "Failed to read: read .: is a directory\n"),
    "nowhere to write": (
        ["-out-file", "no/x"],
        FINE,
        1,
        "",
        "Failed to create: open no/x: no such file or directory\n",
    ),
    "version": (["-version"], "", 0, "ct v0.9.0\n", ""),
    "help beats version": (["-version", "-help"], "", 0, "", USAGE),
    "unknown flag": (["-nope"], "", 2, "", f"flag provided but not defined: -nope\n{USAGE}"),
}


@pytest.mark.parametrize(("words", "text", "code", "stdout", "stderr"), ANSWERS.values(), ids=ANSWERS)
def test_answers(words: list[str], text: str, code: int, stdout: str, stderr: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.clc").write_text(text)
    done = run(*words, name="ct", text=text)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)


def test_the_output_goes_to_a_file_only_when_all_is_well(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.ign"
    assert run("-out-file", "out.ign", "-strict", name="ct", text=WARNED).returncode == 1
    assert not target.exists()
    assert run("-out-file", "out.ign", "-pretty", name="ct", text=WARNED).returncode == 0
    assert json.loads(target.read_text()) == json.loads(COMPACT)
    assert target.read_text().startswith('{\n  "ignition"')


def test_a_list_that_was_never_made_is_null(run: Run) -> None:
    done = run(name="ct", text="storage: {raid: [{name: m, level: raid1}]}\n")
    assert '"raid":[{"devices":null,' in done.stdout


OLD = """\
storage:
  filesystems:
    - {name: var, mount: {device: /dev/vdb, format: ext4}}
  files:
    - {path: /etc/hostname, filesystem: root, mode: 0644, contents: {inline: web}}
    - {path: /log, filesystem: var, mode: 0600}
systemd:
  units:
    - {name: web.service, enable: true}
update: {group: beta}
"""


def test_compile_names_the_language(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(OLD)
    done = run("compile", "old.yaml", "--strict")
    assert json.loads(done.stdout)["ignition"]["version"] == "2.3.0"
    assert "info[container-linux-config]" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    "text", ["version: 1.5.0\nstorage: {}\n", "kind: Pod\n", "variant: ''\nstorage: {}\n", "- storage\n"]
)
def test_what_is_none_is_not_named_so(text: str, run: Run) -> None:
    done = run("check", "-", text=text)
    assert done.returncode == 1
    assert "container-linux-config" not in done.stderr


def test_convert_carries_it_on(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.clc").write_text(OLD)
    done = run("convert", "--to", "3.3.0", "--filesystems", "var=/var", "old.clc")
    config = json.loads(done.stdout)
    assert [file["path"] for file in config["storage"]["files"]] == [
        "/etc/hostname",
        "/var/log",
        "/etc/coreos/update.conf",
    ]
    assert config["systemd"]["units"] == [{"enabled": True, "name": "web.service"}]
    assert "warning[container-linux-only]: `update` counts on update_engine" in done.stderr
    assert "old.clc:10:1 at $.update" in done.stderr


def test_convert_says_what_cannot_be_carried_and_where(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.clc").write_text(f'{OLD}networkd: {{units: [{{name: a.network, contents: "[Match]"}}]}}\n')
    done = run("convert", "--to", "3.3.0", "old.clc")
    assert (done.returncode, done.stdout) == (1, "")
    assert "warning[networkd-moved]: this becomes the file /etc/systemd/network/a.network" in done.stderr
    assert "old.clc:11:20 at $.networkd.units.0\n" in done.stderr
    assert "old.clc:3:14 at $.storage.filesystems.0.name" in done.stderr


def test_explain_shows_each_line_of_a_generated_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.clc").write_text("update:\n  group: beta\nlocksmith:\n  reboot_strategy: off\n")
    done = run("explain", "old.clc", "$.storage.files.0.contents")
    assert done.stdout == (
        "$.storage.files.0.contents\n  old.clc:2:10  group: beta\n  old.clc:4:20  reboot_strategy: off\n"
    )


def test_explain_knows_files_of_networkd_and_platforms(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.clc").write_text(
        'networkd: {units: [{name: a.link, contents: "[Match]"}]}\netcd: {name: "{HOSTNAME}"}\n'
    )
    assert "old.clc:1:" in run("explain", "old.clc", "/etc/systemd/network/a.link", "--platform", "aws").stdout
    done = run("explain", "old.clc", "etcd-member.service")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[platform-needed]" in done.stderr


def test_apply_carries_it_to_ignition_3(run: Run, tmp_path: Path) -> None:
    lines = OLD.splitlines(keepends=True)
    (tmp_path / "old.clc").write_text(
        "".join(line for line in lines if "var" not in line and "filesystems" not in line)
    )
    done = run("apply", "--quiet", "old.clc", "--root", "tree")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tree/etc/hostname").read_text() == "web"
    assert "GROUP=beta" in (tmp_path / "tree/etc/coreos/update.conf").read_text()


def test_apply_says_what_cannot_be_carried(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.clc").write_text(OLD)
    done = run("apply", "old.clc", "--root", "tree")
    assert (done.returncode, done.stdout) == (1, "")
    assert "  --> old.clc:3:14 at $.storage.filesystems.0.name\n" in done.stderr
    assert '  hint: `stoker convert --filesystems "var"=PATH` says where it is mounted\n' in (done.stderr)
    assert not (tmp_path / "tree").exists()
