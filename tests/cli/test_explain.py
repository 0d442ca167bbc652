"""The verb explain, and the lines that apply names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

BUTANE = """\
variant: fcos
version: 1.5.0
storage:
  files:
    - path: /etc/hostname
      contents:
        inline: web
systemd:
  units:
    - name: web.service
      enabled: true
"""
IGNITION = (
    '{"ignition":{"version":"3.4.0"},'
    '"storage":{"files":[{"path":"/etc/hostname","mode":420,"contents":{"source":"data:,web"}}]}}'
)

FLOW = "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, mode: 0600, contents: {inline: x}}]}\n"

# file, question -> exit code, stdout, stderr
ANSWERS = {
    "a path": (
        "web.bu",
        "/etc/hostname",
        0,
        "$.storage.files.0\n  web.bu:5:13  - path: /etc/hostname\n  web.bu:7:17  inline: web\n",
        "",
    ),
    "a pointer": (
        "web.bu",
        "$.systemd.units.0.enabled",
        0,
        "$.systemd.units.0.enabled\n  web.bu:11:16  enabled: true\n",
        "",
    ),
    "a name": (
        "web.bu",
        "web.service",
        0,
        "$.systemd.units.0\n  web.bu:10:13  - name: web.service\n  web.bu:11:16  enabled: true\n",
        "",
    ),
    "several parts on a line": (
        "flow.bu",
        "/a",
        0,
        "$.storage.files.0\n  flow.bu:3:26  storage: {files: [{path: /a, mode: 0600, contents: {inline: x}}]}\n",
        "",
    ),
    "of an Ignition config": (
        "web.ign",
        "$.storage.files.0.mode",
        0,
        f"$.storage.files.0.mode\n  web.ign:1:84  {IGNITION[83:]}\n",
        "",
    ),
    "what is not there": (
        "web.bu",
        "/etc/hostnam",
        1,
        "",
        "stoker: nothing in this config is `/etc/hostnam`\nhint: did you mean `/etc/hostname`?\n",
    ),
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The configs, in the directory that commands run in."""
    (tmp_path / "web.bu").write_text(BUTANE)
    (tmp_path / "web.ign").write_text(IGNITION)
    (tmp_path / "flow.bu").write_text(FLOW)
    return tmp_path


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("file", "asked", "code", "stdout", "stderr"), ANSWERS.values(), ids=ANSWERS)
def test_answers(file: str, asked: str, code: int, stdout: str, stderr: str, run: Run) -> None:
    done = run("explain", file, asked)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)


def test_of_a_long_line_the_part_that_is_meant_is_shown(run: Run, files: Path) -> None:
    (files / "long.ign").write_text(IGNITION.replace("]}}", '],"links":[{"path":"/l","target":"%s"}]}}' % ("a" * 200)))
    done = run("explain", "long.ign", "$.storage.files.0.mode")
    assert done.stdout.splitlines()[1].startswith("  long.ign:1:84  420,")


# a text that is no config -> what is said
NONE = {
    "empty": ("", "error[empty-config]: not a config (empty)"),
    "no version": ("{}", "error[invalid-config-version]"),
    "a version that is none": ('{"ignition": {"version": "9.0.0"}}', "error[unknown-config-version]"),
    "Ignition 1": ('{"ignitionVersion": 1}', "error[oldest-ignition]"),
    "Butane": (BUTANE, "error[not-ignition]"),
}


@pytest.mark.parametrize(("text", "said"), NONE.values(), ids=NONE)
def test_what_is_no_config_is_called_that(text: str, said: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "none.ign").write_text(text)
    done = run("explain", "none.ign", "/etc/a")
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


@pytest.mark.parametrize(("file", "place"), [("web.bu", "web.bu:5:7"), ("web.ign", "web.ign:1:54")])
def test_apply_names_the_line_of_what_it_refuses(file: str, place: str, run: Run, files: Path) -> None:
    (files / "tree/etc").mkdir(parents=True)
    (files / "tree/etc/hostname").write_text("another")
    done = run("apply", "--quiet", file, "--root", "tree")
    assert done.returncode == 1
    assert f"  {place}: error creating file `/etc/hostname`: a file exists there already" in done.stdout
