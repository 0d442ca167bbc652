"""The verb `check`: findings of every file at once, in every form."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run

FINE = "variant: fcos\nversion: 1.5.0\n"
RANDOM = "".join(f"{number * number:x}" for number in range(400))
TEXTS = {
    "fine.bu": FINE,
    "cloud.yaml": "\ufeff#cloud-config\nusers: []\n",
    "slip.bu": f"{FINE}storag: {{}}\n",
    "slip.ign": '{"ignition": {"version": "3.4.0"}, "storag": {}}',
    "large.bu": f"{FINE}storage:\n  files:\n    - path: /etc/a\n      contents: {{inline: {RANDOM}}}\n",
    "advice.bu": f"{FINE}storage:\n  files:\n    - path: /usr/a\n",
    "comma.json": '{"ignition": {"version": "3.4.0",}}',
    "types.json": (
        '{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/etc/a", "mode": "0644"}], "links": {}}}'
    ),
    "cut.json": '{"ignition": {"version": "3.4.0"}',
    "wide.json": '{"ignition": {"version": "3.4.0"}}' + " " * 1214,
    "butane.json": '{"variant": "fcos", "version": "1.5.0"}',
    "old.ign": '{"ignition": {"version": "9.0.0"}}',
}

# words -> exit code, what stderr says
ANSWERS = {
    "fine": (["fine.bu"], 0, ["1 file, nothing found"]),
    "cloud-config": (["cloud.yaml"], 1, ["error[cloud-config]", "--> cloud.yaml:1:1", "passwd.users"]),
    "a slip": (["slip.bu"], 0, ["unused key storag", "hint: did you mean `storage`?"]),
    "a slip in JSON": (["slip.ign"], 0, ["unused key storag", "hint: did you mean `storage`?"]),
    "strict": (["-s", "slip.bu"], 1, ["unused key storag"]),
    "advice": (["advice.bu"], 0, ["warning[read-only-path]", "--> advice.bu:5:13"]),
    "too large": (
        ["--platform", "virtualbox", "large.bu"],
        1,
        ["error[user-data-too-large]", "--> large.bu:1:1", "info[large-part]", "--> large.bu:5:7"],
    ),
    "too large as it is written": (
        ["--platform", "virtualbox", "wide.json"],
        1,
        ["takes 1248 bytes", "--> wide.json:1:"],
    ),
    "fits": (["--platform", "aws", "fine.bu"], 0, ["nothing found"]),
    "Butane that says it is Ignition": (
        ["butane.json"],
        1,
        ["error[not-ignition]: this is Butane", "--> butane.json:1:13 at $.variant"],
    ),
    "unusable": (["old.ign"], 1, ["unsupported config version"]),
    "a comma too many in JSON": (["comma.json"], 1, ["invalid character '}' looking", "--> comma.json:1:34"]),
    "types in JSON": (
        ["types.json"],
        1,
        [
            "error[wrong-json-type]: expected a whole number, got a text\n",
            "  --> types.json:1:85 at $.storage.files.0.mode\n",
            "  hint: write it without quotes, and modes in decimal: 420 is 0644\n",
            "error[wrong-json-type]: expected a list, got an object\n",
            "2 errors",
        ],
    ),
    "half of JSON": (["cut.json"], 1, ["unexpected end of JSON input", "--> cut.json:1:34"]),
    "all": (["."], 1, ["7 errors"]),
}


@pytest.fixture
def texts(tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text)


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize(("words", "code", "said"), ANSWERS.values(), ids=ANSWERS)
def test_answers(words: list[str], code: int, said: list[str], run: Run) -> None:
    done = run("check", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert [one for one in said if one not in done.stderr] == []


BASE = f"{FINE}variables: {{name: {{type: string}}}}\nstorage: {{files: [{{path: '${{{{ name }}}}'}}]}}\n"
WEB = f"{FINE}include: [{{path: base.bu, with: {{name: /etc/a}}}}]\n"

# the files, the words -> exit code, what stderr says
FRAGMENTS = {
    "in a directory": ({"base.bu": BASE, "web.bu": WEB}, ["check", "parts"], 0, "2 files, nothing found\n"),
    "by name": ({"base.bu": BASE, "web.bu": WEB}, ["check", "parts/base.bu", "parts/web.bu"], 0, "2 files, nothing"),
    "alone": ({"base.bu": BASE, "web.bu": WEB}, ["check", "parts/base.bu"], 1, "error[missing-variable]"),
    "of nobody": ({"base.bu": BASE}, ["check", "parts"], 1, "error[missing-variable]"),
    "included without": (
        {"base.bu": BASE, "web.bu": WEB.replace(", with: {name: /etc/a}", "")},
        ["check", "parts"],
        1,
        "error[missing-variable]",
    ),
    "wrong, said once": (
        {"base.bu": f"{FINE}storage: {{files: [{{path: x}}]}}\n", "web.bu": f"{FINE}include: [{{path: base.bu}}]\n"},
        ["check", "./parts"],
        1,
        "\n\n1 error\n",
    ),
    "compiled": ({"base.bu": BASE, "web.bu": WEB}, ["compile", "--into", "out", "parts"], 0, ""),
}


@pytest.mark.parametrize(("files", "words", "code", "said"), FRAGMENTS.values(), ids=FRAGMENTS)
def test_a_fragment_that_asks_for_values_is_judged_where_it_is_included(
    files: dict[str, str], words: list[str], code: int, said: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "parts").mkdir()
    for name, text in files.items():
        (tmp_path / "parts" / name).write_text(text)
    done = run(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    if words[0] == "compile":
        assert [file.name for file in (tmp_path / "out").iterdir()] == ["web.ign"]


@pytest.mark.usefixtures("texts")
def test_sarif_has_the_findings_of_all_files(run: Run) -> None:
    done = run("check", "-o", "sarif", ".")
    results = json.loads(done.stdout)["runs"][0]["results"]
    found = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results}
    assert found == {f"./{name}" for name in TEXTS} - {"./fine.bu", "./large.bu", "./wide.json"}
    assert (done.returncode, done.stderr) == (1, "")


ASKING = f"{FINE}variables: {{n: {{type: string}}}}\npasswd: {{users: [{{name: '${{{{ n }}}}'}}]}}\n"

# files -> words, exit code, the codes that are found
TOGETHER = {
    "a fragment and who includes it": (["."], 0, []),
    "under other names": (["sub/../base.bu", "web.bu"], 0, []),
    "a fragment alone": (["base.bu"], 1, ["missing-variable"]),
    "a fragment beside a stranger": (["base.bu", "sub"], 1, ["missing-variable"]),
}


@pytest.mark.parametrize(("words", "code", "codes"), TOGETHER.values(), ids=TOGETHER)
def test_fragments_are_given_values_by_those_who_include_them(
    words: list[str], code: int, codes: list[str], tmp_path: Path, run: Run
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/other.bu").write_text(FINE)
    (tmp_path / "base.bu").write_text(ASKING)
    (tmp_path / "web.bu").write_text(f"{FINE}include: [{{path: base.bu, with: {{n: core}}}}]\n")
    done = run("check", "-o", "jsonl", *words)
    assert (done.returncode, [json.loads(line)["code"] for line in done.stdout.splitlines()]) == (code, codes)


def test_what_is_missing_at_the_end_has_a_line_in_every_form(tmp_path: Path, run: Run) -> None:
    (tmp_path / "cut.ign").write_text('{"ignition":\n{"version": "3.4.0"')
    assert "--> cut.ign:2:20" in run("check", "cut.ign").stderr
    found = json.loads(run("check", "-o", "jsonl", "cut.ign").stdout)
    assert (found["line"], found["column"]) == (2, 20)
    result = json.loads(run("check", "-o", "sarif", "cut.ign").stdout)["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 20}


@pytest.mark.usefixtures("texts")
def test_the_drop_in_says_none_of_it(run: Run) -> None:
    assert "did you mean" not in run("slip.bu", name="butane").stderr
    assert "cloud-config" not in run("cloud.yaml", name="butane").stderr
    assert run("advice.bu", name="butane").stderr == ""


def test_a_site_is_checked_as_a_server_reads_it(run: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(Path(__file__).parents[2] / "examples" / "matchbox", site)
    assert run("check", "site").stderr == "7 files, nothing found\n"
    (site / "groups/bad.json").write_text('{"id": "x",\n "selector": {"mac": 5}}')
    (site / "ignition/flatcar-nginx.bu").write_text("variant: flatcar\nversion: 1.0.0\n{{ if }}\n")
    done = run("check", "site")
    assert done.returncode == 1
    assert "--> site/groups/bad.json:2:15 at $.mac" in done.stderr
    assert "--> site/ignition/flatcar-nginx.bu:3:7" in done.stderr
    assert done.stderr.endswith("2 errors\n")


def test_where_a_local_file_is_looked_for_is_said(run: Run, tmp_path: Path) -> None:
    text = "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, contents: {local: nothere}}]}\n"
    (tmp_path / "a.bu").write_text(text)
    for words, directory in (([], "."), (["--files-dir", "files"], "files")):
        hint = f"local files are looked for in `{directory}`; `--files-dir` names another directory"
        assert hint in run("check", "a.bu", *words).stderr
