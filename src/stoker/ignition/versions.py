"""One config brought to any version, whichever it is written in.

In goes a text, or what `parse` made of it, and the version wanted; out come the config in that version, if it can be
said in it, and a finding, with its place in the text, for everything that is lost or refused on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stoker.ignition.convert import convert
from stoker.ignition.moves import Moves
from stoker.ignition.parse import Parsed, find_among, parse_plainly
from stoker.report import Report
from stoker.schema.marks import since
from stoker.schema.specs import IGNITION, IGNITION_2, Spec

if TYPE_CHECKING:
    from stoker.schema.v2 import Config as OldConfig

# Older ones cannot say that a file must not be overwritten, nor leave a mode to the system; nothing is written in them.
_WRITTEN: Final = since("2.2")
TARGETS: Final = [*(spec for spec in IGNITION_2 if _WRITTEN.has(spec)), *IGNITION]


def find_target(version: str) -> Spec | None:
    """The one of TARGETS in a version as a person writes it: `2.4` and `2.4.0` are the same."""
    return find_among(TARGETS, version)


def read_as(
    text: bytes, target: Spec, filesystems: Mapping[str, str] | None = None, *, file: str = "", dedupe: bool = False
) -> tuple[Any, Report]:
    """Parse a config and bring it to `target`, as `to_version` does: the config, its findings and those of the way."""
    parsed = parse_plainly(text, file=file)
    config, lost = to_version(parsed, target, filesystems, dedupe=dedupe)
    return config, Report([*parsed.report, *lost])


def to_version(
    parsed: Parsed,
    target: Spec,
    filesystems: Mapping[str, str] | None = None,
    *,
    dedupe: bool = False,
    like_ign_converter: bool = False,
) -> tuple[Any, Report]:
    """Bring a config to `target`, one of TARGETS: a config of `v3` or `v2`, or None, and the findings of the way.

    `filesystems`, `like_ign_converter`: see `upgrade` and `downgrade`. `dedupe` keeps the last of what an Ignition 2
    config says twice.
    """
    config, report = _bring(parsed, target, filesystems, dedupe=dedupe, like_ign_converter=like_ign_converter)
    document = parsed.document
    if document is None:
        return config, report
    return config, Report(msgspec.structs.replace(entry, place=document.place(entry.pointer)) for entry in report)


def _bring(
    parsed: Parsed, target: Spec, filesystems: Mapping[str, str] | None, *, dedupe: bool, like_ign_converter: bool
) -> tuple[Any, Report]:
    spec = parsed.spec
    if spec is not None and parsed.config is not None:
        if target.family == "v3":
            return convert(parsed.config, spec, target, like_ign_converter=like_ign_converter)
        from stoker.ignition.downgrade import downgrade  # noqa: PLC0415 -- one of three ways is taken

        return downgrade(parsed.config, spec, target, like_ign_converter=like_ign_converter)
    if spec is None or parsed.old is None:
        return None, Report()
    return _bring_old(parsed.old, spec, target, filesystems, dedupe=dedupe, like_ign_converter=like_ign_converter)


def _bring_old(
    config: OldConfig,
    spec: Spec,
    target: Spec,
    filesystems: Mapping[str, str] | None,
    *,
    dedupe: bool,
    like_ign_converter: bool,
) -> tuple[Any, Report]:
    """Bring an Ignition 2 config to any version; what moves within it on the way is followed back."""
    from stoker.ignition.dedupe import deduplicate  # noqa: PLC0415
    from stoker.ignition.networkd import move_networkd  # noqa: PLC0415
    from stoker.ignition.upgrade import renew, upgrade  # noqa: PLC0415

    report, moved, kept = Report(), Moves(), Moves()
    if target.family == "v3" and not like_ign_converter:
        report, moved = move_networkd(config)
    if dedupe:
        found, kept = deduplicate(config)
        report.extend(map(moved.back, found))
    if report.has_errors:
        return None, report
    result: Any
    if target.family == "v2":
        result, found = renew(config, spec, target)
    else:
        result, found = upgrade(config, spec, target, filesystems, like_ign_converter=like_ign_converter)
    report.extend(moved.back(kept.back(entry)) for entry in found)
    return result, report
