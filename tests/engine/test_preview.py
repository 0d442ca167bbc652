"""Previews as text: files as a tree, long and hostile names; operations that nobody has told of."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, Plan, plan
from stoker.engine.operations import Step, Touch
from stoker.engine.preview import Preview, preview
from stoker.engine.preview_text import preview_text
from stoker.fetch import Fetch
from stoker.report import Report, pointer_text
from stoker.schema.v3 import Config, KernelArguments
from stoker.system import ScratchSystem, System


def previewed(said: dict[str, Any], root: Path, planned: Plan | None = None) -> Preview:
    config = msgspec.convert({"ignition": {"version": "3.5.0"}, **said}, Config)
    with closing(ScratchSystem(root)) as system:
        return preview(
            config,
            planned or plan(config, system, DISTRIBUTIONS["flatcar"], online=True),
            system,
            machine="it",
            locate=lambda pointer: (pointer_text(pointer), ""),
        )


# id: (paths, the tree)
TREES: dict[str, tuple[list[str], list[str]]] = {
    "one": (["/etc/a/b"], ["  + /etc/a/b  live  0644 root:root 0 B"]),
    "two beside each other": (
        ["/etc/b", "/etc/a"],
        ["  /etc", "    + a  live  0644 root:root 0 B", "    + b  live  0644 root:root 0 B"],
    ),
    "a directory with something in it": (
        ["/opt/d/", "/opt/d/f"],
        ["  + /opt/d/  live  0755 root:root", "    + f      live  0644 root:root 0 B"],
    ),
    "two trees": (
        ["/a/b/c", "/a/b/d/e", "/x"],
        [
            "  /a/b",
            "    + c    live  0644 root:root 0 B",
            "    + d/e  live  0644 root:root 0 B",
            "  + /x     live  0644 root:root 0 B",
        ],
    ),
    "a name that would steer the terminal": (["/a\x1b[31m\nb"], ["  + /a\ufffd[31m\ufffdb  live  0644 root:root 0 B"]),
    "a long name": (
        ["/" + "x" * 60, "/y"],
        [f"  + /{'x' * 60}  live  0644 root:root 0 B", f"  + /y{' ' * 32}  live  0644 root:root 0 B"],
    ),
}


@pytest.mark.parametrize(("paths", "expected"), TREES.values(), ids=TREES)
def test_files_are_a_tree(paths: list[str], expected: list[str], tmp_path: Path) -> None:
    said = {
        "directories": [{"path": path.rstrip("/")} for path in paths if path.endswith("/")],
        "files": [{"path": path} for path in paths if not path.endswith("/")],
    }
    lines = preview_text(previewed({"storage": said}, tmp_path / "root")).split("\n")
    assert lines[:3] == ["plan for it", "", "files"]
    assert lines[3:-3] == expected


def test_a_deep_path(tmp_path: Path) -> None:
    deep = "/a" * 1500
    said = {"storage": {"files": [{"path": deep}, {"path": f"{deep[:-2]}/b"}]}}
    lines = preview_text(previewed(said, tmp_path / "root")).split("\n")
    assert lines[3] == f"  {deep[:-2]}"


class Strange(msgspec.Struct, frozen=True):
    """An operation of tomorrow."""

    touches: tuple[Touch, ...]

    def describe(self, root: str = "") -> str:
        return "doing something else"

    def touch(self, system: System) -> tuple[Touch, ...]:
        return self.touches

    def is_done(self, system: System, fetch: Fetch) -> bool:
        return False

    def perform(self, system: System, fetch: Fetch) -> None:
        raise NotImplementedError


# what is touched -> the line that tells of it
STRANGE = {
    Touch("path", "/etc/sysctl.d/a.conf"): "  ~ /etc/sysctl.d/a.conf  restart systemd-sysctl  doing something else",
    Touch("path", "/opt/a"): "  ~ /opt/a  live  doing something else",
    Touch("unit", "a.service"): "  ~ a.service  restart  doing something else",
    Touch("user", "bob"): "  ~ user bob  live  doing something else",
    Touch("group", "bob"): "  ~ group bob  live  doing something else",
    Touch("device", "/dev/vda"): "  ~ /dev/vda  live  doing something else",
}


@pytest.mark.parametrize(("touch", "line"), STRANGE.items(), ids=map(str, STRANGE))
def test_an_operation_without_words_of_its_own_is_told_all_the_same(touch: Touch, line: str, tmp_path: Path) -> None:
    planned = Plan((Step((), "files", Strange((touch,))),), Report(), KernelArguments())
    text = preview_text(previewed({}, tmp_path / "root", planned))
    assert line in text.splitlines()
    assert text.splitlines()[-1].startswith("1 change: ")
