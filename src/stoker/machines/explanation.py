"""Why a machine gets what it gets: a Catalogue and who asks go in, an Explanation comes out, as data and as text.

It says of each group, in the order in which they are tried, whether it takes the machine, and which selector wanted
what; then what the machine boots and which files configure it. What is wrong with them is in a Report.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from stoker.machines.boots import read_demands
from stoker.machines.catalogue import Catalogue
from stoker.machines.documents import Boot, Group, Profile
from stoker.machines.rendering import Asker, Compile, Validate, render_config, render_script
from stoker.report import Report


class Selector(msgspec.Struct, frozen=True):
    """One selector of a group against a machine: the value that is wanted, and the one that the machine has."""

    name: str
    wanted: str
    got: str
    holds: bool


class Tried(msgspec.Struct, frozen=True):
    """A group, in the order in which they are tried; of those that match the first is chosen."""

    group: str
    profile: str
    file: str
    is_match: bool
    is_chosen: bool
    selectors: tuple[Selector, ...]


class File(msgspec.Struct, frozen=True):
    """A file that configures the machine: by which path it asks for it, its key and where that is, if it is there."""

    endpoint: str
    key: str
    file: str = ""


class Explanation(msgspec.Struct, frozen=True):
    """What a machine gets and why."""

    labels: dict[str, str]
    tried: tuple[Tried, ...]
    group: str = ""
    profile: str = ""
    boot: dict[str, Any] | None = None
    files: tuple[File, ...] = ()
    installs_once: bool = False
    takes_token: bool = False


def explain(
    catalogue: Catalogue, asker: Asker, compile_config: Compile, validate: Validate
) -> tuple[Explanation, Report]:
    """Explain what a machine gets. The report has errors where it gets nothing, or less than its profile names."""
    selection = catalogue.selection
    chosen = selection.find(asker.labels)
    tried = tuple(_try(catalogue, group, asker, is_chosen=group is chosen) for group in selection.groups)
    labels = dict(asker.labels)
    profile = catalogue.profile(chosen.profile) if chosen is not None else None
    if chosen is None or profile is None:
        report = render_script(catalogue, asker).report
        group = chosen.key if chosen is not None else ""
        return Explanation(labels, tried, group), report
    demands, report = read_demands(chosen)
    if profile.ignition_id:
        report.extend(render_config(catalogue, asker, compile_config, validate).report)
    return Explanation(
        labels,
        tried,
        chosen.key,
        profile.key,
        _boot(profile.boot),
        tuple(_files(catalogue, profile)),
        demands.installs_once,
        demands.takes_token,
    ), report


def explanation_text(explanation: Explanation, *, has_groups: bool) -> str:
    """An explanation for people; `has_groups`: with each group and its selectors."""
    lines = ["machine"]
    lines += [f"  {name}: {value}" for name, value in sorted(explanation.labels.items()) if value] or ["  no labels"]
    if has_groups:
        lines += ["", "groups, in the order in which they are tried"]
        for tried in explanation.tried:
            lines += _tried_lines(tried)
    lines += ["", f"group {explanation.group}" if explanation.group else "no group takes it"]
    if explanation.profile:
        lines += [f"profile {explanation.profile}", *_profile_lines(explanation)]
    return "\n".join(lines) + "\n"


def _try(catalogue: Catalogue, group: Group, asker: Asker, *, is_chosen: bool) -> Tried:
    got = {name: asker.labels.get(name, "") for name in group.selector}
    selectors = tuple(
        Selector(name, wanted, got[name], wanted == got[name]) for name, wanted in sorted(group.selector.items())
    )
    is_match = all(selector.holds for selector in selectors)
    return Tried(group.key, group.profile, catalogue.groups[group.key].item.file, is_match, is_chosen, selectors)


def _boot(boot: Boot | None) -> dict[str, Any] | None:
    return None if boot is None else {"kernel": boot.kernel, "initrd": list(boot.initrd), "args": list(boot.args)}


def _files(catalogue: Catalogue, profile: Profile) -> Iterator[File]:
    names = profile.files
    for folder, name in names.items():
        if name:
            source = catalogue.source(f"{folder}/{name}")
            yield File(f"/{folder}", f"{folder}/{name}", source.item.file if source is not None else "")


def _tried_lines(tried: Tried) -> Iterator[str]:
    became = "chosen" if tried.is_chosen else "matches, but comes later" if tried.is_match else "no"
    yield f"  {tried.group}: {became}"
    if not tried.selectors:
        yield "    it has no selector, so it takes every machine"
    for selector in tried.selectors:
        has = "which it has" if selector.holds else f"has {selector.got}" if selector.got else "has none"
        yield f"    {selector.name}: wants {selector.wanted or 'none'}, {has}"


def _profile_lines(explanation: Explanation) -> Iterator[str]:
    boot = explanation.boot
    if boot is None:
        yield "  boots nothing by itself"
    else:
        yield f"  kernel: {boot['kernel']}"
        yield from (f"  initrd: {initrd}" for initrd in boot["initrd"])
        yield from (f"  argument: {argument}" for argument in boot["args"])
    for file in explanation.files:
        yield f"  {file.endpoint}: {file.file or f'{file.key}, which is not there'}"
    if explanation.installs_once:
        yield "  its script installs, once: then it boots from its disk until it is armed"
    if explanation.takes_token:
        yield "  its config takes a token: its script is for armed machines alone"
