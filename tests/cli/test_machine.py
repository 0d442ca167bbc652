"""The verb `machine`: the table of states, and labels of sabakan's machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

STATES = Path(__file__).parent.parent / "machines" / "golden" / "states.txt"
MACHINES = '[{"spec": {"serial": "7", "rack": 1}}, {"spec": {"serial": "8"}}]'


def test_the_table_of_states(run: Run) -> None:
    done = run("machine", "states")
    assert (done.returncode, done.stdout, done.stderr) == (0, STATES.read_text(), "")


def test_machines_go_to_stdout(run: Run) -> None:
    done = run("machine", "import", "-", text=MACHINES)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "labels/7.json": {"selector": {"serial": "7"}, "labels": {"rack": "1"}},
        "labels/8.json": {"selector": {"serial": "8"}, "labels": {}},
    }


def test_machines_go_to_a_directory_and_count_in_matching(tmp_path: Path, run: Run) -> None:
    (tmp_path / "data/groups").mkdir(parents=True)
    (tmp_path / "data/groups/rack.json").write_text('{"profile": "p", "selector": {"rack": "1"}}')
    (tmp_path / "machines.json").write_text(MACHINES)
    done = run("machine", "import", "machines.json", "--data-dir", "data")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "2 machines in `data/labels`, 2 of them new or changed\n"
    assert (tmp_path / "data/labels/7.json").read_text() == (
        '{\n  "selector": {\n    "serial": "7"\n  },\n  "labels": {\n    "rack": "1"\n  }\n}\n'
    )
    assert "group rack" in run("match", "--data-dir", "data", "--label", "serial=7").stdout
    done = run("machine", "import", "machines.json", "--data-dir", "data")
    assert done.stderr == "2 machines in `data/labels`, 0 of them new or changed\n"


REFUSED = {
    "no file": (["import"], 64, "what shall be imported?"),
    "a file too many": (["states", "x"], 64, "`states` takes no file"),
    "another action": (["export"], 64, "invalid choice: 'export'"),
    "no such file": (["import", "nowhere"], 1, "`nowhere`: no such file or directory"),
    "no machines": (["import", "-"], 1, "error[machines-not-sabakan]: not machines of sabakan"),
}


@pytest.mark.parametrize("words, code, said", REFUSED.values(), ids=list(REFUSED))
def test_a_refusal(words: list[str], code: int, said: str, run: Run) -> None:
    done = run("machine", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_nothing_is_written_when_anything_is_wrong(tmp_path: Path, run: Run) -> None:
    done = run("machine", "import", "-", "--data-dir", "data", text='[{"serial": "7"}, {"rack": 1}]')
    assert done.returncode == 1
    assert "machine 2 has no `serial`" in done.stderr
    assert not (tmp_path / "data").exists()
