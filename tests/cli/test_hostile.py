"""What goes wrong around the verbs: closed streams, files that cannot be read, files that would meet, odd bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stoker.report import Place, Report, Severity
from stoker.report.native import as_text
from stoker.schema.messages import UNUSED_KEY
from tests.cli.conftest import Run

FINE = "variant: fcos\nversion: 1.5.0\n"
SLIP = f"{FINE}storage: {{files: [{{path: a}}]}}\n"
IGNITION = '{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/a","contents":{"source":"data:,hi"}}]}}'

CLOSED = {
    "compile": ["compile", "-"],
    "butane": ["butane"],
    "check": ["check", "-o", "json", "-"],
    "help": ["--help"],
    "version": ["butane", "--version"],
    "ignition-validate": ["ignition-validate", "-version"],
}


@pytest.mark.parametrize("words", CLOSED.values(), ids=CLOSED)
def test_a_closed_stdout_is_said(words: list[str]) -> None:
    command = [sys.executable, "-m", "stoker", *words]
    done = subprocess.run(
        ["bash", "-c", '"$@" >&-', "bash", *command], input=FINE, stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 1
    assert "bad file descriptor" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_unreadable_file_does_not_silence_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/a.bu").symlink_to("nowhere")
    (tmp_path / "configs/b.bu").write_text(SLIP)
    done = run("check", "-o", "json", "configs")
    answers = {one["file"]: [finding["code"] for finding in one["findings"]] for one in json.loads(done.stdout)}
    assert answers == {"configs/a.bu": ["unreadable"], "configs/b.bu": ["relative-path"]}
    compiled = run("compile", "--into", "out", "configs")
    assert compiled.returncode == 1
    assert "`configs/a.bu` cannot be read: no such file or directory" in compiled.stderr
    assert "path not absolute" in compiled.stderr


def test_configs_that_would_meet_are_not_written(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "web.bu").write_text(FINE)
    done = run("compile", "--into", "out", "one/web.bu", "two/web.bu")
    assert (done.returncode, (tmp_path / "out").exists()) == (64, False)
    assert "`one/web.bu` and `two/web.bu` would both be `out/web`" in done.stderr


# how the same Ignition config comes to `compile`, which has nothing to do for it
AS_BUTANE = {
    "by name": ("web.bu", IGNITION),
    "by its first byte": ("web", IGNITION),
    "with a mark": ("w", f"\ufeff{IGNITION}"),
}


@pytest.mark.parametrize(("name", "text"), AS_BUTANE.values(), ids=AS_BUTANE)
def test_ignition_is_not_compiled(name: str, text: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    done = run("compile", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert "this is an Ignition config already" in done.stderr


def test_butane_is_not_converted(run: Run) -> None:
    done = run("convert", "--to", "3.1.0", "-", text=FINE)
    assert (done.returncode, done.stdout) == (1, "")
    assert "this is Butane, not Ignition" in done.stderr


@pytest.mark.parametrize("root", ["/", "//", "/tmp/.."])
def test_the_machine_itself_is_refused(root: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "web.bu").write_text(FINE)
    done = run("apply", "web.bu", "--root", root)
    assert done.returncode == 3
    assert "is the machine that this runs on" in done.stderr


def test_a_root_without_a_name_of_its_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "web.bu").write_text(FINE)
    assert run("apply", "--quiet", "web.bu", "--root", "tree/..").returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_directory_that_cannot_be_listed_is_a_finding(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tree/secret").mkdir(parents=True, mode=0)
    done = run("check", "-", "-d", ".", text=f"{FINE}storage: {{trees: [{{local: tree}}]}}\n")
    assert done.returncode == 1
    assert "permission denied" in done.stderr


def test_a_tree_as_deep_as_paths_go(run: Run, tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (tmp_path / "deep.bu").write_text(f"{FINE}storage: {{trees: [{{local: d}}]}}\n")
    done = run("check", "deep.bu")
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # deeper than what clears temporary directories can go
    assert "Traceback" not in done.stderr


def test_a_line_that_is_no_request_is_answered_as_one(run: Run) -> None:
    lines = [
        "not json",
        "[]",
        '{"id": 2, "config_b64": "!!!"}',
        '{"id": 3, "config_b64": 5}',
        '{"id": 4, "config": {}}',
    ]
    lines.append('{"id": 6, "filesystems": 5}')
    fine = json.dumps({"id": 5, "config": {"ignition": {"version": "3.0.0"}}})
    done = run("convert", "--to", "3.1.0", "--jsonl", text="\n".join([*lines, fine]))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(answer["id"], answer["ok"]) for answer in answers] == [
        *[(None, False)] * 4,
        (4, False),
        (None, False),
        (5, True),
    ]
    assert done.returncode == 1


def test_a_name_cannot_steer_the_terminal(run: Run) -> None:
    assert "\x1b" not in run("compile", "no\x1b[31mb.bu").stderr


def test_a_report_of_many_findings_is_cut_for_people() -> None:
    report = Report()
    for line in range(1, 1501):
        report.add(Severity.WARNING, UNUSED_KEY, (f"k{line}",), Place("a.bu", line, 1), key=f"k{line}")
    text = as_text(report, {"a.bu": b"key: 1\n" * 1500})
    assert text.count("unused key") == 1000
    assert text.endswith("and 500 more\n")


# id: words; a variable of a script that was not set is an empty word, and never the directory that we are in
EMPTY = {
    "apply": ["apply", "a.bu", "--root", ""],
    "rearm": ["rearm", "a.bu", "--yes", "--root="],
    "plan for a tree": ["plan", "a.bu", "--root", ""],
    "plan for a disk": ["plan", "a.bu", "--image", ""],
    "plan for a captured machine": ["plan", "a.bu", "--inventory", ""],
    "plan after a config": ["plan", "a.bu", "--was", ""],
    "simulate in a tree": ["simulate", "a.bu", "--tree", ""],
    "simulate a captured machine": ["simulate", "a.bu", "--inventory", ""],
    "inventory": ["inventory", "--root", ""],
}


@pytest.mark.parametrize("words", EMPTY.values(), ids=EMPTY)
def test_a_place_without_a_name_is_refused(words: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(FINE)
    done = run(*words)
    assert done.returncode == 64, done.stdout + done.stderr
    assert ": it is empty\n" in done.stderr
    assert not (tmp_path / "etc").exists()
