"""Which version of Ignition a client is given: its Accept header goes in, a version or a refusal comes out.

A client that names no version gets the config as its source says it. One that names versions gets the newest of them,
whatever weights it gives, since a weight of 0 alone refuses; an experimental one only when it names it. Ignition 3
names the newest that it reads: `application/vnd.coreos.ignition+json;version=3.6.0, */*;q=0.1`.
Source: RFC 9110 section 12.5.1; Ignition's `internal/resource/http.go` for what it sends.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from stoker.ignition.encode import encode
from stoker.ignition.parse import parse
from stoker.ignition.versions import TARGETS, find_target, to_version
from stoker.machines.messages import NO_VERSION, NOT_IN_VERSION
from stoker.report import Place, Report, Severity
from stoker.schema.specs import Spec, canonical_version, version_order

MEDIA_TYPE: Final = "application/vnd.coreos.ignition+json"
MAX_HEADER: Final = 1024  # characters that are looked at
_ITEM: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER: Final = re.compile(r';\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')
_WEIGHT: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class Range(NamedTuple):
    """One of the things a client accepts: a media type, the version it names, if it does, and a weight up to 1."""

    media: str
    version: str
    weight: float


class Choice(NamedTuple):
    """What a client is given: a version of Ignition, or the source's own when that is None; or nothing (406)."""

    target: Spec | None
    report: Report

    @property
    def is_refused(self) -> bool:
        """Whether there is nothing that the client accepts."""
        return self.report.has_errors


def read_accept(header: str) -> Iterator[Range]:
    """The ranges of an Accept header; one whose weight is none counts in full, as a server may ignore it."""
    for item in _ITEM.findall(header[:MAX_HEADER]):
        media = item.partition(";")[0].strip().lower()
        parameters = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(item)}
        weight = parameters.get("q", "1")
        yield Range(media, parameters.get("version", ""), float(weight) if _WEIGHT.fullmatch(weight) else 1.0)


def choose_version(accept: str) -> Choice:
    """Choose by a client's Accept header, empty when it sent none.

    A version that is newer than all that are known stands for the newest known one of its kind that is released:
    Ignition reads what is older.
    """
    target, wanted = _read(accept[:MAX_HEADER])
    report = Report()
    if target is None and wanted:
        versions = ", ".join(f"`{version}`" for version in wanted)
        report.add(Severity.ERROR, NO_VERSION, versions=versions, oldest=TARGETS[0].version, newest=TARGETS[-2].version)
    return Choice(target, report)


@functools.lru_cache(maxsize=256)
def _read(accept: str) -> tuple[Spec | None, tuple[str, ...]]:
    """The newest version that a client accepts, and those it names; clients of one kind all send the same header."""
    named = [each for each in read_accept(accept) if each.media == MEDIA_TYPE and each.version]
    wanted = tuple(each.version for each in named if each.weight > 0)
    refused = {spec.version for each in named if not each.weight and (spec := _known(each.version))}
    known = [spec for version in wanted if (spec := _known(version)) and spec.version not in refused]
    return max(known, key=_order, default=None), wanted


def bring_to(config: bytes, target: Spec | None, file: str = "") -> tuple[bytes | None, Report]:
    """A config in the version that was chosen; as it is when it is in that one already, or none was chosen.

    What is lost on the way is an error, since the machine would not become what was asked for; then there are no bytes.
    """
    if target is None:
        return config, Report()
    parsed = parse(config, file=file)
    if parsed.spec is None or parsed.spec.version == target.version:
        return config, Report()
    converted, report = to_version(parsed, target)
    if converted is None or report.has_errors:
        refused = Report()
        place = Place(file, 1, 1) if file else None
        own = parsed.spec.version
        refused.add(Severity.ERROR, NOT_IN_VERSION, place=place, own=own, target=target.version)
        refused.extend(report)
        return None, refused
    return encode(converted), report


def _known(version: str) -> Spec | None:
    found = find_target(version)
    if found is not None:
        return found
    whole = canonical_version(version)
    if whole is None or "-" in whole:
        return None
    order = version_order(whole)
    older = [
        spec for spec in TARGETS if "-" not in spec.version and _order(spec)[0] == order[0] and _order(spec) <= order
    ]
    return max(older, key=_order, default=None)


def _order(spec: Spec) -> tuple[int, ...]:
    return version_order(spec.version)


class _Ignition(msgspec.Struct):
    version: str = ""


class _Versioned(msgspec.Struct):
    ignition: _Ignition


def find_version(config: bytes) -> str:
    """The version that a config names, empty where it names none."""
    try:
        return msgspec.json.decode(config, type=_Versioned).ignition.version
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
