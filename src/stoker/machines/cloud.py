"""User data as coreos-cloudinit reads it: a text goes in, a Report of why it is none comes out.

A text is a script when its first line begins with `#!`, and a cloud-config when that line is `#cloud-config`, blanks at
its end aside. A cloud-config has to be YAML; what its keys hold is left to the machine, as coreos-cloudinit 1.14 does.
"""

from __future__ import annotations

from stoker.document import yaml
from stoker.machines.messages import NOT_CLOUD
from stoker.report import Place, Report, Severity


def check_cloud(text: bytes, file: str) -> Report:
    """Judge user data."""
    first = text.partition(b"\n")[0]
    if first.startswith(b"#!"):
        return Report()
    if first.rstrip() == b"#cloud-config":
        return yaml.read(text, file)[1]
    report = Report()
    report.add(Severity.ERROR, NOT_CLOUD, place=Place(file, 1, 1))
    return report
