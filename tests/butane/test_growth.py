"""That eight times as much costs about eight times as much, whatever there is much of.

What is measured is one run against another in one process; the bound is far from both a straight line and a square.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from stoker.butane import compile_text
from stoker.ignition.parse import parse

FEW = 250
TIMES = 8
MOST = 24.0  # a straight line gives 8, a square 64

HEAD = "variant: fcos\nversion: 1.8.0-experimental\n"
STORAGE = f"{HEAD}storage:\n"
FILES = f"{STORAGE}  files:\n"
UNITS = f"{HEAD}systemd:\n  units:\n"
MOUNTED = "format: xfs, path: /var/{index}, with_mount_unit: true"
VOLUME = "    - {{name: a{index}, device: /dev/a{index}, clevis: {{tpm2: true}}}}\n"


def many(head: str, line: str, tail: str = "") -> Callable[[int], bytes]:
    return lambda count: (head + "".join(line.format(index=index) for index in range(count)) + tail).encode()


DOCUMENTS = {
    "files": many(FILES, "    - {{path: /a{index}, contents: {{inline: hello}}}}\n"),
    "findings": many(FILES, "    - path: a{index}\n"),
    "entries that stand twice": many(FILES, "    - path: /a\n"),
    "values of the wrong type": many(FILES, "    - a\n"),
    "unused keys": many(FILES, "    - {{path: /a{index}, b: c}}\n"),
    "unused keys of one mapping": many(HEAD, "k{index}: a\n"),
    "keys that stand twice": many(HEAD, "a: b\n"),
    "items that say nothing": many(FILES, "    - ~\n    - path: a{index}\n"),
    "merge keys": many(f"{HEAD}x: &x {{mode: 0}}\nstorage:\n  files:\n", "    - {{<<: *x, path: /a{index}}}\n"),
    "aliases": many(f"{HEAD}x: &x {{id: 0}}\nstorage:\n  files:\n", "    - {{user: *x, path: /a{index}}}\n"),
    "links": many(f"{STORAGE}  links:\n", "    - {{path: /a/{index}/b, target: /b}}\n"),
    "files below a link": many(f"{STORAGE}  links: [{{path: /a, target: /b}}]\n  files:\n", "    - path: /a/{index}\n"),
    "steps of a path": many(f"{STORAGE}  links: [{{path: /q, target: /b}}]\n  files:\n    - path: ", "/a" * 50),
    "mount units": many(f"{STORAGE}  filesystems:\n", "    - {{device: /dev/a{index}, " + MOUNTED + "}}\n"),
    "encrypted devices with mount units": lambda count: (
        many(f"{STORAGE}  luks:\n", VOLUME)(count)
        + many("  filesystems:\n", "    - {{device: /dev/mapper/a{index}, " + MOUNTED + "}}\n")(count)
    ),
    "partitions": many(
        f"{STORAGE}  disks:\n    - device: /dev/a\n      partitions:\n",
        "        - {{number: {index}, start_mib: {index}, size_mib: 1}}\n",
    ),
    "units": many(UNITS, "    - {{name: a{index}.service, enabled: true, contents: '[Service]'}}\n"),
    "instances": many(
        f"{UNITS}    - {{name: a@.service, contents: '[Service]'}}\n",
        "    - {{name: a@{index}.service, enabled: true}}\n",
    ),
    "instances of a long template": lambda count: (
        many(f"{UNITS}    - name: a@.service\n      contents: |\n        [Service]\n", "        A=b\n")(count)
        + many("", "    - {{name: a@{index}.service, enabled: true}}\n")(count)
    ),
    "quadlets": many(f"{HEAD}systemd:\n  quadlets:\n", "    - {{name: a{index}.pod, contents: a}}\n"),
    "grub users": many(f"{HEAD}grub:\n  users:\n", "    - {{name: a{index}, password_hash: b}}\n"),
    "mirrored disks": many(
        f"{HEAD}boot_device:\n  layout: x86_64\n  mirror:\n    devices:\n", "      - /dev/a{index}\n"
    ),
}

CONFIG = '{"ignition": {"version": "3.4.0"}, '
CONFIGS = {
    "files": many(f'{CONFIG}"storage": {{"files": [', '{{"path": "/a{index}"}},\n', '{"path": "/b"}]}}'),
    "findings on lines": many(f'{CONFIG}"storage": {{"files": [', '{{"path": "a{index}"}},\n', '{"path": "/b"}]}}'),
    "findings on one line": many(f'{CONFIG}"storage": {{"files": [', '{{"path": "a{index}"}}, ', '{"path": "/b"}]}}'),
    "findings on one line beyond ASCII": many(
        f'{CONFIG}"storage": {{"files": [', '{{"path": "a{index}' + "\u00e4" * 300 + '"}}, ', '{"path": "/b"}]}}'
    ),
    "unused keys": many(CONFIG, '"k{index}": 1,\n', '"a": 1}'),
    "objects of one key": many(CONFIG, '"passwd": {{}},\n', '"a": 1}'),
}


def growth(make: Callable[[int], bytes], run: Callable[[bytes], object]) -> float:
    """How many times the CPU time of few is that of many; the quicker of two runs counts."""
    spent = []
    for text in (make(FEW), make(FEW * TIMES)):
        times = []
        for _ in range(2):
            start = time.process_time()
            run(text)
            times.append(time.process_time() - start)
        spent.append(min(times))
    return spent[1] / spent[0]


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_compiling_grows_in_a_straight_line(make: Callable[[int], bytes]) -> None:
    assert growth(make, compile_text) < MOST


@pytest.mark.parametrize("make", CONFIGS.values(), ids=CONFIGS)
def test_validating_grows_in_a_straight_line(make: Callable[[int], bytes]) -> None:
    assert growth(make, parse) < MOST
