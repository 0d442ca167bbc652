"""Extended attributes, and what else only the undoing of a change asks of a machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stoker.system import FileFault, RealSystem, ScratchSystem
from stoker.system.unit_files import enabling_links, template_of, unit_file


@pytest.fixture
def system(tmp_path: Path) -> RealSystem:
    try:
        os.setxattr(tmp_path, "user.probe", b"")
    except OSError:
        pytest.skip("this file system has no attributes")
    return RealSystem(tmp_path)


def test_attributes_are_those_that_are_given(system: RealSystem) -> None:
    system.write_file("/file", b"")
    system.set_attributes("/file", {"user.a": b"1", "user.b": b"\0\xff"})
    assert system.attributes("/file") == {"user.a": b"1", "user.b": b"\0\xff"}
    system.set_attributes("/file", {"user.b": b"2"})
    assert system.attributes("/file") == {"user.b": b"2"}
    system.set_attributes("/file", {})
    assert system.attributes("/file") == {}


def test_attributes_of_a_directory_and_a_link(system: RealSystem) -> None:
    system.make_directory("/d")
    system.set_attributes("/d", {"user.a": b"1"})
    system.link("/l", "d")
    assert (system.attributes("/d"), system.attributes("/l")) == ({"user.a": b"1"}, {})
    with pytest.raises(FileFault, match="cannot set the attributes of `/l`"):
        system.set_attributes("/l", {"user.a": b"1"})
    with pytest.raises(FileFault, match="cannot read the attributes of `/none`"):
        system.attributes("/none")


def test_what_is_appended_can_be_on_the_disk_at_once(tmp_path: Path) -> None:
    system = RealSystem(tmp_path)
    for text in (b"one", b"two"):
        system.append_file("/file", text, durable=True)
    system.append_file("/file", lambda write: write(b"three"), durable=True)
    assert system.read("/file") == b"onetwothree"
    for path in ("/file", "/", "/none"):
        system.settle(path)


def test_the_temporary_name_is_told(tmp_path: Path) -> None:
    system = RealSystem(tmp_path)
    system.make_directory("/d")
    system.link("/l", "d")
    seen: list[str] = []

    def content(_write: object) -> None:
        seen.extend(system.list("/d"))

    system.write_file("/l/file", content)
    assert [f"/d/{name}" for name in seen] == [system.temporary("/l/file")]


INSTALL = "[Unit]\nWantedBy=no.target\n[Install]\n"
TARGET = "/etc/systemd/system/multi-user.target"
UNIT = "/etc/systemd/system/a.service"

# id -> (name of the unit, its section [Install], the links that enable it)
LINKS = {
    "none": ("a.service", "", []),
    "wanted": ("a.service", "WantedBy=multi-user.target\n", [f"{TARGET}.wants/a.service"]),
    "required and upheld": (
        "a.service",
        "RequiredBy=multi-user.target\nUpheldBy=multi-user.target\n",
        [f"{TARGET}.requires/a.service", f"{TARGET}.upholds/a.service"],
    ),
    "two in one line": ("a.service", "WantedBy=x.target multi-user.target\n", 2),
    "over two lines": ("a.service", "WantedBy=x.target \\\n  multi-user.target\n", 2),
    "taken back": ("a.service", "WantedBy=x.target\nWantedBy=\nWantedBy=multi-user.target\n", 1),
    "alias": ("a.service", "Alias=b.service\n", ["/etc/systemd/system/b.service"]),
    "comment": ("a.service", "#WantedBy=x.target\n;WantedBy=x.target\n", []),
    "instance": ("a@b.service", "WantedBy=%i.target\n", ["/etc/systemd/system/b.target.wants/a@b.service"]),
    "prefix": ("a@b.service", "WantedBy=%p.target\n", ["/etc/systemd/system/a.target.wants/a@b.service"]),
    "template": ("a@.service", "WantedBy=x.target\n", []),
    "template with a default": (
        "a@.service",
        "WantedBy=multi-user.target\nDefaultInstance=b\n",
        [f"{TARGET}.wants/a@b.service"],
    ),
    "leads elsewhere": ("a.service", "Alias=../../b.service\nWantedBy=../x\n", []),
}


@pytest.mark.parametrize(("name", "section", "expected"), LINKS.values(), ids=LINKS)
def test_what_enables_a_unit(name: str, section: str, expected: list[str] | int) -> None:
    links = enabling_links(name, UNIT, INSTALL + section)
    assert {target for _, target in links} <= {UNIT}
    assert len(links) == expected if isinstance(expected, int) else [path for path, _ in links] == expected


def test_where_a_unit_is(tmp_path: Path) -> None:
    system = ScratchSystem(tmp_path / "root")
    system.write_file("/usr/lib/systemd/system/a@.service", b"vendor")
    assert unit_file(system, "a@b.service") == ("/usr/lib/systemd/system/a@.service", "vendor")
    system.write_file("/etc/systemd/system/a@.service", b"ours")
    assert unit_file(system, "a@b.service") == ("/etc/systemd/system/a@.service", "ours")
    assert unit_file(system, "b.service") is None
    assert [template_of(name) for name in ("a@b.c.service", "a@.service", "a.service")] == [
        "a@.service",
        "a@.service",
        "a.service",
    ]
