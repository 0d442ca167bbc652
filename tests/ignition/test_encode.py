"""Configs as bytes: what is left out, in which order, how strings are escaped."""

from __future__ import annotations

import pytest

from stoker.ignition.encode import encode
from stoker.schema.v3 import (
    Config,
    Directory,
    File,
    Filesystem,
    Ignition,
    Link,
    NodeUser,
    Resource,
    Storage,
    Systemd,
    Unit,
)

ESCAPED = {
    "html": ("<&>", rb"\u003c\u0026\u003e"),
    "line separators": ("a\u2028b\u2029c", rb"a\u2028b\u2029c"),
    "short escapes": ('\n\r\t"\\', rb"\n\r\t\"\\"),
    "no short escapes for these": ("\b\f", rb"\u0008\u000c"),
    "a backslash before a letter": ("\\b\\f", rb"\\b\\f"),
    "a backslash before a control": ("\\\b", rb"\\\u0008"),
    "controls": ("\0\x1f", rb"\u0000\u001f"),
    "delete stays": ("\x7f", b"\x7f"),
    "letters stay": ("é☃😀", "é☃😀".encode()),
    "no UTF-8": ("a\udcffb", "a\ufffdb".encode()),
    "a lone surrogate": ("\ud800", "\ufffd".encode()),
}


@pytest.mark.parametrize("text, expected", ESCAPED.values(), ids=ESCAPED)
def test_strings(text: str, expected: bytes) -> None:
    written = encode(Config(ignition=Ignition(version=""), systemd=Systemd(units=[Unit(name=text)])))
    assert written == b'{"ignition":{"version":""},"systemd":{"units":[{"name":"' + expected + b'"}]}}'


def test_order_and_what_is_left_out() -> None:
    file = File(
        path="/a",
        mode=0,
        contents=Resource(source="data:,", compression=""),
        overwrite=False,
        user=NodeUser(name="root"),
    )
    storage = Storage(
        links=[Link(path="/l", target="/t", hard=True)],
        files=[file],
        directories=[Directory(path="/d", mode=7)],
        filesystems=[Filesystem(device="/dev/a", wipe_filesystem=True, mount_options=["ro"])],
    )
    assert (
        encode(Config(ignition=Ignition(version="3.0.0"), storage=storage), pretty=True).decode()
        == """\
{
  "ignition": {
    "version": "3.0.0"
  },
  "storage": {
    "directories": [
      {
        "path": "/d",
        "mode": 7
      }
    ],
    "files": [
      {
        "overwrite": false,
        "path": "/a",
        "user": {
          "name": "root"
        },
        "contents": {
          "compression": "",
          "source": "data:,"
        },
        "mode": 0
      }
    ],
    "filesystems": [
      {
        "device": "/dev/a",
        "mountOptions": [
          "ro"
        ],
        "wipeFilesystem": true
      }
    ],
    "links": [
      {
        "path": "/l",
        "hard": true,
        "target": "/t"
      }
    ]
  }
}"""
    )
