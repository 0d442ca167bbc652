"""The JSON files of Matchbox go in, groups and profiles come out, with a Report of what is wrong and on which line.

Reading is that of Go's encoding/json, as Matchbox reads them: names of keys in any case, the last of two wins, null is
absent, unknown keys are skipped, numbers are floats.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stoker.machines.addresses import is_mac_key, parse_mac
from stoker.machines.messages import BAD_JSON, BAD_MAC, NO_ID, NOT_A_LIST, NOT_AN_OBJECT, NOT_TEXT
from stoker.report import Message, Place, Report, Severity
from stoker.store import Item

GO_KINDS: Final = {bool: "bool", float: "number", str: "string", list: "array"}
GO_PLACES: Final = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Extra data": "after top-level value",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Which machines (`selector`) get which profile, and with which data; `key` is the name of its file."""

    key: str
    profile: str = ""
    selector: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    name: str = ""

    @property
    def selector_text(self) -> str:
        """The selector as Matchbox writes it to put groups in order: pairs sorted and joined."""
        return ",".join(sorted(f"{key}={value}" for key, value in self.selector.items()))


@dataclass(frozen=True, slots=True)
class Boot:
    """What a machine boots: a kernel, its initial RAM disks and its arguments, all as they are written."""

    kernel: str = ""
    initrd: tuple[str, ...] = ()
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What a machine gets: what to boot and which files configure it."""

    key: str
    id: str
    name: str = ""
    boot: Boot | None = None
    ignition_id: str = ""
    cloud_id: str = ""
    generic_id: str = ""

    @property
    def files(self) -> dict[str, str]:
        """The file that it names for each folder, empty where it names none."""
        return {"ignition": self.ignition_id, "cloud": self.cloud_id, "generic": self.generic_id}


class Reader:
    """One reading of one file: typed access to its members, with findings."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.text = item.data.decode("utf-8", "replace")
        self.report = Report()

    def members(self) -> dict[str, Any]:
        """The members of the document, their names in lower case."""
        try:
            value = _load(self.text)
        except json.JSONDecodeError as error:
            place = Place(self.item.file, error.lineno, error.colno)
            self.report.add(Severity.ERROR, BAD_JSON, place=place, reason=error.msg)
            return {}
        except (ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
            self.report.add(Severity.ERROR, BAD_JSON, place=Place(self.item.file, 1, 1), reason=reason)
            return {}
        return self.lower(self.typed(value, dict, "", "the document", NOT_AN_OBJECT))

    def lower(self, members: dict[str, Any]) -> dict[str, Any]:
        """Members whose names count in any case, those that are null left out."""
        return {key.lower(): value for key, value in members.items() if value is not None}

    def typed(self, value: Any, wanted: type, key: str, what: str, message: Message) -> Any:
        """The value if it is of the type, else an empty one and a finding."""
        if isinstance(value, wanted):
            return value
        self.complain(message, key, what=what, kind=_kind(value))
        return wanted()

    def complain(self, message: Message, key: str, **values: object) -> None:
        """Add an error at the member of that name."""
        self.report.add(Severity.ERROR, message, (key,) if key else (), self.place(key), **values)

    def place(self, key: str) -> Place:
        """Where a member of that name stands: the first one."""
        found = re.search(rf'"{re.escape(key)}"\s*:', self.text, re.IGNORECASE) if key else None
        offset = found.start() if found else 0
        return Place(self.item.file, self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset))

    def string(self, members: dict[str, Any], key: str) -> str:
        """A string, empty if absent."""
        return str(self.typed(members.get(key, ""), str, key, f"`{key}`", NOT_TEXT))

    def strings(self, members: dict[str, Any], key: str) -> tuple[str, ...]:
        """A list of strings, empty if absent; null elements are empty strings."""
        items = self.typed(members.get(key, []), list, key, f"`{key}`", NOT_A_LIST)
        given = ("" if item is None else item for item in items)
        return tuple(self.typed(item, str, key, f"an element of `{key}`", NOT_TEXT) for item in given)

    def object(self, members: dict[str, Any], key: str) -> dict[str, Any]:
        """An object, empty if absent."""
        return dict(self.typed(members.get(key, {}), dict, key, f"`{key}`", NOT_AN_OBJECT))


def read_group(key: str, item: Item) -> tuple[Group, Report]:
    """Read `groups/KEY.json`."""
    reader = Reader(item)
    members = reader.members()
    selector: dict[str, str] = {}
    for name, given in reader.object(members, "selector").items():
        value = reader.typed("" if given is None else given, str, name, f"selector `{name}`", NOT_TEXT)
        if is_mac_key(name):
            address = parse_mac(value)
            if address is None and isinstance(given, str):
                reader.complain(BAD_MAC, name, value=value)
            value = address or value
        selector[name] = value
    group = Group(
        key=key,
        profile=reader.string(members, "profile"),
        selector=selector,
        metadata=reader.object(members, "metadata"),
        id=reader.string(members, "id"),
        name=reader.string(members, "name"),
    )
    return group, reader.report


def read_profile(key: str, item: Item) -> tuple[Profile, Report]:
    """Read `profiles/KEY.json`."""
    reader = Reader(item)
    members = reader.members()
    boot = None
    if "boot" in members:
        given = reader.lower(reader.object(members, "boot"))
        boot = Boot(reader.string(given, "kernel"), reader.strings(given, "initrd"), reader.strings(given, "args"))
    profile = Profile(
        key=key,
        id=reader.string(members, "id"),
        name=reader.string(members, "name"),
        boot=boot,
        ignition_id=reader.string(members, "ignition_id"),
        cloud_id=reader.string(members, "cloud_id"),
        generic_id=reader.string(members, "generic_id"),
    )
    if not profile.id and not reader.report.has_errors:
        reader.complain(NO_ID, "")
    return profile, reader.report


def read_metadata(text: bytes) -> tuple[dict[str, Any], str]:
    """Metadata as it is sent by itself: what it says, or else why it says nothing, as Go's encoding/json puts it."""
    try:
        value = _load(text.decode("utf-8", "replace"))
    except json.JSONDecodeError as error:
        rest = error.doc[error.pos :].lstrip(" \t\r\n")
        place = GO_PLACES.get(error.msg, f"({error.msg})")
        return {}, f"invalid character '{rest[0]}' {place}" if rest else "unexpected end of JSON input"
    except (ValueError, RecursionError) as error:
        return {}, f"json: {error if isinstance(error, ValueError) else 'nested too deeply'}"
    if value is not None and not isinstance(value, dict):
        return {}, f"json: cannot unmarshal {GO_KINDS[type(value)]} into Go value of type map[string]interface {{}}"
    return value or {}, ""


def _load(text: str) -> Any:
    return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse)


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"number `{text[:40]}` is out of range")
    return value


def _refuse(text: str) -> float:
    raise ValueError(f"`{text}` is not JSON")


def _kind(value: Any) -> str:
    names = {bool: "a boolean", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "null")
