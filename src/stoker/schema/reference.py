"""Reference pages: every field of a variant, what it holds, since which version, and what for.

In goes a variant; out comes a page of Markdown. All of it is read from the table and from `constraints.py`; nothing is
written by hand, so a page says what the compiler does.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stoker.schema.constraints import fields_of
from stoker.schema.decode import Row, all_rows
from stoker.schema.marks import Dates
from stoker.schema.meant import name_of
from stoker.schema.objects import Object
from stoker.schema.rules.forbidden import FORBIDDEN
from stoker.schema.specs import SPECS, Spec
from stoker.schema.v3 import Config

VARIANTS: Final = {
    "fcos": "Fedora CoreOS",
    "flatcar": "Flatcar",
    "openshift": "OpenShift",
    "r4e": "RHEL for Edge",
    "fiot": "Fedora IoT",
    "ignition": "Ignition",
}
_TYPES: Final[dict[type, str]] = {str: "text", int: "number", bool: "yes or no"}
_MOST_WORDS: Final = 12

Way = tuple[str, ...]


class _Section(NamedTuple):
    """An object of the language: its class, the names on the way to it, and how that is written."""

    cls: type[Object]
    way: Way
    title: str


def page_of(variant: str) -> str:
    """The page of a variant."""
    specs = [spec for spec in SPECS.values() if spec.variant == variant]
    writing = _Writing(specs)
    return "\n".join([*_head(variant, specs), *writing.sections()]) + "\n"


def _head(variant: str, specs: list[Spec]) -> list[str]:
    lines = [f"# {VARIANTS[variant]}: every field of `{variant}`", ""]
    lines += ["Made from the table that the compiler reads, by `make docs`. An editor gets the same by"]
    lines += [f"`stoker schema {variant} {specs[-1].version}`.", ""]
    if variant != "ignition":
        lines += [
            "A document may also have `include` and `variables`: see [a config made of parts](../composition.md)."
        ]
        lines += ["", "| version | Ignition |", "|---|---|"]
        lines += [f"| {spec.version} | {spec.ignition_version} |" for spec in specs]
        lines += [""]
    return lines


class _Writing:
    """A page on its way: which objects it has described."""

    def __init__(self, specs: list[Spec]) -> None:
        self.specs = specs
        self.newest = specs[-1]
        self.waiting = [_Section(Config, (), "The document")]
        self.titles: dict[tuple[type[Object], Way], str] = {}

    def sections(self) -> list[str]:
        lines: list[str] = []
        for section in self.waiting:  # grows
            lines += self._section(section)
        return lines

    def _section(self, section: _Section) -> list[str]:
        doc = (section.cls.__doc__ or "").strip().partition("\n")[0]
        lines = [f"## {section.title}", "", doc, "", "| field | what it is | since | |", "|---|---|---|---|"]
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
        return f"{what}, required" if needs or row.name in {"variant", "version"} else what

    def _title(self, row: Row, way: Way, section: _Section, name: str) -> str:
        """The title of the section of a row's objects; an object that stands in several places has one section."""
        is_special = any(path.startswith(".".join(way) + ".") for path, _, dates in FORBIDDEN if self._concerns(dates))
        key = (row.type, way if is_special else ())
        if key not in self.titles:
            above = "" if section.cls is Config else section.title.strip("`") + "."
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


def _is_forbidden(way: Way, spec: Spec) -> bool:
    return any(path == ".".join(way) and dates.has(spec) for path, _, dates in FORBIDDEN)


def _anchor(title: str) -> str:
    """The fragment under which Markdown's usual readers have a heading."""
    return "".join(char for char in title.lower().replace(" ", "-") if char.isalnum() or char in "-_")
