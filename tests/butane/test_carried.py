"""Older configs carried to Ignition 3: what they say then, and which line of them gave it."""

from __future__ import annotations

import pytest

from stoker.butane import clc, compile_document
from stoker.butane.carried import Carried, carry
from stoker.ignition.parse import parse
from stoker.report import Pointer

CLC = """\
passwd:
  users:
    - name: web
      ssh_authorized_keys: [ssh-rsa A]
storage:
  disks:
    - device: /dev/vdb
      partitions: [{label: data, number: 1}]
  files:
    - path: /etc/hostname
      filesystem: root
      mode: 0644
      contents: {inline: web}
systemd:
  units:
    - name: web.service
      enabled: true
      contents: "[Service]\\nExecStart=/bin/x\\n[Install]\\nWantedBy=a.target\\n"
update:
  group: beta
"""
NETWORKD = """\
networkd:
  units:
    - name: a.network
      contents: "[Match]\\n"
      dropins: [{name: b.conf, contents: "[Match]\\n"}]
"""
IGNITION = """\
{"ignition": {"version": "2.2.0"},
 "storage": {"files": [
  {"filesystem": "root", "path": "/b", "mode": 420, "contents": {"source": "data:,b"}},
  {"filesystem": "root", "path": "/a", "mode": 384, "append": true, "contents": {"source": "data:,a"}}]},
 "systemd": {"units": [{"name": "a.service", "mask": true}]}}
"""


def carried(text: str) -> Carried:
    if text.startswith("{"):
        return carry(parse(text.encode(), file="a"))
    done = compile_document(text.encode(), file="a", raw=True)
    assert isinstance(done, clc.Compilation)
    return carry(done)


# id: (text, pointer into what came of it, place of what gave it)
PLACES: dict[str, tuple[str, Pointer, str]] = {
    "a user": (CLC, ("passwd", "users", 0), "a:3:7"),
    "the keys of a user": (CLC, ("passwd", "users", 0, "sshAuthorizedKeys"), "a:3:7"),
    "a disk": (CLC, ("storage", "disks", 0, "partitions", 0), "a:7:7"),
    "a file": (CLC, ("storage", "files", 0, "contents", "source"), "a:10:7"),
    "a file that a section makes": (CLC, ("storage", "files", 1), "a:20:10"),
    "a unit": (CLC, ("systemd", "units", 0), "a:16:7"),
    "the version": (CLC, ("ignition", "version"), ""),
    "nothing": (CLC, ("storage", "files", 9), ""),
    "a file of networkd": (NETWORKD, ("storage", "files", 0), "a:3:7"),
    "a drop-in of networkd": (NETWORKD, ("storage", "files", 1, "contents"), "a:5:17"),
    "a file of Ignition": (IGNITION, ("storage", "files", 0), "a:3:4"),
    "a unit of Ignition": (IGNITION, ("systemd", "units", 0), "a:5:25"),
}


@pytest.mark.parametrize(("text", "pointer", "place"), PLACES.values(), ids=PLACES)
def test_a_part_is_traced_to_its_line(text: str, pointer: Pointer, place: str) -> None:
    found = carried(text).sources(pointer)
    assert (str(found[0][1]) if found else "") == place


def test_what_was_read_is_left_as_it_was() -> None:
    done = parse(IGNITION.encode(), file="a")
    assert done.old is not None
    before = repr(done.old)
    made = carry(done)
    assert made.config is not None
    assert [file.path for file in made.config.storage.files if file.append] == ["/a"]  # type: ignore[union-attr]
    assert repr(done.old) == before
    assert made.texts == {"a": IGNITION.encode()}


# id: (text, code and place of the error)
REFUSED = {
    "a file system without a place": (
        (
            "storage:\n  filesystems: [{name: x, mount: {device: /dev/vdb, format: ext4}}]\n"
            "  files: [{path: /a, filesystem: x}]\n"
        ),
        "no-mount-point",
        "a:2:24",
    ),
    "a config with errors": ("storage: {files: [{path: x}]}\n", "relative-path", "a:1:26"),
}


@pytest.mark.parametrize(("text", "code", "place"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_carried(text: str, code: str, place: str) -> None:
    made = carried(text)
    assert made.config is None
    assert [(entry.code, str(entry.place)) for entry in made.report if entry.is_error][:1] == [(code, place)]
