"""Trees for the engine's tests: laid out from a table, provisioned from a config, looked at afterwards."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, Distribution, Outcome, Plan, carry_out, plan
from stoker.fetch import Fetch
from stoker.schema.v3 import Config
from stoker.system import ScratchSystem

NOON = 1_700_000_000.0


CONFIG: dict[str, Any] = {
    "kernelArguments": {"shouldExist": ["selinux=0"]},
    "passwd": {
        "groups": [{"name": "web"}],
        "users": [{"name": "test", "groups": ["web"], "sshAuthorizedKeys": ["ssh-rsa AAAA"]}],
    },
    "storage": {
        "directories": [{"path": "/opt/bin", "mode": 0o750}],
        "files": [
            {"path": "/etc/hostname", "mode": 0o644, "contents": {"source": "data:,chhanz-coreos"}},
            {"path": "/etc/motd", "append": [{"source": "data:,Welcome%0A"}]},
        ],
        "links": [{"path": "/etc/localtime", "target": "../usr/share/zoneinfo/Asia/Seoul"}],
    },
    "systemd": {
        "units": [
            {
                "name": "nginx.service",
                "enabled": True,
                "contents": "[Unit]\n[Install]\nWantedBy=multi-user.target\n",
                "dropins": [{"name": "10-env.conf", "contents": "[Service]\n"}],
            },
            {"name": "locksmithd.service", "mask": True},
        ]
    },
}


class Tree:
    """A scratch tree and what was done to it. Times stand still at `NOON`."""

    def __init__(self, root: Path) -> None:
        self.system = ScratchSystem(root, clock=lambda: NOON)
        self.distribution: Distribution = DISTRIBUTIONS["flatcar"]
        self.log: list[str] = []

    def lay(self, tree: Mapping[str, str | None]) -> None:
        """Lay files (text), directories (None) and links (`-> target`)."""
        for path, text in tree.items():
            if text is None:
                self.system.make_directory(path)
            elif text.startswith("-> "):
                self.system.link(path, text[3:])
            else:
                self.system.write_file(path, text.encode())

    def plan(self, config: Mapping[str, Any], *, online: bool = False) -> Plan:
        """Plan a config written as JSON would have it, without its version."""
        return plan(read(config), self.system, self.distribution, online=online)

    def provision(self, config: Mapping[str, Any], fetch: Fetch | None = None) -> Outcome:
        """Plan a config and carry it out."""
        self.log.clear()
        planned = self.plan(config, online=fetch is not None)
        return carry_out(planned, self.system, self.log.append, fetch)

    def text(self, path: str) -> str:
        """The text of a file, `-> target` of a link, a slash for a directory, nothing for nothing."""
        found = self.system.look(path)
        if found is None:
            return ""
        if found.kind == "link":
            return "-> " + self.system.read_link(path)
        return "/" if found.kind == "directory" else self.system.read(path).decode()

    def rights(self, path: str) -> tuple[str, int, int]:
        """Mode in octal, user and group of a path."""
        found = self.system.look(path)
        assert found is not None
        return oct(found.mode), found.uid, found.gid


def read(config: Mapping[str, Any]) -> Config:
    """A Config from its JSON form."""
    return msgspec.convert({"ignition": {"version": "3.6.0"}, **config}, Config)


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """An empty tree."""
    made = Tree(tmp_path / "root")
    yield made
    made.system.close()


@pytest.fixture(scope="session")
def new_tree() -> Callable[[], AbstractContextManager[Tree]]:
    """Make an empty tree, for tests that need many."""

    @contextmanager
    def make() -> Iterator[Tree]:
        with TemporaryDirectory() as directory:
            made = Tree(Path(directory) / "root")
            try:
                yield made
            finally:
                made.system.close()

    return make


@pytest.fixture
def config() -> dict[str, Any]:
    """A config with one of everything, in its JSON form."""
    return copy.deepcopy(CONFIG)


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with the golden one beside this file."""

    def compare(name: str, text: str) -> None:
        assert text == (Path(__file__).parent / "golden" / name).read_text()

    return compare
