"""The engine in one call: an empty directory becomes a provisioned tree, without privileges."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, provision, summarise, summary_text
from stoker.schema.v3 import Config
from stoker.system import ScratchSystem, SystemFault


@pytest.fixture
def typed(config: dict[str, Any]) -> Config:
    """The config with one of everything."""
    return msgspec.convert({"ignition": {"version": "3.4.0"}, **config}, Config)


def looks(root: Path) -> dict[Path, tuple[int, ...]]:
    """Every path with what changes when it is written."""
    found = {path: path.lstat() for path in root.rglob("*")}
    return {path: (look.st_ino, look.st_mode, look.st_size, look.st_mtime_ns) for path, look in found.items()}


@pytest.mark.parametrize(("name", "uid"), [("fcos", 1001), ("rhcos", 1001), ("flatcar", 1000), ("debian", 1001)])
def test_an_empty_directory_becomes_a_tree(tmp_path: Path, typed: Config, name: str, uid: int) -> None:
    log: list[str] = []
    outcome = provision(typed, tmp_path / "demo/node", distribution=DISTRIBUTIONS[name], say=log.append)
    assert outcome.succeeded, list(outcome.report)
    assert log[0] == 'files: ensureGroups: op(1): [started]  adding group "web"'
    with closing(ScratchSystem(tmp_path / "demo/node")) as system:
        user = system.accounts.user("test")
        assert user is not None
        found = system.look(user.home)
        assert found is not None
        assert (user.uid, found.uid, found.mode) == (uid, uid, 0o755 if name == "debian" else 0o700)
        assert {account.name for account in summarise(outcome, system).accounts} == {"web", "test"}
    assert {path.lstat().st_uid for path in (tmp_path / "demo").rglob("*")} == {os.geteuid()}


def test_a_second_run_is_refused_and_changes_nothing(tmp_path: Path, typed: Config) -> None:
    root = tmp_path / "node"
    provision(typed, root, distribution=DISTRIBUTIONS["flatcar"], say=[].append)
    before = looks(root)
    outcome = provision(typed, root, distribution=DISTRIBUTIONS["flatcar"], say=[].append)
    assert [entry.code for entry in outcome.report] == ["file-exists", "ran-before"]
    assert looks(root) == before
    with closing(ScratchSystem(root)) as system:
        assert "NOT provisioned" in summary_text(summarise(outcome, system))


def test_a_tree_with_accounts_keeps_its_own(tmp_path: Path, typed: Config) -> None:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/passwd").write_text("only:x:7:7::/:/bin/sh\n")
    (tmp_path / "root/etc/group").write_text("users:x:100:\n")
    provision(typed, tmp_path / "root", distribution=DISTRIBUTIONS["fcos"], say=[].append)
    text = (tmp_path / "root/etc/passwd").read_text()
    assert [line.split(":")[0] for line in text.splitlines()] == ["only", "test"]


def test_a_root_that_is_no_directory_is_a_fault(tmp_path: Path, typed: Config) -> None:
    (tmp_path / "root").write_text("")
    with pytest.raises(SystemFault):
        provision(typed, tmp_path / "root", distribution=DISTRIBUTIONS["fcos"], say=[].append)
