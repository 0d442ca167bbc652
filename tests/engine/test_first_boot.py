"""The stages of a first boot one by one, on a tree: what they leave for each other, how they end, what they say."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from stoker.engine.first_boot.state import FetchedConfig, State
from tests.engine.boots import FirstBoot, embedded, file

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
BAD = {"storage": {"files": [file("/etc/a"), file("/etc")]}}


@pytest.fixture
def boot(tmp_path: Path) -> FirstBoot:
    return FirstBoot(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# What the stages leave


def test_fetch_leaves_the_config_and_what_it_found(boot: FirstBoot) -> None:
    boot.configure({"storage": {"files": [file("/etc/motd", "hi")]}})
    done = boot.run("fetch", "")
    assert (done.returncode, done.stderr) == (0, "")
    cached = json.loads(boot.cache.read_text())
    assert cached["ignition"] == {"version": "3.7.0-experimental"}
    assert cached["storage"]["files"][0]["path"] == "/etc/motd"
    assert (mode(boot.cache), mode(boot.state), mode(boot.state.parent)) == (0o640, 0o600, 0o700)
    assert boot.noted().fetched_configs == [FetchedConfig("base", "system"), FetchedConfig("user", "file")]
    assert not boot.need_net.exists()


def test_the_log_is_as_people_know_it(boot: FirstBoot) -> None:
    boot.configure({"storage": {"files": [file("/a")]}})
    done = boot.fetch_and_write()
    root = boot.root
    assert re.sub(r"\d+ ms", "N ms", done.stdout) == (
        "INFO     : Ignition v2.26.0\n"
        "INFO     : Stage: files\n"
        "DEBUG    : files: no relabeling is asked for, or the root has no policy; skipping\n"
        f'INFO     : files: createFilesystemsFiles: createFiles: op(1): [started]  writing file "{root}/a"\n'
        f'INFO     : files: createFilesystemsFiles: createFiles: op(1): [finished] writing file "{root}/a"\n'
        "INFO     : files: createResultFile: createFiles: op(2): [started]  writing file"
        f' "{root}/etc/.ignition-result.json"\n'
        "INFO     : files: createResultFile: createFiles: op(2): [finished] writing file"
        f' "{root}/etc/.ignition-result.json"\n'
        "INFO     : files: files passed\n"
        "NOTICE   : stoker: files: 2 operations done, N ms\n"
        "INFO     : Ignition finished successfully\n"
    )


def test_a_stage_that_fails_says_why_and_leaves_the_state(boot: FirstBoot) -> None:
    boot.configure(BAD)
    (boot.root / "etc").mkdir()
    assert boot.run("fetch", "").returncode == 0
    before = boot.state.read_bytes()
    done = boot.run("files")
    assert done.returncode == 1
    reason = "error creating file `/etc`: a non regular file exists there already and overwrite is false"
    lines = done.stdout.splitlines()
    assert f"CRITICAL : error at $.storage.files.1: {reason}" in lines
    assert lines[-1] == f"CRITICAL : Ignition failed: {reason}"
    assert any(
        line.startswith("ERROR    : this was asked for at $.storage.files.1 of") and "config.ign" in line
        for line in lines
    )
    head, _, config = done.stderr.partition("Full config:\n")
    assert head == "files failed\n"
    assert [row["path"] for row in json.loads(config)["storage"]["files"]] == ["/etc/a", "/etc"]
    assert boot.state.read_bytes() == before
    assert not (boot.root / "etc/a").exists()


def test_without_a_config_from_fetch_no_stage_runs(boot: FirstBoot) -> None:
    done = boot.run("files")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.endswith(f"CRITICAL : Ignition failed: open `{boot.cache}`: no such file or directory\n")
    assert "ERROR    : hint: the stage `fetch` leaves the config there: run it first" in done.stdout


@pytest.mark.parametrize("text", ["{", '{"x":' + "[" * 100_000], ids=["cut off", "too deep"])
def test_a_cached_config_that_is_none(text: str, boot: FirstBoot) -> None:
    boot.cache.write_text(text)
    done = boot.run("files")
    assert done.returncode == 1
    assert "CRITICAL : Ignition failed: failed to parse cached config: " in done.stdout


@pytest.mark.parametrize("text", ["{", '{"fetchedConfigs": 1}'], ids=["no JSON", "another type"])
def test_a_state_that_cannot_be_read(boot: FirstBoot, text: str) -> None:
    boot.state.parent.mkdir()
    boot.state.write_text(text)
    done = boot.run("fetch", "")
    assert done.returncode == 3
    assert "CRITICAL : reading state: parsing state file: " in done.stdout
    record = json.loads(Path(f"{boot.state}.reports/failure.json").read_text())
    assert record["stage"] == "fetch"
    assert record["reason"].startswith("reading state: parsing state file: ")


def test_a_state_of_the_original_is_read(boot: FirstBoot) -> None:
    boot.configure({"storage": {"files": [file("/a")]}})
    boot.state.parent.mkdir()
    boot.state.write_text(
        '{"fetchedConfigs":null,"luksPersistKeyFiles":null,"notatedDirectories":null,"providerOutputFiles":'
        '[{"group":{},"path":"/provided","user":{},"contents":{"source":"data:;base64,aGk=","verification":{}}}],'
        '"luksPersistVolumeKeyFiles":null}\n'
    )
    boot.cache.write_text(
        '{"ignition":{"config":{"replace":{"verification":{}}},"proxy":{},"security":{"tls":{}},"timeouts":{},'
        '"version":"3.7.0-experimental"},"kernelArguments":{},"passwd":{},"storage":{"files":[{"group":{},'
        '"path":"/a","user":{},"contents":{"source":"data:,x","verification":{}}}]},"systemd":{}}'
    )
    done = boot.run("files")
    assert done.returncode == 0, done.stdout
    assert (boot.text("/a"), boot.text("/provided"), mode(boot.root / "provided")) == ("x", "hi", 0o600)


# Where the config comes from


def test_the_image_s_own_configs_lie_beneath(boot: FirstBoot) -> None:
    configs = {
        "usr/base.d/10": [file("/both", "image", overwrite=True), file("/image")],
        "local/base.d/10": [file("/both", "local", overwrite=True)],
        "usr/base.d/20": [file("/later", "image")],
        "usr/base.platform.d/file/10": [file("/platform")],
        "usr/base.platform.d/qemu/10": [file("/elsewhere")],
    }
    for name, files in configs.items():
        path = boot.image / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"ignition": {"version": "3.0.0"}, "storage": {"files": files}}))
    boot.configure({"storage": {"files": [file("/later", "user")]}})
    assert boot.fetch_and_write().returncode == 0
    found = {path.name: path.read_text() for path in boot.root.iterdir() if path.is_file()}
    assert found == {"both": "local", "later": "user", "platform": "x"}


@pytest.mark.parametrize(("directory", "status"), [("base.d", 1), ("base.platform.d/file", 0)])
def test_what_is_wrong_with_the_image_s_own_config(boot: FirstBoot, directory: str, status: int) -> None:
    path = boot.image / "usr" / directory
    path.mkdir(parents=True)
    (path / "bad").write_text("{")
    boot.configure({})
    assert boot.run("fetch", "").returncode == status


def test_the_image_s_own_config_names_no_other(boot: FirstBoot) -> None:
    path = boot.image / "usr/base.d/10"
    path.parent.mkdir(parents=True)
    named = {"version": "3.0.0", "config": {"merge": [{"source": "http://192.0.2.1/other"}]}}
    path.write_text(json.dumps({"ignition": named}))
    boot.configure({})
    done = boot.fetch_and_write()
    assert done.returncode == 0
    assert f'WARNING  : what "{path}" names under ignition.config is left out' in done.stdout


def test_the_kernel_command_line_comes_first(boot: FirstBoot) -> None:
    line = boot.directory / "cmdline"
    url = embedded('{"ignition": {"version": "3.0.0"}}')
    line.write_text(f"ro ignition.config.url={url} quiet\n")
    boot.environment["IGNITION_KERNEL_CMDLINE_PATH"] = str(line)
    assert boot.run("fetch", "").returncode == 0
    assert boot.noted().fetched_configs == [FetchedConfig("base", "system"), FetchedConfig("user", "cmdline")]


def test_without_a_config_the_machine_is_as_it_is(boot: FirstBoot) -> None:
    boot.configure("")
    done = boot.fetch_and_write()
    assert done.returncode == 0, done.stdout
    assert json.loads(boot.text("/etc/.ignition-result.json"))["userConfigProvided"] is False


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "config is not valid"),
        ('{"ignition": {"version": "2.2.0"}}', "unsupported config version"),
        ('{"ignition": {"version": "9.0.0"}}', "unsupported config version"),
        ('{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "a"}]}}', "config is not valid"),
    ],
    ids=["no JSON", "old", "from the future", "not valid"],
)
def test_a_config_that_is_none(boot: FirstBoot, text: str, reason: str) -> None:
    boot.configure(text)
    done = boot.run("fetch", "")
    assert done.returncode == 1
    assert f"CRITICAL : Ignition failed: {reason} (" in done.stdout
    assert not boot.cache.exists()


def test_two_that_are_valid_may_not_be_so_together(boot: FirstBoot) -> None:
    other = {"ignition": {"version": "3.4.0"}, "storage": {"links": [{"path": "/a", "target": "/b"}]}}
    named = {"version": "3.4.0", "config": {"merge": [{"source": embedded(json.dumps(other))}]}}
    boot.configure({"ignition": named, "storage": {"files": [file("/a/below")]}})
    done = boot.run("fetch", "")
    assert done.returncode == 1
    assert "CRITICAL : Ignition failed: merging configs resulted in an invalid config" in done.stdout


# Without the network

FAR = {"source": "http://192.0.2.1/x"}

# the config, whether the config is cached, whether the network is asked for
OFFLINE: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "all there": ({"storage": {"files": [file("/a")]}}, True, False),
    "a far config": ({"ignition": {"version": "3.4.0", "config": {"merge": [FAR]}}}, False, True),
    "a far config instead": ({"ignition": {"version": "3.4.0", "config": {"replace": FAR}}}, False, True),
    "a far authority": (
        {"ignition": {"version": "3.4.0", "security": {"tls": {"certificateAuthorities": [FAR]}}}},
        False,
        True,
    ),
    "far contents": ({"storage": {"files": [{"path": "/a", "contents": FAR}]}}, True, True),
    "a far appendix": ({"storage": {"files": [{"path": "/a", "append": [FAR]}]}}, True, True),
    "a far key": ({"storage": {"luks": [{"name": "a", "device": "/dev/a", "keyFile": FAR}]}}, True, True),
    "a server that unlocks": (
        {
            "storage": {
                "luks": [
                    {
                        "name": "a",
                        "device": "/dev/a",
                        "clevis": {"tang": [{"url": "http://192.0.2.1", "thumbprint": "x"}]},
                    }
                ]
            }
        },
        True,
        True,
    ),
    "a pin that needs it": (
        {
            "storage": {
                "luks": [
                    {
                        "name": "a",
                        "device": "/dev/a",
                        "clevis": {"custom": {"pin": "tang", "config": "{}", "needsNetwork": True}},
                    }
                ]
            }
        },
        True,
        True,
    ),
}


@pytest.mark.parametrize(("config", "is_cached", "needs"), OFFLINE.values(), ids=OFFLINE)
def test_offline(boot: FirstBoot, config: dict[str, Any], is_cached: bool, needs: bool) -> None:
    boot.configure(config)
    done = boot.run("fetch-offline", "")
    assert done.returncode == 0, done.stdout
    assert (boot.cache.exists(), boot.need_net.exists()) == (is_cached, needs)


# Accounts by tools, keys, labels, kernel arguments


def test_tools_make_accounts(boot: FirstBoot) -> None:
    (boot.root / "etc").mkdir()
    (boot.root / "etc/passwd").write_text("core:x:1000:1000::/home/core:/bin/sh\n")
    for name in ("useradd", "usermod", "userdel", "groupadd"):
        boot.tool(f"{name.upper()}_CMD", f'echo {name} "$@" >> $HERE/ran')
    boot.configure(
        {
            "passwd": {
                "groups": [{"name": "web", "gid": 800}],
                "users": [
                    {"name": "web", "groups": ["web"], "passwordHash": "secret"},
                    {"name": "core", "shouldExist": False},
                    {"name": "gone", "shouldExist": False},
                ],
            }
        }
    )
    done = boot.fetch_and_write()
    assert done.returncode == 0, done.stdout
    root = f"--root {boot.root}"
    assert (boot.directory / "ran").read_text().splitlines() == [
        f"groupadd {root} --gid 800 web",
        f"useradd {root} --create-home --password secret --groups web web",
        f"usermod {root} --password secret web",
        f"userdel --remove {root} core",
    ]
    assert "secret" not in done.stdout
    useradd = boot.program.parent / "useradd_cmd"
    assert f'DEBUG    : files: ensureUsers: op(2): executing: "{useradd}" "--root"' in done.stdout


@ROOT_ONLY
@pytest.mark.parametrize(
    ("fragment", "path"),
    [
        ("", ".ssh/authorized_keys.d/ignition"),
        ("true", ".ssh/authorized_keys.d/ignition"),
        ("false", ".ssh/authorized_keys"),
    ],
)
def test_where_keys_go(boot: FirstBoot, fragment: str, path: str) -> None:
    for directory in ("etc", "home/core"):
        (boot.root / directory).mkdir(parents=True)
    (boot.root / "etc/passwd").write_text("core:x:1000:1000::/home/core:/bin/sh\n")
    boot.tool("USERMOD_CMD", "exit 0")
    boot.environment["IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT"] = fragment
    boot.configure({"passwd": {"users": [{"name": "core", "sshAuthorizedKeys": ["one", "two"]}]}})
    done = boot.fetch_and_write()
    assert done.returncode == 0, done.stdout
    keys = boot.root / "home/core" / path
    found = keys.stat()
    assert (keys.read_text(), mode(keys), found.st_uid, found.st_gid) == ("one\ntwo\n", 0o600, 1000, 1000)


@ROOT_ONLY
def test_homes_that_were_made_to_mount_at_belong_to_their_users(boot: FirstBoot) -> None:
    for directory in ("etc", "home/core/data", "home/corex"):
        (boot.root / directory).mkdir(parents=True)
    (boot.root / "etc/passwd").write_text("core:x:1000:1000::/home/core:/bin/sh\n")
    boot.tool("USERMOD_CMD", "exit 0")
    boot.note(State(notated_directories=["/home", "/home/core", "/home/core/data", "/home/corex"]))
    boot.configure({"passwd": {"users": [{"name": "core"}]}})
    assert boot.fetch_and_write().returncode == 0
    found = {
        name: ((boot.root / name).stat().st_uid, mode(boot.root / name))
        for name in ("home", "home/core", "home/core/data", "home/corex")
    }
    theirs, ours = (1000, 0o700), (0, 0o755)
    assert found == {"home": ours, "home/core": theirs, "home/core/data": theirs, "home/corex": ours}


def test_what_is_written_gets_labels(boot: FirstBoot) -> None:
    (boot.root / "etc/selinux").mkdir(parents=True)
    (boot.root / "etc/selinux/config").write_text("# ours\nSELINUX=enforcing\nSELINUXTYPE=targeted\n")
    (boot.root / "var").mkdir()
    boot.tool("SETFILES_CMD", 'echo "$@" > $HERE/arguments; tr "\\000" "\\n" > $HERE/paths')
    boot.environment["IGNITION_SELINUX_RELABEL"] = "true"
    unit = {"name": "a.service", "enabled": True, "contents": "[Install]\nWantedBy=a.target\n"}
    boot.configure({"storage": {"files": [file("/etc/a"), file("/var/new/dir/b")]}, "systemd": {"units": [unit]}})
    done = boot.fetch_and_write()
    assert done.returncode == 0, done.stdout
    root = boot.root
    contexts = f"{root}/etc/selinux/targeted/contexts/files/file_contexts"
    assert (boot.directory / "arguments").read_text() == f"-vF0 -r {root} {contexts} -f -\n"
    assert (boot.directory / "paths").read_text().split() == [
        f"{root}/{path}" for path in ("etc/a", "var/new", "etc/systemd", "etc/.ignition-result.json")
    ]


def test_a_policy_without_a_name(boot: FirstBoot) -> None:
    (boot.root / "etc/selinux").mkdir(parents=True)
    (boot.root / "etc/selinux/config").write_text("SELINUX=enforcing\n")
    boot.environment["IGNITION_SELINUX_RELABEL"] = "true"
    boot.configure({"storage": {"files": [file("/a")]}})
    done = boot.fetch_and_write()
    assert done.returncode == 1
    assert "didn't find SELINUXTYPE in `/etc/selinux/config`" in done.stdout


def test_kernel_arguments_are_left_to_a_helper(boot: FirstBoot) -> None:
    boot.tool("KARGS_CMD", 'echo "$@" > $HERE/arguments')
    boot.configure({"kernelArguments": {"shouldExist": ["a=1", "b"], "shouldNotExist": ["c"]}})
    boot.run("fetch", "")
    done = boot.run("kargs")
    assert done.returncode == 0
    wanted = "--should-exist a=1 --should-exist b --should-not-exist c\n"
    assert (boot.directory / "arguments").read_text() == wanted
    assert "INFO     : kargs: op(1): [started]  updating kernel arguments\n" in done.stdout


def test_no_kernel_arguments_no_helper(boot: FirstBoot) -> None:
    boot.environment["IGNITION_KARGS_CMD"] = "/nowhere"
    boot.configure({})
    boot.run("fetch", "")
    assert boot.run("kargs").returncode == 0


def test_a_helper_that_fails(boot: FirstBoot) -> None:
    boot.tool("KARGS_CMD", "echo no such entry >&2; exit 5")
    boot.configure({"kernelArguments": {"shouldExist": ["a"]}})
    boot.run("fetch", "")
    done = boot.run("kargs")
    assert done.returncode == 1
    assert 'exit status 5: Cmd: "' in done.stdout
    assert 'Stderr: "no such entry"' in done.stdout
    assert "this was asked for at $.kernelArguments of" in done.stdout


def test_an_initramfs_without_the_helper(boot: FirstBoot) -> None:
    boot.environment["IGNITION_KARGS_CMD"] = "/nowhere/helper"
    boot.configure({"kernelArguments": {"shouldExist": ["a"]}})
    boot.run("fetch", "")
    done = boot.run("kargs")
    assert done.returncode == 1
    assert 'exit status 127: Cmd: "/nowhere/helper" "--should-exist" "a"' in done.stdout
    assert (
        "ERROR    : hint: the initramfs has no `ignition-kargs-helper`, which is the distribution's own" in done.stdout
    )


def test_an_old_systemd_is_told_of(boot: FirstBoot) -> None:
    boot.tool("SYSTEMCTL_CMD", "echo 'systemd 239 (239-1.el8)'")
    boot.configure({"systemd": {"units": [{"name": "a@b.service", "enabled": True}]}})
    done = boot.fetch_and_write()
    assert done.returncode == 0
    assert "WARNING  : files: The version of systemd (239) is less than 240." in done.stdout


# The record


def record(boot: FirstBoot) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(boot.text("/etc/.ignition-result.json"))
    return found


@pytest.mark.parametrize(("is_live", "is_kept"), [(False, True), (True, False)])
def test_an_earlier_record_is_kept_unless_the_image_is_live(boot: FirstBoot, is_live: bool, is_kept: bool) -> None:
    (boot.root / "etc").mkdir()
    (boot.root / "etc/.ignition-result.json").write_text(
        '{"userConfigProvided": true, "previousReport": {"previousReport": {}}}'
    )
    hook = boot.program.parent / "is-live-image"
    hook.write_text(f"#!/bin/sh\nexit {0 if is_live else 1}\n")
    hook.chmod(0o755)
    boot.environment["PATH"] = f"{hook.parent}:{os.environ['PATH']}"
    boot.environment["IGNITION_BOOT_ID_PATH"] = str(boot.directory / "boot_id")
    (boot.directory / "boot_id").write_text("c0ffee\n")
    boot.configure({})
    assert boot.fetch_and_write().returncode == 0
    found = record(boot)
    assert found["provisioningBootID"] == "c0ffee"
    assert found.get("previousReport") == ({"userConfigProvided": True} if is_kept else None)
    assert mode(boot.root / "etc/.ignition-result.json") == 0o600


@pytest.mark.parametrize("path", ["", "/var/record.json"])
def test_where_the_record_goes(boot: FirstBoot, path: str) -> None:
    boot.environment["IGNITION_RESULT_FILE_PATH"] = path
    boot.configure({})
    assert boot.fetch_and_write().returncode == 0
    assert not (boot.root / "etc/.ignition-result.json").exists()
    assert [f"/{found.relative_to(boot.root)}" for found in boot.root.rglob("*.json")] == ([path] if path else [])
