"""A Catalogue and a machine's labels go in, what that machine is answered comes out, each with a Report.

Texts are Matchbox's byte for byte (facts of Matchbox v0.11): the iPXE scripts, the metadata as lines of an environment
file. A config is a template rendered with metadata, selectors and the request, then compiled by whoever knows how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from stoker.machines.catalogue import Catalogue, Source
from stoker.machines.documents import Group, Profile
from stoker.machines.messages import (
    CLOSEST,
    NO_BOOT,
    NO_CONFIG,
    NO_MATCH,
    NOT_IGNITION,
    UNKNOWN_PROFILE,
    UNKNOWN_TEMPLATE,
)
from stoker.report import Entry, Place, Report, Severity
from stoker.templates.gotext import Rendered, StringMap, sprint

BOOTSTRAP: Final = (
    "#!ipxe\n"
    "chain ipxe?uuid=${uuid}&mac=${mac:hexhyp}&domain=${domain}"
    "&hostname=${hostname}&serial=${serial}&arch=${buildarch:uristring}\n"
)
CLOSEST_RULES: Final = 5
VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")
NOT_PRINTABLE: Final = re.compile(r"[^\x20-\x7e]")

Compile = Callable[[bytes, str], tuple[bytes | None, Report]]


class Validate(Protocol):
    """Judge an Ignition config that is served as written."""

    def __call__(self, text: bytes, file: str, /) -> Report:
        """The findings in a config."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks and how: the labels, and the query they came in."""

    labels: Mapping[str, str]
    raw_query: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a machine is given: the bytes if there are any, and how they were chosen."""

    body: bytes | None
    report: Report
    group: str = ""
    profile: str = ""
    is_unmatched: bool = False


def render_script(catalogue: Catalogue, asker: Asker) -> Answer:
    """The iPXE script of a machine's profile."""
    return _answer(catalogue, asker, _script)


def render_metadata(catalogue: Catalogue, asker: Asker) -> Answer:
    """Metadata, selectors and the request as lines `KEY=value`."""
    group, report = _select(catalogue, asker)
    if group is None:
        return Answer(None, report, is_unmatched=True)
    lines = "".join(f"{key.upper()}={value}\n" for key, value in _flatten("", variables(group, asker)))
    return Answer(lines.encode("utf-8", "surrogateescape"), report, group.key, group.profile)


def render_config(catalogue: Catalogue, asker: Asker, compile_config: Compile, validate: Validate) -> Answer:
    """The Ignition config of a machine: as written, or rendered and compiled."""

    def config(group: Group, profile: Profile, report: Report) -> bytes | None:
        if not profile.ignition_id:
            report.add(Severity.ERROR, NO_CONFIG, profile=profile.key)
            return None
        source = catalogue.source(f"ignition/{profile.ignition_id}")
        if source is None:
            key = f"ignition/{profile.ignition_id}"
            report.add(Severity.ERROR, UNKNOWN_TEMPLATE, profile=profile.key, key=key)
            return None
        return _config(source, variables(group, asker), report, compile_config, validate)

    return _answer(catalogue, asker, config)


def refusal_script(answer: Answer) -> str:
    """An iPXE script that prints on the machine's screen why it is not booted, then gives up after a while."""
    lines = [line for entry in answer.report for line in (entry.message, entry.hint) if line]
    shown = "".join(f"echo {_screen(line)}\n" for line in ("stoker has nothing to boot here:", *lines))
    return f"#!ipxe\n{shown}prompt --timeout 30000 press any key to go on with the next boot device ||\nexit\n"


def variables(group: Group, asker: Asker) -> dict[str, Any]:
    """What templates see: metadata, over it the selectors under lower-case names, over all the request."""
    data: dict[str, Any] = dict(group.metadata)
    data.update((key.lower(), value) for key, value in group.selector.items())
    data["request"] = {"query": StringMap(asker.labels), "raw_query": asker.raw_query}
    return data


def check_ignition(text: bytes, file: str) -> Report:
    """The least that an Ignition config has to be: a JSON object that names its version."""
    report = Report()
    try:
        config = json.loads(text)
        version = config["ignition"]["version"]
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        report.add(Severity.ERROR, NOT_IGNITION, place=place, reason=error.msg)
    except (ValueError, KeyError, TypeError, RecursionError):
        report.add(Severity.ERROR, NOT_IGNITION, place=Place(file, 1, 1), reason="it names no `ignition.version`")
    else:
        if not isinstance(version, str) or not VERSION.fullmatch(version):
            reason = f"`ignition.version` is `{version}`"
            report.add(Severity.ERROR, NOT_IGNITION, place=Place(file, 1, 1), reason=reason)
    return report


def _answer(catalogue: Catalogue, asker: Asker, render: Callable[[Group, Profile, Report], bytes | None]) -> Answer:
    """Find the group and the profile of a machine, then render."""
    group, report = _select(catalogue, asker)
    if group is None:
        return Answer(None, report, is_unmatched=True)
    profile = catalogue.profile(group.profile)
    if profile is None:
        report.add(Severity.ERROR, UNKNOWN_PROFILE, group=group.key, profile=group.profile)
        return Answer(None, report, group.key, group.profile)
    return Answer(render(group, profile, report), report, group.key, profile.key)


def _select(catalogue: Catalogue, asker: Asker) -> tuple[Group | None, Report]:
    report = Report()
    group = catalogue.selection.find(asker.labels)
    if group is None:
        labels = ", ".join(f"{key}={value}" for key, value in sorted(asker.labels.items()) if value)
        report.add(Severity.ERROR, NO_MATCH, labels=f"`{labels}`" if labels else "a machine without labels")
        for verdict in catalogue.selection.closest(asker.labels, CLOSEST_RULES):
            report.add(Severity.INFO, CLOSEST, group=verdict.group, reason=verdict.reason)
    return group, report


def _script(_group: Group, profile: Profile, report: Report) -> bytes | None:
    boot = profile.boot
    if boot is None:
        report.add(Severity.ERROR, NO_BOOT, profile=profile.key)
        return None
    kernel = " ".join(("kernel", boot.kernel, *boot.args))
    initrds = "".join(f"initrd {initrd}\n" for initrd in boot.initrd)
    return f"#!ipxe\n{kernel}\n{initrds}boot\n".encode("utf-8", "surrogateescape")


def _config(
    source: Source, data: Mapping[str, Any], report: Report, compile_config: Compile, validate: Validate
) -> bytes | None:
    file = source.item.file
    if source.template is None:
        report.extend(validate(source.item.data, file))
        return None if report.has_errors else source.item.data
    rendered, findings = source.template.render(data)
    report.extend(findings)
    if rendered is None:
        return None
    if rendered.data.lstrip().startswith(b"{"):
        report.extend(_in_template(validate(rendered.data, file), rendered))
        return None if report.has_errors else rendered.data
    body, findings = compile_config(rendered.data, file)
    report.extend(_in_template(findings, rendered))
    return None if report.has_errors else body


def _in_template(findings: Report, rendered: Rendered) -> Iterator[Entry]:
    """Findings in a rendered text, each put at the line of the template that wrote its line."""
    for entry in findings:
        place = entry.place and entry.place._replace(line=rendered.template_line(entry.place.line))
        yield msgspec.structs.replace(entry, place=place)


def _flatten(prefix: str, members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Scalars of nested objects under joined names; lists and nulls are left out."""
    for key, value in members.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}{key}_", value)
        elif isinstance(value, (str, bool, float)):
            yield prefix + key, sprint(value)


def _screen(line: str) -> str:
    """A line that iPXE prints as it is: no control characters, nothing it would expand or take for a separator."""
    plain = NOT_PRINTABLE.sub("?", line).replace("${", "$ {")
    return re.sub(r"(\|\||&&|#)", r" ", plain)
