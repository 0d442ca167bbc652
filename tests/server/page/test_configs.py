"""A machine's config and disks as people look at them, and the timeline: lines, where they come from, what is drawn."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest

from stoker.cli.sites import compile_config
from stoker.machines import Catalogue, Machine, State, check_ignition, read_catalogue, render_config
from stoker.machines.inventory import Disk, Inventory
from stoker.machines.rendering import Asker
from stoker.report import Place
from stoker.server.page.configs import Shown, show_config
from stoker.server.page.disks import WIDTH, draw_disks
from stoker.server.page.machine import ways
from stoker.server.page.places import Named, name_file, name_place
from stoker.store import Item
from stoker.store.snapshots import digest, take_snapshot

LABELS = {"hostname": "web-1", "mac": "52:54:00:00:00:01"}
BUTANE = """variant: flatcar
version: 1.1.0
storage:
  files:
{{- range .names}}
    - path: /etc/{{.}}
      contents:
        inline: {{.}} of {{$.request.query.hostname}}
{{- end}}
"""
DISKS = """variant: fcos
version: 1.5.0
storage:
  disks:
    - device: /dev/vdb
      wipe_table: true
      partitions:
        - label: swap
          size_mib: 1024
        - label: data
    - device: /dev/disk/by-id/coreos-boot-disk
      wipe_table: false
      partitions:
        - number: 4
          label: root
          size_mib: 8192
          resize: true
        - label: var
          size_mib: 0
"""
CLC = "storage:\n  files:\n    - path: /etc/a\n      filesystem: root\n      contents:\n        inline: b\n"


def catalogue(name: str, text: str, metadata: str = '{"names": ["a", "b"]}') -> Catalogue:
    files = {
        "groups/g.json": f'{{"profile": "p", "metadata": {metadata}}}',
        "profiles/p.json": f'{{"id": "p", "ignition_id": "{name}"}}',
        f"ignition/{name}": text,
    }
    items = {key: Item(key, data.encode(), digest(data.encode()), f"/srv/{key}") for key, data in files.items()}
    return read_catalogue(take_snapshot(items))[0]


def shown(name: str, text: str) -> Shown:
    return show_config(catalogue(name, text), LABELS)


def test_each_line_knows_the_line_of_the_template_that_wrote_it() -> None:
    found = shown("web.bu", BUTANE)
    assert [(line.number, line.origin, line.text) for line in found.lines[4:8]] == [
        (5, 6, "    - path: /etc/a"),
        (6, 7, "      contents:"),
        (7, 8, "        inline: a of web-1"),
        (8, 6, "    - path: /etc/b"),
    ]
    assert len(found.lines) == 10


def test_each_part_of_the_result_knows_the_line_that_asked_for_it() -> None:
    found = shown("web.bu", BUTANE)
    assert [
        (line.text.strip(" ,"), line.origin) for line in found.result if "path" in line.text or "source" in line.text
    ] == [
        ('"path": "/etc/a"', 5),
        ('"source": "data:,a%20of%20web-1"', 7),
        ('"path": "/etc/b"', 8),
        ('"source": "data:,b%20of%20web-1"', 10),
    ]
    assert found.places(("storage", "files", 1, "path")) == [Place("/srv/ignition/web.bu", 6, 13)]
    assert found.places(()) == []


TEXTS = {
    "web.bu": BUTANE,
    "old.clc": CLC,
    "raw.ign": '{"ignition": {"version": "3.4.0"}, "kernelArguments": {"shouldExist": ["a"]}}',
    "two.ign": '{"ignition": {"version": "2.3.0"}}',
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_shown_is_what_is_sent(name: str) -> None:
    known = catalogue(name, TEXTS[name])
    answer = render_config(known, Asker(LABELS), compile_config, check_ignition)
    assert answer.body is not None
    found = show_config(known, LABELS)
    assert found.digest == hashlib.sha512(answer.body).hexdigest()
    assert found.result
    assert found.config is not None


BROKEN = {
    "no template": ("web.bu", "{{if}}", "missing value for if", 0),
    "a template that fails": ("web.bu", "variant: {{.nothing}}", "nothing", 0),
    "no config": ("web.bu", "variant: flatcar\nversion: 1.1.0\nstorage: 1\n", "line", 3),
    "no variant": ("web.bu", "a: b\n", "variant", 1),
    "no JSON": ("raw.ign", '{"ignition": ', "", 1),
}


@pytest.mark.parametrize("name, text, said, lines", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_said_and_shown_as_far_as_it_goes(name: str, text: str, said: str, lines: int) -> None:
    found = shown(name, text)
    assert found.report.has_errors
    assert (found.config, found.result, found.digest, len(found.lines)) == (None, (), "", lines)
    assert said in " ".join(entry.message for entry in found.report) or lines


def test_findings_stand_at_their_lines() -> None:
    found = shown("web.bu", "variant: flatcar\nversion: 1.1.0\n{{/* a\nb */}}\nstorage: 1\n")
    (line,) = (line for line in found.lines if line.findings)
    assert (line.number, line.origin) == (4, 5)
    assert {entry.place.line for entry in found.report if entry.place} == {5}


def test_long_values_are_cut_and_long_configs_too() -> None:
    long = "variant: flatcar\nversion: 1.1.0\nstorage:\n  files:\n"
    long += "".join(f"    - path: /f{number}\n      contents: {{inline: {'x' * 900}}}\n" for number in range(2000))
    found = shown("web.bu", long)
    assert len(found.lines) == len(found.result) == 3000
    assert max(len(line.text) for line in (*found.lines, *found.result)) <= 400


def test_disks_are_drawn_to_scale_before_and_after() -> None:
    found = shown("web.bu", DISKS)
    data, boot = draw_disks(found.config, found.distribution, Machine("m", 1, 1))
    assert (data.node, data.is_told, [box.size for box in data.before]) == ("/dev/vdb", False, ["without a table"])
    assert [(box.name, box.kind) for box in data.after] == [("1 swap", "made"), ("2 data", "made")]
    assert [(box.name, box.kind) for box in boot.before][:4] == [
        ("1 BIOS-BOOT", "kept"),
        ("2 EFI-SYSTEM", "kept"),
        ("3 boot", "kept"),
        ("4 root", "kept"),
    ]
    assert [(box.name, box.kind) for box in boot.after][-2:] == [("4 root", "kept"), ("5 var", "made")]
    for boxes in (data.before, data.after, boot.before, boot.after):
        assert boxes[0].x == 0
        assert boxes[-1].x + boxes[-1].width == WIDTH
        assert all(one.x + one.width == other.x and one.width > 0 for one, other in pairwise(boxes))
    assert "+ 1 swap" in data.text


def test_disks_that_a_machine_has_told_of_have_their_size() -> None:
    found = shown("web.bu", DISKS)
    told = Machine("m", 1, 1, inventory=Inventory(disks=(Disk("/dev/vdb", 64 << 30), Disk("/dev/vdz", 1))))
    data, _ = draw_disks(found.config, found.distribution, told)
    assert (data.size, data.is_told) == ("64 GiB", True)
    small = Machine("m", 1, 1, inventory=Inventory(disks=(Disk("/dev/vdb", 1 << 20),)))
    assert draw_disks(found.config, found.distribution, small)[0].size != "1 MiB"
    assert draw_disks(None, "fcos", told) == []
    assert draw_disks(shown("web.bu", BUTANE).config, "flatcar", told) == []


PLACES = [
    ("/srv/ignition/web.bu", Named("ignition/web.bu", "/ui/templates/ignition/web.bu")),
    ("/srv/groups/g.json", Named("groups/g.json", "/ui/groups/g")),
    ("/srv/profiles/p.json", Named("profiles/p.json", "/ui/profiles/p")),
    ("/elsewhere/ignition/web.bu", Named("web.bu")),
    ("/etc/passwd", Named("passwd")),
    ("", Named("")),
]


@pytest.mark.parametrize("file, named", PLACES, ids=[row[0] for row in PLACES])
def test_files_are_called_by_their_keys_and_lead_to_their_pages(file: str, named: Named) -> None:
    known = catalogue("web.bu", BUTANE)
    assert name_file(known, file) == named
    line = f"{named.address}#L7" if named.address else ""
    assert name_place(known, Place(file, 7, 1)) == Named(f"{named.name}:7", line)


def test_what_comes_next_is_the_table_of_transitions() -> None:
    assert ways(State.RETIRED) == [
        ("discovered", "a person let it go on, its failures forgotten"),
        ("forgotten", "a person had its record removed"),
    ]
    assert all(target != state for state in State for target, _ in ways(state))
