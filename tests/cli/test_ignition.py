"""The commands `ignition`, `ignition-apply` and `ignition-rmcfg` as scripts see them: flags, words, exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stoker.cli.godurations import seconds_of
from stoker.platforms import PLATFORMS
from tests.cli.conftest import Run

STAGES = "[disks fetch fetch-offline files kargs mount umount]"


# the words, the exit code, the first line of stderr
USAGE: dict[str, tuple[tuple[str, ...], int, str]] = {
    "nothing": ((), 2, "'--platform' must be provided"),
    "no stage": (("-platform", "file"), 2, "'--stage' must be provided"),
    "no such platform": (
        ("-platform", "moon"),
        2,
        'invalid value "moon" for flag -platform: moon is not a valid platform',
    ),
    "no such stage": (("--stage=lunch",), 2, 'invalid value "lunch" for flag -stage: lunch is not a valid stage'),
    "no duration": (("-fetch-timeout", "5"), 2, 'invalid value "5" for flag -fetch-timeout: parse error'),
    "no such flag": (("-lunch",), 2, "flag provided but not defined: -lunch"),
    "no value": (("-root",), 2, "flag needs an argument: -root"),
    "help": (("-help",), 0, "Usage of ignition:"),
}


@pytest.mark.parametrize(("words", "code", "line"), USAGE.values(), ids=USAGE)
def test_usage(run: Run, words: tuple[str, ...], code: int, line: str) -> None:
    done = run(*words, name="ignition")
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[0] == line


def test_the_usage_text(run: Run) -> None:
    assert run("-h", name="ignition").stderr == (
        "Usage of ignition:\n"
        "  -config-cache string\n"
        '    \twhere to cache the config (default "/run/ignition.json")\n'
        "  -fetch-timeout duration\n"
        "    \tinitial duration for which to wait for config (default 2m0s)\n"
        "  -log-to-stdout\n"
        "    \tlog to stdout instead of the system log when set\n"
        "  -neednet string\n"
        "    \tflag file to write from fetch-offline if networking is needed"
        ' (default "/run/ignition/neednet")\n'
        "  -platform value\n"
        f"    \tcurrent platform. [{' '.join(sorted(PLATFORMS))}]\n"
        "  -root string\n"
        '    \troot of the filesystem (default "/")\n'
        "  -stage value\n"
        f"    \texecution stage. {STAGES}\n"
        "  -state-file string\n"
        '    \twhere to store internal state (default "/run/ignition/state")\n'
        "  -version\n"
        "    \tprint the version and exit\n"
    )


@pytest.mark.parametrize("name", ["ignition", "ignition-apply", "ignition-rmcfg"])
def test_version(run: Run, name: str) -> None:
    done = run("--version", name=name)
    assert (done.returncode, done.stdout) == (0, "Ignition v2.26.0\n")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2m0s", 120.0),
        ("1h", 3600.0),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("300ms", 0.3),
        ("-1s", -1.0),
        ("+1s", 1.0),
        ("0", 0.0),
        ("1us", 1e-6),
        ("", None),
        ("5", None),
        ("s", None),
        ("1d", None),
        ("1s ", None),
        ("99999999h", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    found = seconds_of(text)
    assert found == (None if seconds is None else pytest.approx(seconds))


# ignition-apply


def config(**parts: Any) -> str:
    files = [{"path": "/etc/a", "contents": {"source": "data:,x"}}]
    return json.dumps(
        {"ignition": {"version": "3.4.0"}, "storage": {"files": files, **parts.pop("storage", {})}, **parts}
    )


def test_a_container_gets_files_and_units(run: Run, tmp_path: Path) -> None:
    unit = {"name": "a.service", "enabled": True, "contents": "[Install]\nWantedBy=a.target\n"}
    (tmp_path / "tree").mkdir()
    done = run(
        *("--root", "tree", "-"), name="ignition-apply", text=config(systemd={"units": [unit]}), container="podman"
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "tree/etc/a").read_text() == "x"
    assert (tmp_path / "tree/etc/systemd/system-preset/20-ignition.preset").read_text() == "enable a.service\n"
    assert not (tmp_path / "tree/etc/.ignition-result.json").exists()


# what the config says beyond a file, what it is refused by
NOT_LIVE: dict[str, tuple[dict[str, Any], str]] = {
    "kernel arguments": ({"kernelArguments": {"shouldExist": ["a"]}}, "cannot apply kargs modifications live"),
    "disks": ({"storage": {"disks": [{"device": "/dev/a"}]}}, "cannot apply disk modifications live"),
    "file systems": (
        {"storage": {"filesystems": [{"device": "/dev/a", "format": "ext4", "path": "/a"}]}},
        "cannot apply disk modifications live",
    ),
    "accounts": ({"passwd": {"users": [{"name": "a"}]}}, "cannot apply passwd live"),
}


@pytest.mark.parametrize(("parts", "reason"), NOT_LIVE.values(), ids=NOT_LIVE)
def test_what_a_container_cannot_have(run: Run, tmp_path: Path, parts: dict[str, Any], reason: str) -> None:
    (tmp_path / "tree").mkdir()
    text = config(**parts)
    refused = run("--root", "tree", "-", name="ignition-apply", text=text, container="podman")
    assert refused.returncode == 1
    assert refused.stdout.splitlines()[-1] == f"CRITICAL : failed to apply: {reason}"
    assert list((tmp_path / "tree").iterdir()) == []
    words = ("--ignore-unsupported", "--root", "tree", "-")
    assert run(*words, name="ignition-apply", text=text, container="podman").returncode == 0
    assert (tmp_path / "tree/etc/a").read_text() == "x"


FAR = {"files": [{"path": "/a", "contents": {"source": "http://192.0.2.1/a"}}]}

# words, text, exit code, the last line of stdout
APPLY: dict[str, tuple[tuple[str, ...], str, int, str]] = {
    "offline": (
        ("--offline", "-"),
        config(storage=FAR),
        1,
        "CRITICAL : failed to apply: resource requires networking: what the config names",
    ),
    "no config": (("-",), "{", 1, "CRITICAL : couldn't parse config: config is not valid (/dev/stdin)"),
    "no config in a file": (("a.ign",), "", 1, "CRITICAL : couldn't parse config: config is not valid (a.ign)"),
    "no file": (("none.ign",), "", 1, "CRITICAL : couldn't read config: open none.ign: no such file or directory"),
}


@pytest.mark.parametrize(("words", "text", "code", "line"), APPLY.values(), ids=APPLY)
def test_apply(run: Run, words: tuple[str, ...], text: str, code: int, line: str, tmp_path: Path) -> None:
    (tmp_path / "a.ign").write_text("{")
    done = run("--root", ".", *words, name="ignition-apply", text=text, container="podman")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, line)
    hint = "ERROR    : hint: `stoker check` says what is wrong with it, and where"
    assert (hint in done.stdout) == ("config is not valid" in line)


@pytest.mark.skipif(
    os.path.exists("/run/.containerenv") or os.path.exists("/.dockerenv"), reason="this runs in a container"
)
def test_hosts_are_left_alone(run: Run) -> None:
    done = run("-", name="ignition-apply", text=config())
    assert done.returncode == 1
    assert done.stdout.endswith("this tool is not designed to run on a host system; reprovision the machine instead\n")


@pytest.mark.parametrize("words", [(), ("a", "b")])
def test_apply_takes_one_config(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words, name="ignition-apply")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Usage: ignition-apply [options] config.ign\nOptions:\n      --ignore-unsupported")


# ignition-rmcfg

# the words, the exit code, the last line of stdout, the first of stderr
REMOVE: dict[str, tuple[tuple[str, ...], int, str, str]] = {
    "no platform": ((), 2, "", "'--platform' must be provided"),
    "too many words": (("a",), 2, "", "Usage: ignition-rmcfg [options]"),
    "no such flag": (("--lunch",), 2, "", "unknown flag: --lunch"),
    "not there": (
        ("--platform", "file", "--log-to-stdout"),
        1,
        "CRITICAL : couldn't delete config: cannot delete config on this platform",
        "",
    ),
}


@pytest.mark.parametrize(("words", "code", "out", "err"), REMOVE.values(), ids=REMOVE)
def test_rmcfg(run: Run, words: tuple[str, ...], code: int, out: str, err: str) -> None:
    done = run(*words, name="ignition-rmcfg")
    assert (done.returncode, done.stdout.splitlines()[-1:], done.stderr.splitlines()[:1]) == (
        code,
        [out] if out else [],
        [err] if err else [],
    )
