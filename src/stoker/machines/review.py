"""A Catalogue goes in, all that is wrong with what machines would be given comes out, before any of them asks.

For each group one machine is imagined that it takes: it has the labels that iPXE sends and the group's own selectors.
What cannot be known from here is what a template makes of other labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from stoker.machines.catalogue import Catalogue
from stoker.machines.documents import Group
from stoker.machines.messages import NEVER_CHOSEN
from stoker.machines.rendering import Answer, Asker, Compile, Validate, render_cloud, render_config, render_generic
from stoker.report import Entry, Place, Report, Severity

USUAL: Final = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "mac": "52:54:00:00:00:00",
    "domain": "",
    "hostname": "",
    "serial": "",
    "arch": "x86_64",
}


def review(catalogue: Catalogue, compile_config: Compile, validate: Validate) -> Report:
    """What is found in what the groups lead to, each thing once, though many groups lead to it."""
    found: dict[Entry, None] = {}
    for group in catalogue.selection.groups:
        asker = imagine(group)
        chosen = catalogue.selection.find(asker.labels)
        if chosen is not None and chosen is not group and chosen.selector == group.selector:
            found.update(dict.fromkeys(_never_chosen(catalogue, group, chosen)))
            continue
        for answer in _answers(catalogue, asker, compile_config, validate):
            found.update(dict.fromkeys(answer.report))
    return Report(found)


def imagine(group: Group) -> Asker:
    """A machine that the group takes."""
    labels = USUAL | dict(group.selector)
    return Asker(labels, urlencode({**labels, "mac": labels["mac"].replace(":", "-")}))


def _answers(catalogue: Catalogue, asker: Asker, compile_config: Compile, validate: Validate) -> Iterator[Answer]:
    """What the machine is given by each path that its profile has a file for."""
    group = catalogue.selection.find(asker.labels)
    profile = catalogue.profile(group.profile) if group else None
    if profile is None:  # the catalogue's own findings say so
        return
    if profile.ignition_id and catalogue.source(f"ignition/{profile.ignition_id}"):
        yield render_config(catalogue, asker, compile_config, validate)
    if profile.cloud_id and catalogue.source(f"cloud/{profile.cloud_id}"):
        yield render_cloud(catalogue, asker)
    if profile.generic_id and catalogue.source(f"generic/{profile.generic_id}"):
        yield render_generic(catalogue, asker)


def _never_chosen(catalogue: Catalogue, group: Group, chosen: Group) -> Report:
    report = Report()
    place = Place(catalogue.groups[group.key].item.file, 1, 1)
    report.add(Severity.WARNING, NEVER_CHOSEN, place=place, group=group.key, chosen=chosen.key)
    return report
