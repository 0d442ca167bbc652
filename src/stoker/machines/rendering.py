"""A Catalogue and a machine's labels go in, what that machine is answered comes out, each with a Report.

Texts are Matchbox's byte for byte (facts of Matchbox v0.11): the iPXE scripts, the metadata as lines of an environment
file. A config is a template rendered with metadata, selectors and the request, then compiled by whoever knows how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Protocol, cast

import msgspec

from stoker.machines.catalogue import Catalogue, Source
from stoker.machines.cloud import check_cloud
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

    def judged(self, body: bytes | None, findings: Iterable[Entry]) -> Answer:
        """The same choice with another body, and none where an error is among the findings."""
        report = Report((*self.report, *findings))
        return replace(self, body=None if report.has_errors else body, report=report)


class Origin(NamedTuple):
    """Where a text came from: the file, and the rendering of it where it is a template."""

    file: str
    rendered: Rendered | None

    def found(self, findings: Iterable[Entry]) -> Iterator[Entry]:
        """Findings in the text, each put at the line of the template that wrote its line."""
        for entry in findings:
            place = entry.place
            if place is not None and self.rendered is not None:
                place = place._replace(line=self.rendered.template_line(place.line))
            yield msgspec.structs.replace(entry, place=place)


NOWHERE: Final = Origin("", None)


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


def render_grub(catalogue: Catalogue, asker: Asker) -> Answer:
    """The configuration of GRUB for a machine's profile: an entry for EFI, one for a BIOS."""
    return _answer(catalogue, asker, _grub)


def render_text(catalogue: Catalogue, asker: Asker, folder: str) -> tuple[Answer, Origin]:
    """The file that a machine's profile names for a folder: as written, or its template carried out."""
    answer, group, profile = _choose(catalogue, asker)
    if group is None or profile is None:
        return answer, NOWHERE
    source = _source(catalogue, profile, folder, answer.report)
    if source is None:
        return answer, NOWHERE
    if source.template is None:
        return replace(answer, body=source.item.data), Origin(source.item.file, None)
    rendered, findings = source.template.render(variables(group, asker))
    answer.report.extend(findings)
    body = None if rendered is None else rendered.data
    return replace(answer, body=body), Origin(source.item.file, rendered)


def render_generic(catalogue: Catalogue, asker: Asker) -> Answer:
    """The text that a machine's profile names for anything else."""
    return render_text(catalogue, asker, "generic")[0]


def render_cloud(catalogue: Catalogue, asker: Asker) -> Answer:
    """The cloud-config or the script of a machine."""
    answer, origin = render_text(catalogue, asker, "cloud")
    if answer.body is None:
        return answer
    return answer.judged(answer.body, origin.found(check_cloud(answer.body, origin.file)))


def render_config(catalogue: Catalogue, asker: Asker, compile_config: Compile, validate: Validate) -> Answer:
    """The Ignition config of a machine: as written, or rendered and compiled; the same again while it is kept."""
    inputs = _inputs(catalogue, asker, "ignition")
    if inputs is None:
        return _render_config(catalogue, asker, compile_config, validate)
    key = (compile_config, cast("Hashable", validate), *inputs)
    answer: Answer = catalogue.rendered.get(key, lambda: _render_config(catalogue, asker, compile_config, validate))
    return answer


def _inputs(catalogue: Catalogue, asker: Asker, folder: str) -> tuple[Hashable, ...] | None:
    """All that goes into the text of a machine: contents, and what it asks with; None where there is no such text."""
    group = catalogue.selection.find(asker.labels)
    profile = catalogue.profiles.get(group.profile) if group else None
    if group is None or profile is None or profile.document is None:
        return None
    source = catalogue.source_entry(f"{folder}/{profile.document.files[folder]}")
    if source is None:
        return None
    revisions = catalogue.groups[group.key].revision, profile.revision, source.revision
    return group.key, group.profile, *revisions, asker.raw_query, *asker.labels.items()


def _render_config(catalogue: Catalogue, asker: Asker, compile_config: Compile, validate: Validate) -> Answer:
    answer, origin = render_text(catalogue, asker, "ignition")
    text = answer.body
    if text is None:
        return answer
    if origin.rendered is None or text.lstrip().startswith(b"{"):
        return answer.judged(text, origin.found(validate(text, origin.file)))
    body, findings = compile_config(text, origin.file)
    return answer.judged(body, origin.found(findings))


def refusal_script(answer: Answer) -> str:
    """An iPXE script that prints on the machine's screen why it is not booted, then gives up after a while."""
    return reason_script([line for entry in answer.report for line in (entry.message, entry.hint) if line])


def reason_script(lines: Iterable[str]) -> str:
    """The same for reasons in words."""
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
    answer, group, profile = _choose(catalogue, asker)
    if group is None or profile is None:
        return answer
    return replace(answer, body=render(group, profile, answer.report))


def _choose(catalogue: Catalogue, asker: Asker) -> tuple[Answer, Group | None, Profile | None]:
    """The group and the profile of a machine, with an answer that has no body yet and says why if there never will."""
    group, report = _select(catalogue, asker)
    if group is None:
        return Answer(None, report, is_unmatched=True), None, None
    profile = catalogue.profile(group.profile)
    if profile is None:
        report.add(Severity.ERROR, UNKNOWN_PROFILE, group=group.key, profile=group.profile)
        return Answer(None, report, group.key, group.profile), group, None
    return Answer(None, report, group.key, profile.key), group, profile


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


def _grub(_group: Group, profile: Profile, report: Report) -> bytes | None:
    boot = profile.boot
    if boot is None:
        report.add(Severity.ERROR, NO_BOOT, profile=profile.key)
        return None
    arguments = "".join(f" {argument}" for argument in boot.args)
    initrds = "".join(f' "{initrd}"' for initrd in boot.initrd)
    entries = "".join(
        f'menuentry "CoreOS ({firmware})" {{\n'
        f'echo "Loading kernel"\nlinux{suffix} "{boot.kernel}"{arguments}\n'
        f'echo "Loading initrd"\ninitrd{suffix} {initrds}\n}}\n'
        for firmware, suffix in (("EFI", "efi"), ("BIOS", ""))
    )
    return f"default=0\nfallback=1\ntimeout=1\n{entries}".encode("utf-8", "surrogateescape")


def _source(catalogue: Catalogue, profile: Profile, folder: str, report: Report) -> Source | None:
    """The file that a profile names for a folder, or why there is none."""
    name = profile.files[folder]
    if not name:
        report.add(Severity.ERROR, NO_CONFIG, profile=profile.key, folder=folder)
        return None
    entry = catalogue.source_entry(f"{folder}/{name}")
    if entry is None:
        report.add(Severity.ERROR, UNKNOWN_TEMPLATE, profile=profile.key, key=f"{folder}/{name}")
        return None
    if entry.document is None:
        report.extend(entry.report)
    return entry.document


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
