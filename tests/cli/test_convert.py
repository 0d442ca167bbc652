"""The verb `convert`, from Ignition 2 to 3 and back, in files and line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

OLD = '{"ignition":{"version":"2.3.0"},"storage":{"files":[{"filesystem":"var","path":"/a","mode":420}]}}'
MOUNTED = (
    '{"ignition":{"version":"2.3.0"},"storage":{"filesystems":[{"name":"oem","path":"AT"}],'
    '"files":[{"filesystem":"oem","path":"/a","mode":420}]}}'
)
TWICE = '{"ignition":{"version":"2.3.0"},"passwd":{"users":[{"name":"a"},{"name":"a","uid":1}]}}'
NEW = '{"ignition":{"version":"3.1.0"},"systemd":{"units":[{"name":"a.service","enabled":true}]}}'

CLC = 'etcd: {name: "{HOSTNAME}"}\nnetworkd: {units: [{name: a.link, contents: "[Match]\\n"}]}\n'
START = 'ExecStart=/usr/lib/coreos/etcd-wrapper $ETCD_OPTS \\\n  --name="${COREOS_GCE_HOSTNAME}"'

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
        'hint: `stoker convert --filesystems "var"=PATH` says where it is mounted',
    ),
    "up, where a file system is mounted already": (
        ["--to", "3.1"],
        MOUNTED.replace("AT", "/sysroot/usr/share/oem"),
        0,
        (
            '{"ignition":{"version":"3.1.0"},"storage":{"files":[{"overwrite":true,"path":"/usr/share/oem/a",'
            '"contents":{"source":""},"mode":420}]}}\n'
        ),
        'warning[mounted-filesystem-dropped]: the file system "oem" is left out',
    ),
    "up, where it is mounted elsewhere": (
        ["--to", "3.1"],
        MOUNTED.replace("AT", "/sysrootoem"),
        1,
        "",
        'error[no-mount-point]: Config defined filesystem "oem"',
    ),
    "up, where it is mounted elsewhere, with the map": (
        ["--to", "3.1", "--filesystems", "oem=/oem"],
        MOUNTED.replace("AT", "/sysroot/usr/share/oem"),
        0,
        (
            '{"ignition":{"version":"3.1.0"},"storage":{"files":[{"overwrite":true,"path":"/oem/a",'
            '"contents":{"source":""},"mode":420}]}}\n'
        ),
        "and what is in it goes below /oem",
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
    "networkd": (
        ["--to", "3.1"],
        '{"ignition":{"version":"2.2.0"},"networkd":{"units":[{"name":"a.link","contents":"[Match]\\n"}]}}',
        0,
        (
            '{"ignition":{"version":"3.1.0"},"storage":{"files":[{"overwrite":true,"path":"/etc/systemd/network/a.link",'
            '"contents":{"source":"data:,%5BMatch%5D%0A"},"mode":420}]}}\n'
        ),
        "warning[networkd-moved]: this becomes the file /etc/systemd/network/a.link",
    ),
    "a platform is needed": (["--to", "3.1"], CLC, 1, "", "hint: `--platform NAME` says which; there are azure"),
    "no such platform": (["--to", "3.1", "--platform", "moon"], CLC, 64, "", "invalid choice: 'moon'"),
    "Butane": (
        ["--to", "3.1"],
        "variant: fcos\nversion: 1.5.0\n",
        1,
        "",
        "error[not-ignition]: this is Butane, not Ignition\n  --> <stdin>:1:10 at $.variant",
    ),
    "cloud-config": (["--to", "3.1"], "#cloud-config\n{}\n", 1, "", "error[cloud-config]"),
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


@pytest.mark.parametrize("platform", ["gce", "gcp"])
def test_a_platform_fills_dynamic_data(platform: str, run: Run) -> None:
    for verb in (["compile"], ["convert", "--to", "2.3"], ["convert", "--to", "3.4"]):
        done = run(*verb, "--platform", platform, text=CLC)
        units = json.loads(done.stdout)["systemd"]["units"]
        assert units[0]["dropins"][0]["contents"].endswith(START)
    done = run("check", "--platform", platform, "-", text=CLC)
    assert (done.returncode, done.stderr.count("[dynamic-field]")) == (0, 0)


def test_lines_take_container_linux_config(run: Run) -> None:
    texts = [CLC, "a: b\n", "ignition: {version: 3.0.0}\n"]
    requests = [{"config": CLC, "platform": "gce"}, *({"config": text} for text in texts)]
    done = run("convert", "--jsonl", "--to", "3.4", text="".join(json.dumps(one) + "\n" for one in requests))
    first, second, third, fourth = map(json.loads, done.stdout.splitlines())
    assert first["config"]["systemd"]["units"][0]["dropins"][0]["contents"].endswith(START)
    assert any("Ignition 3 has no `networkd`" in line for line in first["report"])
    assert (second["ok"], second["config"]) == (False, None)
    assert second["report"][-1] == "error at $.etcd.name, line 1 col 14: platform must be specified to use templating"
    assert third["error"] == fourth["error"] == "config is not valid"


def test_lines_say_what_is_not_the_same_any_more(run: Run) -> None:
    old = {"ignition": {"version": "2.4.0"}, "storage": {"files": [{"filesystem": "root", "path": "/a"}]}}
    done = run("convert", "--jsonl", "--to", "3.4", text=json.dumps({"config": old}) + "\n")
    answer = json.loads(done.stdout)
    assert answer["ok"]
    assert any("Ignition 3 gives it 0644" in line for line in answer["report"])


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
