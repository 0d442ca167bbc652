"""The example that the tutorial and the demonstration use: three machines, each with its own config."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.machines import Asker, check_ignition, normalise_labels, read_catalogue, render_config, render_script
from stoker.machines.catalogue import FOLDERS
from stoker.report import Report
from stoker.store import Directory

EXAMPLE = Path(__file__).parents[2] / "examples" / "matchbox"
MACHINES = [
    ("52-54-00-00-00-01", "web-1", "flatcar-nginx", "        inline: web-1.example.org\n"),
    ("52-54-00-00-00-02", "web-2", "flatcar-nginx", "docker.io/library/nginx:1.27\n"),
    ("52-54-00-00-00-03", "logs-1", "flatcar-logs", "            MaxRetentionSec=14day\n"),
]


@pytest.mark.parametrize("mac, group, profile, line", MACHINES, ids=[row[1] for row in MACHINES])
def test_each_machine_gets_its_own(mac: str, group: str, profile: str, line: str) -> None:
    directory = Directory(EXAMPLE, FOLDERS)
    directory.refresh()
    catalogue, report = read_catalogue(directory.snapshot)
    assert list(report) == []
    asker = Asker(normalise_labels({"mac": [mac], "uuid": [""]}), f"uuid=&mac={mac}")
    answer = render_config(catalogue, asker, lambda text, _file: (text, Report()), check_ignition)
    assert (answer.group, answer.profile) == (group, profile), list(answer.report)
    assert answer.body is not None
    assert line in answer.body.decode()
    assert "<no value>" not in answer.body.decode()
    script = render_script(catalogue, asker)
    assert script.body is not None
    assert script.body.startswith(b"#!ipxe\nkernel /assets/flatcar/current/flatcar_production_pxe.vmlinuz ")
