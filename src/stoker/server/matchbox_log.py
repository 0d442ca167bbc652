"""What Matchbox v0.11 notes of an answer in its log: an Answer goes in, notes come out, in its words and at its levels.

Words and fields are those of its package http; what a template or a config is refused for is said in Stoker's words.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stoker.machines import Answer, Asker, Catalogue
from stoker.machines.documents import Group
from stoker.machines.messages import NO_BOOT, NO_CONFIG, NO_MATCH, NOT_CLOUD, UNKNOWN_PROFILE, UNKNOWN_TEMPLATE
from stoker.report import Entry
from stoker.templates.gotext import StringMap, sprint

OF_PROFILES: Final = frozenset({"ipxe", "grub"})  # the stages that Matchbox picks a profile for, not a group
NO_TEMPLATE: Final = {
    "ignition": "No Ignition or Container Linux Config template named: ",
    "cloud": "No cloud-config template named: ",
    "generic": "No generic template named: ",
}
REFUSED: Final = {
    "ignition": "error translating Butane Config: ",
    "cloud": "error parsing cloud config: ",
}
MATCHED: Final = {
    "ipxe": "Matched an iPXE config",
    "grub": "Matched a GRUB config",
    "ignition": "Matched an Ignition or Container Linux Config template",
    "cloud": "Matched a cloud-config template",
    "generic": "Matched a generic template",
    "metadata": "Matched group metadata",
}
NIL_BOOT: Final = "error rendering template: the profile has no boot"


class Note(NamedTuple):
    """A line before it is written: a level of logrus, a message and fields."""

    level: str
    text: str
    fields: dict[str, str]


def notes_of(stage: str, catalogue: Catalogue, asker: Asker, answer: Answer) -> list[Note]:
    """What is noted of an answer, given or not."""
    entry = catalogue.groups.get(answer.group)
    group = (entry.document if entry else None) or Group("")
    labels = {"labels": str(sprint(StringMap(asker.labels)))}
    errors = [finding for finding in answer.report if finding.is_error]
    missing = next((each for each in errors if each.code in _MISSING), None)
    if missing is not None:
        return [_missing(stage, missing, catalogue, group, answer, labels)]
    chosen = {"group": group.id} if stage not in OF_PROFILES else {}
    profile = catalogue.profile(answer.profile)
    if stage != "metadata" and profile is not None:
        chosen["profile"] = profile.id
    notes = [Note("debug", MATCHED[stage], labels | chosen)]
    if stage == "cloud":
        notes.append(Note("warning", "Cloud-Config support will be removed in the future", {}))
    return notes + _refusals(stage, errors, is_served=answer.body is not None)


_MISSING: Final = frozenset(message.code for message in (NO_MATCH, UNKNOWN_PROFILE, NO_CONFIG, UNKNOWN_TEMPLATE))


def _missing(
    stage: str, error: Entry, catalogue: Catalogue, group: Group, answer: Answer, labels: dict[str, str]
) -> Note:
    """Why nothing could be answered at all."""
    if stage in OF_PROFILES:
        return Note("info", "No matching profile", labels)
    if error.code == NO_MATCH.code:
        return Note("info", "No matching group", labels)
    fields = labels | {"group": group.id, "group_name": group.name}
    if error.code == UNKNOWN_PROFILE.code:
        return Note("info", f"No profile named: {group.profile}", fields)
    profile = catalogue.profile(answer.profile)
    name = getattr(profile, f"{stage}_id", "")
    return Note("info", NO_TEMPLATE[stage] + name, fields | {"profile": group.profile})


def _refusals(stage: str, errors: list[Entry], *, is_served: bool) -> list[Note]:
    """What was wrong with a template or with what it made."""
    notes: list[Note] = []
    for error in errors:
        where = f"{error.place}: " if error.place else ""
        if error.code == NO_BOOT.code:
            notes.append(Note("error", NIL_BOOT, {}))
        elif error.code == NOT_CLOUD.code:
            notes.append(Note("error", "error parsing user-data", {}))
        elif error.code.startswith("template-"):
            step = "parsing" if error.code == "template-syntax" else "rendering"
            notes.append(Note("error", f"error {step} template: {error.message}", {}))
        elif is_served:
            notes.append(Note("warning", f"warning parsing Ignition: {where}{error.message}", {}))
        else:
            notes.append(Note("error", f"{REFUSED.get(stage, '')}{where}{error.message}", {}))
    return notes
