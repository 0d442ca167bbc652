"""`--follow` of the verbs that plan or provision: what a config names is fetched, merged, and named when wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.fetch.conftest import Site


def config(path: str, **ignition: Any) -> dict[str, Any]:
    files = [{"path": path, "contents": {"source": "data:,x"}}]
    return {"ignition": {"version": "3.4.0", **ignition}, "storage": {"files": files}}


@pytest.fixture
def site() -> Iterator[Site]:
    """A server of one config, of one that does not fit it, and of one that is none."""
    answers = {
        "/other": json.dumps(config("/other")),
        "/clash": json.dumps(config("/etc/passwd")),
        "/none": "{",
    }
    found = Site({path: (200, {}, text.encode()) for path, text in answers.items()})
    yield found
    found.close()


def butane(url: str, kind: str = "merge") -> str:
    source = f"[{{source: {url!r}}}]" if kind == "merge" else f"{{source: {url!r}}}"
    return (
        "variant: fcos\nversion: 1.5.0\n"
        f"ignition:\n  config:\n    {kind}: {source}\n"
        "storage:\n  files:\n    - path: /own\n      contents: {inline: x}\n    - path: /etc/group\n"
    )


@pytest.mark.parametrize(("kind", "own"), [("merge", True), ("replace", False)])
def test_what_a_config_names_is_applied(run: Run, site: Site, tmp_path: Path, kind: str, own: bool) -> None:
    (tmp_path / "web.bu").write_text(butane(f"{site.url}/other", kind))
    done = run("apply", "web.bu", "--root", "tree", "--follow", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "tree/other").read_text() == "x"
    assert (tmp_path / "tree/own").exists() == own


def test_without_being_told_to_nothing_is_fetched(run: Run, site: Site, tmp_path: Path) -> None:
    (tmp_path / "web.bu").write_text(butane(f"{site.url}/other"))
    done = run("apply", "web.bu", "--root", "tree", "-o", "json")
    assert done.returncode == 1
    assert [finding["code"] for finding in json.loads(done.stdout)["findings"]] == ["not-merged"]
    assert "--follow" in done.stdout
    assert site.asked == []


def test_whose_part_is_wrong(run: Run, site: Site, tmp_path: Path) -> None:
    (tmp_path / "web.bu").write_text(butane(f"{site.url}/clash") + "      contents: {inline: x}\n")
    done = run("apply", "web.bu", "--root", "tree", "--follow", "-o", "json")
    assert done.returncode == 1
    own, other = json.loads(done.stdout)["findings"]
    reason = "a file exists there already and overwrite is false"
    assert own["message"] == f"error creating file `/etc/group`: {reason}"
    assert own["place"] == "web.bu:10:7"
    assert other["message"].startswith(
        f"error creating file `/etc/passwd`: {reason} (asked for at $.storage.files.0 of {site.url}/clash (SHA512 "
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/none", "config is not valid (http"), ("/nowhere", "resource not found")],
    ids=["no config", "not there"],
)
def test_what_cannot_be_followed(run: Run, site: Site, tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "web.bu").write_text(butane(f"{site.url}{path}"))
    done = run("apply", "web.bu", "--root", "tree", "--follow")
    assert done.returncode == 1
    assert f"GET {site.url}{path}: attempt #1\n" in done.stderr
    assert "GET" not in run("apply", "web.bu", "--root", "tree", "--follow", "-q").stderr
    assert f"stoker: {reason}" in done.stderr
    assert "; it is named by web.bu:5:13 at $.ignition.config.merge.0\n" in done.stderr


def test_what_a_config_names_is_planned(run: Run, site: Site, tmp_path: Path) -> None:
    """Each change is told with who asks for it: a line of the own file, or the other config."""
    (tmp_path / "web.bu").write_text(butane(f"{site.url}/other"))
    done = run("plan", "web.bu", "--follow", "-o", "json")
    changes = json.loads(done.stdout)["changes"]
    places = {change["name"]: (change["pointer"], change["place"]) for change in changes}
    assert places["/own"] == ("$.storage.files.0", "web.bu:8:7")
    assert places["/other"] == ("$.storage.files.0", f"{site.url}/other")


def test_what_a_config_names_is_rehearsed(run: Run, site: Site, tmp_path: Path) -> None:
    (tmp_path / "web.bu").write_text(butane(f"{site.url}/clash"))
    done = run("simulate", "web.bu", "--follow", "-o", "json", "--tree", "tree")
    assert done.returncode == 1
    messages = [finding["message"] for finding in json.loads(done.stdout)["summary"]["findings"]]
    assert any(f"of {site.url}/clash" in message for message in messages)


def test_what_a_config_names_is_planned_before_it_is_armed(run: Run, site: Site, tmp_path: Path) -> None:
    """The hint of the refusal holds; what is written is what was read, for the first boot follows by itself."""
    (tmp_path / "root/boot").mkdir(parents=True)
    (tmp_path / "root/etc").mkdir()
    (tmp_path / "root/etc/os-release").write_text("ID=fedora\nVARIANT_ID=coreos\n")
    text = json.dumps(config("/own", config={"merge": [{"source": f"{site.url}/other"}]}))
    (tmp_path / "a.ign").write_text(text)
    words = ["rearm", "a.ign", "--root", "root", "--yes", "-o", "json"]
    refused = run(*words)
    assert (refused.returncode, "--follow" in refused.stdout) == (1, True)
    done = run(*words, "--follow")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {change["name"] for change in json.loads(done.stdout)["changes"]} == {"/own", "/other"}
    assert (tmp_path / "root/boot/ignition/config.ign").read_text() == text
