"""Reference pages: every field of a variant, what it holds, since which version, and what for.

In goes the name of a page; out comes Markdown. All of it is read from the table and from `constraints.py`; nothing is
written by hand, so a page says what the compiler does.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stoker.schema.clc_services import EDITIONS, Service
from stoker.schema.constraints import fields_of
from stoker.schema.decode import Row, all_rows, rows
from stoker.schema.marks import Dates
from stoker.schema.meant import name_of
from stoker.schema.objects import Object
from stoker.schema.roots import root_of
from stoker.schema.rules.forbidden import FORBIDDEN
from stoker.schema.specs import EVERY, Spec


class Page(NamedTuple):
    """A row: the variant and family that a page is about, and their name."""

    variant: str
    family: str
    title: str


PAGES: Final = {
    "fcos": Page("fcos", "v3", "Fedora CoreOS"),
    "flatcar": Page("flatcar", "v3", "Flatcar"),
    "openshift": Page("openshift", "v3", "OpenShift"),
    "r4e": Page("r4e", "v3", "RHEL for Edge"),
    "fiot": Page("fiot", "v3", "Fedora IoT"),
    "ignition": Page("ignition", "v3", "Ignition 3"),
    "ignition-2": Page("ignition", "v2", "Ignition 2"),
    "clc": Page("clc", "clc", "Container Linux Config"),
}
_TYPES: Final[dict[type, str]] = {str: "text", int: "number", bool: "yes or no"}
_MOST_WORDS: Final = 12

Way = tuple[str, ...]


class _Section(NamedTuple):
    """An object of the language: its class, the names on the way to it, and how that is written."""

    cls: type[Object]
    way: Way
    title: str


def page_of(name: str) -> str:
    """The page of a name of PAGES."""
    page = PAGES[name]
    specs = [spec for spec in EVERY.values() if (spec.variant, spec.family) == (page.variant, page.family)]
    writing = _Writing(specs)
    return "\n".join([*_head(page, specs), *writing.sections()]) + "\n"


def _head(page: Page, specs: list[Spec]) -> list[str]:
    lines = [f"# {page.title}: every field of `{page.variant}`", ""]
    lines += ["Made from the table that the compiler reads, by `make docs`. An editor gets the same by"]
    lines += [f"`stoker schema {page.variant} {specs[-1].version}`.", ""]
    if specs[-1].is_composed:
        lines += [
            "A document may also have `include` and `variables`: see [a config made of parts](../composition.md)."
        ]
        lines += [""]
    if specs[-1].is_butane:
        lines += ["| version | Ignition |", "|---|---|"]
        lines += [f"| {spec.version} | {spec.ignition_version} |" for spec in specs]
        lines += [""]
    return lines


class _Writing:
    """A page on its way: which objects it has described."""

    def __init__(self, specs: list[Spec]) -> None:
        self.specs = specs
        self.newest = specs[-1]
        self.root = root_of(self.newest)
        self.waiting = [_Section(self.root, (), "The document")]
        self.always = frozenset() if self.newest.family == "clc" else frozenset({"variant", "version"})
        self.titles: dict[tuple[type[Object], Way], str] = {}

    def sections(self) -> list[str]:
        lines: list[str] = []
        for section in self.waiting:  # grows
            lines += self._section(section)
        return lines

    def _section(self, section: _Section) -> list[str]:
        doc = (section.cls.__doc__ or "").strip().partition("\n")[0]
        lines = [f"## {section.title}", "", doc, "", "| field | what it is | since | |", "|---|---|---|---|"]
        if issubclass(section.cls, Service):
            lines[2] = "Flags of the program, each with the version of it that brought it."
            return [*lines, *_flags(section.way[-1]), ""]
        return lines + [line for row, _ in all_rows(section.cls) for line in self._row(section, row)] + [""]

    def _row(self, section: _Section, row: Row) -> list[str]:
        way = (*section.way, row.json)
        having = [spec for spec in self.specs if row.dates.has(spec) and not _is_forbidden(way, spec)]
        if not having:
            return []
        since = having[0].version
        if having[-1] != self.newest:
            since += f" until {having[-1].version}"
        name = name_of(row, self.newest)
        what = self._what(section, row, way, name)
        return [f"| `{name}` | {what} | {since} | {row.doc.replace('|', chr(92) + '|')}{self._words(section, row)} |"]

    def _what(self, section: _Section, row: Row, way: Way, name: str) -> str:
        if row.is_object:
            title = self._title(row, way, section, name)
            one = f"[{title}](#{_anchor(title)})"
        else:
            one = "names and texts" if row.is_map else _TYPES[row.type]
        what = f"list of {one}" if row.is_list else one
        needs = any(field.required for field in fields_of(section.cls, row.name, self.newest))
        return f"{what}, required" if needs or row.name in self.always else what

    def _title(self, row: Row, way: Way, section: _Section, name: str) -> str:
        """The title of the section of a row's objects; an object that stands in several places has one section."""
        is_special = any(path.startswith(".".join(way) + ".") for path, _, dates in FORBIDDEN if self._concerns(dates))
        key = (row.type, way if is_special else ())
        if key not in self.titles:
            above = "" if section.cls is self.root else section.title.strip("`") + "."
            self.titles[key] = f"`{above}{name}{'[]' * row.is_list}`"
            self.waiting.append(_Section(row.type, way, self.titles[key]))
        return self.titles[key]

    def _concerns(self, dates: Dates) -> bool:
        return any(dates.has(spec) for spec in self.specs)

    def _words(self, section: _Section, row: Row) -> str:
        enums = [
            field.fragment["enum"]
            for field in fields_of(section.cls, row.name, self.newest)
            if "enum" in field.fragment
        ]
        words = [f"`{word}`" for word in enums[-1] if word] if enums else []
        return f" One of {', '.join(words)}." if 0 < len(words) <= _MOST_WORDS else ""


def _flags(section: str) -> list[str]:
    """The flags of a program with the first of its versions that has each."""
    first: dict[str, tuple[Row, str]] = {}
    for cls, spec in EDITIONS:
        for row in rows(cls, spec) if spec.variant == section else ():
            first.setdefault(row.name, (row, "" if row.dates.since < 0 else str(spec)))
    return [f"| `{name}` | {_TYPES[row.type]} | {since} | {row.doc} |" for name, (row, since) in first.items()]


def _is_forbidden(way: Way, spec: Spec) -> bool:
    return any(path == ".".join(way) and dates.has(spec) for path, _, dates in FORBIDDEN)


def _anchor(title: str) -> str:
    """The fragment under which Markdown's usual readers have a heading."""
    return "".join(char for char in title.lower().replace(" ", "-") if char.isalnum() or char in "-_")
