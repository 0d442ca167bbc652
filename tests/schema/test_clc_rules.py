"""Rules of Container Linux Config: what is said of what a person wrote, and at which line and column."""

from __future__ import annotations

import pytest

from stoker.butane.clc import read
from stoker.report import Entry
from stoker.schema.rules.clc import is_duration

FILE = "storage:\n  files:\n    - path: /a\n"
ETCD_NEW = (
    "Etcd minor version specified is too new, only options available in the previous minor version will be accepted"
)


def said(entry: Entry) -> str:
    where = f" {entry.place.line}:{entry.place.column}" if entry.place else ""
    return f"{entry.severity}{where}: {entry.message}"


# document -> what is said of it
FOUND: dict[str, list[str]] = {
    "": ["warning: Configuration is empty"],
    "---\n": [],
    "null\n": [],
    "version: 0\n": [],
    "version: 1\n": ["error 1:10: Invalid version. Only version 0 is supported"],
    "- a\n": ["error 1:1: expected a mapping, got a list"],
    # keys
    "Storage: {}\n": [
        "warning 1:1: Config has unrecognized key: Storage",
        "info 1:1: Did you mean storage instead of Storage",
    ],
    "storage:\n  arrays: []\n": ["warning 2:3: Config has unrecognized key: arrays"],
    "docker: &d\n  flags: [a]\n  x: 1\nlocksmith:\n  <<: *d\n": [
        "warning 3:3: Config has unrecognized key: x",
        "warning 5:3: Config has unrecognized key: <<",
    ],
    # modes
    FILE: ["warning 3:7: mode unspecified for file, defaulting to 0644"],
    FILE + "      mode: ~\n": [],
    FILE + "      mode: null\n": ["warning 4:13: mode unspecified for file, defaulting to 0644"],
    FILE + "      append: true\n": [
        "info 3:7: mode unspecified for file, defaulting to 0644 if the file does not exist"
    ],
    "storage:\n  directories: [{path: /a}]\n": ["warning 2:17: mode unspecified for directory, defaulting to 0755"],
    # contents: nothing is looked at in what a rule refuses
    FILE + "      mode: 1\n      contents:\n        inline: a\n        local: b\n        x: y\n": [
        "error 6:9: only one of the following can be set: local, inline, remote.url"
    ],
    FILE + "      mode: 1\n      contents:\n        inline: ''\n        local: b\n": [],
    # types: all at once, and nothing else
    "passwd:\n  users: 5\nstorage: x\nversion: 7\n": [
        "error 2:10: expected a list, got `5`",
        "error 3:10: expected a mapping, got `x`",
    ],
    "passwd:\n  groups: [{gid: -1}]\n": ["error 2:18: expected an integer that is not negative, got `-1`"],
    "systemd:\n  units: [{enable: 'true'}]\n": ["error 2:20: expected a boolean, got `true`"],
    # versions of etcd and flannel
    "etcd: {version: 2.2.9}\n": ["error 1:17: Etcd version specified is not valid (too old)"],
    "etcd: {version: 2.3.0-rc}\n": ["error 1:17: Etcd version specified is not valid (too old)"],
    "etcd: {version: 2.4.0}\n": [f"warning 1:17: {ETCD_NEW}"],
    "etcd: {version: 3.4.0, metrics: basic}\n": [f"warning 1:17: {ETCD_NEW}"],
    "etcd: {version: 4.0.0, name: a}\n": [
        "error 1:17: Etcd version is not valid (too new)",
        "warning 1:24: Config has unrecognized key: name",
    ],
    "etcd: {version: 3.0}\n": ["error 1:17: 3.0 is not in dotted-tri format"],
    "etcd: {version: 3.0.1, enable_v2: true}\n": ["warning 1:24: Config has unrecognized key: enable_v2"],
    "etcd: {version: 3.1.0, auto_compaction_retention: '1'}\n": ["error 1:51: expected an integer, got `1`"],
    "etcd: {version: 3.3.0, auto_compaction_retention: 1h}\n": [],
    "flannel: {version: 0.4.9}\n": ["error 1:20: invalid flannel version (too old)"],
    "flannel: {version: 0.8.0, kube_subnet_mgr: true}\n": [
        (
            "warning 1:20: flannel minor version too new. "
            "Only options available in the previous minor version will be supported"
        )
    ],
    "flannel: {version: 1.0.0, ip_masq: 'true'}\n": ["warning 1:27: Config has unrecognized key: ip_masq"],
    "flannel: {kube_subnet_mgr: true}\n": ["warning 1:11: Config has unrecognized key: kube_subnet_mgr"],
    # the network of flannel
    "flannel: {network_config: ' null '}\n": [],
    "flannel: {network_config: '{}'}\n": [],
    "flannel: {network_config: '[]'}\n": ["error 1:27: flannel network config doesn't appear to be valid JSON"],
    "flannel: {version: 0.7.0, network_config: '{', kube_subnet_mgr: true}\n": [
        "error 1:10: flannel network config cannot be provided if kube_subnet_mgr is set"
    ],
    # update
    "update: {group: BETA}\n": [],
    "update: {group: edge}\n": ["warning 1:9: unknown update group"],
    "update: {group: edge, server: 'https://u.example'}\n": [],
    "update: {server: 'http://a b'}\n": ['error 1:18: parse "http://a b": not a valid URL'],
    # locksmith
    "locksmith: {reboot_strategy: off}\n": [],
    "locksmith: {reboot_strategy: ETCD-lock}\n": [],
    "locksmith: {reboot_strategy: never}\n": ["error 1:30: unknown reboot strategy"],
    "locksmith: {window_start: '4:00', reboot_strategy: never}\n": [
        "error 1:12: window-start and window-length must both be specified"
    ],
    "locksmith: {window_start: 'Thu 4:00 or so', window_length: 1h}\n": [],
    "locksmith: {window_start: 'thursday 4:00', window_length: 1h}\n": ["error 1:27: unknown day in window start"],
    "locksmith: {window_start: '24:00', window_length: 1d}\n": [
        "error 1:27: couldn't parse window start",
        "error 1:51: couldn't parse window length",
    ],
}


@pytest.mark.parametrize("document", FOUND)
def test_it_is_said(document: str) -> None:
    assert [said(entry) for entry in read(document.encode(), file="x.clc").report] == FOUND[document]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0", True),
        ("-1.5h", True),
        ("1h30m", True),
        (".5s", True),
        ("3us", True),
        ("3µs", True),
        ("2540400h", True),
        ("2562048h", False),
        ("9" * 400 + "h", False),
        ("1", False),
        ("1d", False),
        ("h", False),
        ("", False),
        ("1h ", False),
    ],
)
def test_a_duration(text: str, is_one: bool) -> None:
    assert is_duration(text) is is_one
