"""The verb `convert`, from Ignition 2 to 3 and back, in files and line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

OLD = '{"ignition":{"version":"2.3.0"},"storage":{"files":[{"filesystem":"var","path":"/a","mode":420}]}}'
TWICE = '{"ignition":{"version":"2.3.0"},"passwd":{"users":[{"name":"a"},{"name":"a","uid":1}]}}'
NEW = '{"ignition":{"version":"3.1.0"},"systemd":{"units":[{"name":"a.service","enabled":true}]}}'

# words, the config -> exit code, what is written, what is said
ANSWERS = {
    "up": (
        ["--to", "3.1", "--filesystems", "var=/var"],
        OLD,
        0,
        (
            '{"ignition":{"version":"3.1.0"},"storage":{"files":[{"overwrite":true,"path":"/var/a",'
            '"contents":{"source":""},"mode":420}]}}\n'
        ),
        'warning[unknown-filesystem]: File "/a" references nonexistent filesystem "var"',
    ),
    "up, without the map": (
        ["--to", "3.1"],
        OLD,
        1,
        "",
        "hint: --filesystems NAME=PATH says where it is mounted",
    ),
    "down": (
        ["--to", "2.4"],
        NEW,
        0,
        '{"ignition":{"version":"2.4.0"},"systemd":{"units":[{"enabled":true,"name":"a.service"}]}}\n',
        "",
    ),
    "twice": (
        ["--to", "3.1"],
        TWICE,
        1,
        "",
        "error[rule-in-target]: Ignition 3.1.0 refuses this: duplicate entry defined",
    ),
    "twice, said once": (
        ["--to", "3.1", "--dedupe"],
        TWICE,
        0,
        '{"ignition":{"version":"3.1.0"},"passwd":{"users":[{"name":"a","uid":1}]}}\n',
        "info[said-again]: left out: entry 1 of the same list says it again",
    ),
    "a version that is only read": (["--to", "2.1"], OLD, 64, "", "there are 2.2.0, 2.3.0, 2.4.0, 3.0.0"),
    "no version": ([], OLD, 64, "", "stoker: convert: --to is needed"),
    "no map": (["--to", "3.1", "--filesystems", "var"], OLD, 64, "", "stoker: convert: `var` is no NAME=PATH"),
}


@pytest.mark.parametrize(("words", "text", "code", "written", "said"), ANSWERS.values(), ids=ANSWERS)
def test_answers(words: list[str], text: str, code: int, written: str, said: str, run: Run) -> None:
    done = run("convert", *words, text=text)
    assert (done.returncode, done.stdout) == (code, written)
    assert said in done.stderr


ENCRYPTED = {"ignition": {"version": "3.2.0"}, "storage": {"luks": [{"name": "d", "device": "/d"}]}}
HERE = "line 1 col 52"

# request -> answer, without its id and report
LINES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "up": (
        {"config": json.loads(OLD), "to": "3.0.0", "filesystems": {"var": "/srv"}},
        {
            "ok": True,
            "error": "",
            "config": {
                "ignition": {"version": "3.0.0"},
                "storage": {
                    "files": [{"overwrite": True, "path": "/srv/a", "contents": {"source": ""}, "mode": 420}],
                },
            },
        },
    ),
    "a text that is no config": (
        {"config": "{", "to": "3.0.0"},
        {
            "ok": False,
            "error": "config is not valid\nerror at line 0 col 0: unexpected end of JSON input\n",
            "config": None,
        },
    ),
    "one reason is enough": (
        {
            "config": {"ignition": {"version": "3.2.0"}, "storage": {"luks": [{"name": "d", "device": "/d"}]}},
            "to": "2.4",
        },
        {
            "ok": False,
            "error": "error at $.storage.luks, line 1 col 52: LUKS is not supported on 2.4\n",
            "config": None,
        },
    ),
    "nowhere": ({"config": {}, "to": "9"}, {"ok": False, "error": "nothing converts to 9", "config": None}),
}


def test_lines_that_say_where_to(run: Run) -> None:
    requests = [{"id": name} | request for name, (request, _) in LINES.items()]
    done = run("convert", "--jsonl", text="".join(json.dumps(request) + "\n" for request in requests))
    assert done.returncode == 0, done.stderr
    answers = {answer.pop("id"): answer for answer in map(json.loads, done.stdout.splitlines())}
    for name, (_, wanted) in LINES.items():
        assert {key: value for key, value in answers[name].items() if key != "report"} == wanted, name


def test_check_reads_ignition_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.ign").write_text(OLD.replace("/a", "a"))
    done = run("check", "old.ign")
    assert done.returncode == 1
    assert "error[relative-path]: path not absolute\n  --> old.ign:1:80 at $.storage.files.0.path" in done.stderr


@pytest.mark.parametrize("verb", ["apply", "merge"])
def test_what_wants_ignition_3_says_so(verb: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.ign").write_text(OLD)
    (tmp_path / "new.ign").write_text(NEW)
    words = (
        ["apply", "--root", "tree", "old.ign"] if verb == "apply" else ["merge", "--to", "2.4", "old.ign", "new.ign"]
    )
    done = run(*words)
    assert done.returncode != 0
    assert "stoker convert" in done.stderr
