"""The verb `match`: what is shown, in which form, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

MAC = "52:54:00:00:00:01"
FILES = {
    "groups/web.json": '{"profile": "p", "selector": {"role": "web"}}',
    "groups/one.json": f'{{"profile": "p", "selector": {{"mac": "{MAC}"}}}}',
    "profiles/p.json": '{"id": "p", "ignition_id": "a.bu", "boot": {"kernel": "k"}}',
    "ignition/a.bu": "variant: fcos\nversion: 1.5.0\n",
    "labels/seven.json": '{"selector": {"serial": "7"}, "labels": {"role": "web"}}',
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "data"


# words -> exit code, group
ANSWERS = {
    "an address": (["--mac", "525400000001"], 0, "one"),
    "a label": (["--label", "role=web"], 0, "web"),
    "a label that a document gives": (["--label", "serial=7"], 0, "web"),
    "two labels": (["--label", "role=x", "--label", "role=web"], 0, "web"),
    "nobody": (["--uuid", "x", "--label", "role="], 1, ""),
}


@pytest.mark.parametrize("words, code, group", ANSWERS.values(), ids=list(ANSWERS))
def test_an_answer(words: list[str], code: int, group: str, data: Path, run: Run) -> None:
    done = run("match", "--data-dir", str(data), *words, "-o", "json")
    assert (done.returncode, done.stderr) == (code, "")
    answer = json.loads(done.stdout)
    assert answer["group"] == group
    assert "tried" not in answer
    assert bool(answer["findings"]) == bool(code)


@pytest.mark.usefixtures("data")
def test_each_group_is_explained(run: Run) -> None:
    done = run("match", "--data-dir", "data", "--mac", MAC, "--explain", "-o", "json")
    (web, one) = json.loads(done.stdout)["tried"]
    assert web["selectors"] == [{"name": "role", "wanted": "web", "got": "", "holds": False}]
    assert (one["is_chosen"], one["file"]) == (True, "data/groups/one.json")
    text = run("match", "--data-dir", "data", "--mac", MAC, "--explain")
    assert (text.returncode, text.stderr) == (0, "")
    assert text.stdout == (Path(__file__).parent / "golden" / "match.txt").read_text()


def test_what_is_broken_is_shown_with_its_line(data: Path, run: Run) -> None:
    (data / "groups" / "web.json").write_text('{\n"profile" "p"}')
    done = run("match", "--data-dir", "data", "--mac", MAC)
    assert done.returncode == 1
    assert "group one" in done.stdout
    assert "--> data/groups/web.json:2:11" in done.stderr
    done = run("match", "--data-dir", "data", "--mac", MAC, "-o", "json")
    assert [entry["file"] for entry in json.loads(done.stdout)["findings"]] == ["data/groups/web.json"]


def test_a_config_that_does_not_compile_is_shown(data: Path, run: Run) -> None:
    (data / "ignition" / "a.bu").write_text("variant: fcos\nversion: 1.5.0\nstorage: 7\n")
    done = run("match", "--data-dir", "data", "--mac", MAC)
    assert done.returncode == 1
    assert "data/ignition/a.bu:3:" in done.stderr


REFUSED = {
    "no directory": (["--mac", MAC], 64, "the following arguments are required: --data-dir"),
    "a directory that is not there": (["--data-dir", "nowhere"], 1, "data directory `nowhere` is not a directory"),
    "an empty directory": (["--data-dir", ""], 64, "argument --data-dir: it is empty"),
    "a label without a value": (["--data-dir", "data", "--label", "role"], 64, "`role` is no NAME=VALUE"),
    "no address": (["--data-dir", "data", "--mac", "web-1"], 64, "`web-1` is not a hardware address"),
}


@pytest.mark.parametrize("words, code, said", REFUSED.values(), ids=list(REFUSED))
@pytest.mark.usefixtures("data")
def test_a_refusal(words: list[str], code: int, said: str, run: Run) -> None:
    done = run("match", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
