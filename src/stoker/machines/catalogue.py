"""A Snapshot of Matchbox's files goes in, a Catalogue of groups, profiles and templates comes out, with a Report.

A file that has not changed is not read again. A file that is broken is a finding, and what it said when it was last
whole stays in the Catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import basename, normpath
from typing import Any, Final, Generic, TypeVar

from stoker.machines.cache import Cache
from stoker.machines.documents import Group, Profile, read_group, read_profile
from stoker.machines.known import NOBODY, Known, read_labels
from stoker.machines.messages import KEPT, UNKNOWN_PROFILE, UNKNOWN_TEMPLATE
from stoker.machines.selection import Selection
from stoker.report import Place, Report, Severity
from stoker.store import Item, Snapshot
from stoker.templates.gotext import Template, parse

TEMPLATE_FOLDERS: Final = ("ignition", "cloud", "generic")
FOLDERS: Final = ("groups", "profiles", *TEMPLATE_FOLDERS, "labels")
RAW_SUFFIXES: Final = (".ign", ".ignition")

Document = TypeVar("Document")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that configures machines; `template` is None where it is served as written."""

    item: Item
    template: Template | None


@dataclass(frozen=True, slots=True)
class Entry(Generic[Document]):
    """What a file said when it was last whole, and the findings in the bytes that were looked at last.

    `revision` is that of the bytes that were whole.
    """

    item: Item
    document: Document | None
    report: Report
    revision: str


def _body_size(answer: Any) -> int:
    return len(answer.body or b"")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that answers are made of, at one revision; files by name, sources by key (`ignition/NAME`).

    `rendered` are answers that were made of it, by what went into them: they stay good when other files change.
    """

    groups: Mapping[str, Entry[Group]] = field(default_factory=dict)
    profiles: Mapping[str, Entry[Profile]] = field(default_factory=dict)
    sources: Mapping[str, Entry[Source]] = field(default_factory=dict)
    labels: Mapping[str, Entry[Group]] = field(default_factory=dict)
    selection: Selection = field(default_factory=lambda: Selection(()))
    known: Known = NOBODY
    revision: str = ""
    rendered: Cache[Any] = field(default_factory=lambda: Cache(_body_size))

    def profile(self, name: str) -> Profile | None:
        """The profile of that name."""
        entry = self.profiles.get(name)
        return entry.document if entry else None

    def template(self, profile: str, folder: str) -> str:
        """The key of the file that a profile names for a folder, empty where it names none."""
        found = self.profile(profile)
        name = found.files[folder] if found is not None else ""
        return f"{folder}/{name}" if name else ""

    def source(self, key: str) -> Source | None:
        """The file of that key, as it was when it was last whole."""
        entry = self.source_entry(key)
        return entry.document if entry else None

    def source_entry(self, key: str) -> Entry[Source] | None:
        """What is known of the file of that key.

        A name may have `.` and doubled slashes in it, but nothing leads out of the folder.
        """
        clean = normpath(key)
        return self.sources.get(clean) if clean.partition("/")[0] == key.partition("/")[0] else None


EMPTY: Final = Catalogue()


def read_catalogue(snapshot: Snapshot, previous: Catalogue = EMPTY) -> tuple[Catalogue, Report]:
    """Read every file of a snapshot, taking from `previous` what has not changed."""
    groups = _read_all(_documents(snapshot, "groups"), read_group, previous.groups)
    profiles = _read_all(_documents(snapshot, "profiles"), read_profile, previous.profiles)
    sources = _read_all(_sources(snapshot), _read_source, previous.sources)
    labels = _read_all(_documents(snapshot, "labels"), read_labels, previous.labels)
    selection = Selection(entry.document for entry in groups.values() if entry.document)
    known = Known(Selection(entry.document for entry in labels.values() if entry.document))
    catalogue = Catalogue(groups, profiles, sources, labels, selection, known, snapshot.revision)
    if previous is not EMPTY:
        catalogue = replace(catalogue, rendered=previous.rendered)
    report = Report()
    for entries in (groups, profiles, sources, labels):
        for entry in entries.values():
            report.extend(entry.report)
    _check_references(catalogue, report)
    return catalogue, report


def _documents(snapshot: Snapshot, folder: str) -> Iterator[tuple[str, Item]]:
    """The JSON files of a folder by name; only profiles are found in folders of it, too."""
    start = folder + "/"
    for key, item in snapshot.items.items():
        name = key[len(start) : -len(".json")]
        if key.startswith(start) and key.endswith(".json") and (folder == "profiles" or "/" not in name):
            yield name, item


def _sources(snapshot: Snapshot) -> Iterator[tuple[str, Item]]:
    return ((key, item) for key, item in snapshot.items.items() if key.partition("/")[0] in TEMPLATE_FOLDERS)


def _read_all(
    items: Iterator[tuple[str, Item]],
    read: Callable[[str, Item], tuple[Document | None, Report]],
    previous: Mapping[str, Entry[Document]],
) -> dict[str, Entry[Document]]:
    entries: dict[str, Entry[Document]] = {}
    for name, item in items:
        known = previous.get(name)
        if known is not None and known.item.revision == item.revision:
            entries[name] = known
            continue
        document, report = read(name, item)
        if report.has_errors:
            document = known.document if known else None
        if report.has_errors and document is not None:
            report.add(Severity.INFO, KEPT, place=Place(item.file, 1, 1), key=item.key)
        revision = known.revision if known and report.has_errors else item.revision
        entries[name] = Entry(item, document, report, revision)
    return entries


def _read_source(key: str, item: Item) -> tuple[Source | None, Report]:
    if key.startswith("ignition/") and key.endswith(RAW_SUFFIXES):
        return Source(item, None), Report()
    template, report = parse(item.data, item.file, name=basename(key))
    return (Source(item, template) if template else None), report


def _check_references(catalogue: Catalogue, report: Report) -> None:
    """Warn of names that lead nowhere."""
    for group in catalogue.selection.groups:
        if group.profile not in catalogue.profiles:
            place = Place(catalogue.groups[group.key].item.file, 1, 1)
            report.add(Severity.WARNING, UNKNOWN_PROFILE, place=place, group=group.key, profile=group.profile)
    for entry in catalogue.profiles.values():
        profile = entry.document or Profile("", "")
        for key in (f"{folder}/{name}" for folder, name in profile.files.items() if name):
            if catalogue.source_entry(key) is None:
                place = Place(entry.item.file, 1, 1)
                report.add(Severity.WARNING, UNKNOWN_TEMPLATE, place=place, profile=profile.key, key=key)
