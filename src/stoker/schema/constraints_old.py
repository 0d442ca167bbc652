"""The rules of the older families that JSON Schema can say, as data: see `constraints.py`.

In goes nothing; out go the rows of Ignition 2 and of Container Linux Config, which becomes Ignition 2.3 and so has its
rules wherever both have the same name, and the codes of the rules that stay beyond JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stoker.schema import clc, v2
from stoker.schema import clc_messages as cm
from stoker.schema import messages as m
from stoker.schema.clc_services import Locksmith, Update
from stoker.schema.constraints import (
    HTTP,
    LISTED,
    NUMBERED,
    TEXT,
    TRUE,
    Field,
    Fragment,
    Whole,
    any_of,
    has,
    no,
    said,
    suffix,
    when,
    words,
)
from stoker.schema.marks import Dates, since
from stoker.schema.rules.clc import DAYS, GROUPS, STRATEGIES
from stoker.schema.rules.devices import GUID, LABELS, LEVELS, STRIPED
from stoker.schema.rules.units import SUFFIXES
from stoker.schema.rules.v2 import NETWORKD_SUFFIXES, SCHEMES
from stoker.schema.rules.v2_devices import FORMATS, SECTORS_OF_A_MIB

ABSOLUTE: Final[Fragment] = {"type": "string", "pattern": "^/"}
ABSOLUTE_OR_NOT: Final[Fragment] = {"type": ["string", "null"], "pattern": "^/"}
SHA512: Final[Fragment] = {"type": ["string", "null"], "pattern": "^sha512-.{128}$"}
GUIDS: Final[Fragment] = {"type": ["string", "null"], "pattern": f"^{GUID.pattern}$"}
OBJECT: Final[Fragment] = {"type": "object"}
# The most that 12 bits hold; an editor that reads YAML 1.2 takes `07777` for the decimal number.
MODE: Final[Fragment] = {"minimum": 0, "maximum": 0o7777}
MODE_IN_YAML: Final[Fragment] = {"minimum": 0, "maximum": 7777}
_NUMBER: Final = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)"
SIZE: Final[Fragment] = {
    "anyOf": [
        {"enum": [0, None]},
        {"type": "string", "pattern": rf"^(\+?0|(\+?({_NUMBER}([KMGTPE]iB|B))+)|(\+?({_NUMBER}[KMGTPE]?B)+))?$"},
    ]
}


def caseless(choices: Iterable[str]) -> str:
    """A pattern of words in letters of any size."""
    return "|".join(
        "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in word)
        for word in sorted(choices)
    )


_ALWAYS: Final = since("2.0")


def _both(name: str, fragment: Fragment, dates: Dates = _ALWAYS, *, required: bool = False) -> list[Field]:
    """A row for the classes of both families that are called `name.field`."""
    cls, _, field = name.partition(".")
    families: tuple[Any, ...] = (v2, clc)
    return [Field(getattr(one, cls), field, fragment, dates, required) for one in families if hasattr(one, cls)]


def _url(names: Iterable[str]) -> Fragment:
    plain = "|".join(sorted(set(names) - {"data"}))
    return {"type": ["string", "null"], "pattern": rf"^($|({plain}):|data:[\s\S]*,)"}


# A reader of YAML 1.1 takes `off` for a switch.
STRATEGY: Final[Fragment] = {
    "type": ["string", "boolean", "null"],
    "anyOf": [{"enum": [False, None]}, {"type": "string", "pattern": f"^({caseless(STRATEGIES)}|)$"}],
}

_OLDEST: Final = since("2.0", "2.1")
_LATER: Final = since("2.1")
_OLD_URL: Final = _url(name for name, dates in SCHEMES.items() if dates.since == 0)
_OLD_FORMATS: Final = words((name for name, dates in FORMATS.items() if dates.since == 0), required=True)
_SIZED: Final = any_of(said("size"), said("start"))
_SIZED_IN_MIB: Final = any_of(said("size_mib"), said("start_mib"))
_STRIPED: Final = has("level", {"enum": sorted(STRIPED)})
_SPARE: Final = has("spares", no({"enum": [0, None]}))
_WINDOW: Final = rf"^(|.*(^|[ \t])([01]?[0-9]|2[0-3]):[0-5][0-9].*)$|^[ \t]*({caseless(DAYS)})[ \t]"
_DURATION: Final = r"^([-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+))?$"

FIELDS: Final[tuple[Field, ...]] = (
    # resources
    *(Field(cls, "source", _OLD_URL, _OLDEST) for cls in (v2.ConfigReference, v2.FileContents)),
    *(
        Field(cls, name, _url(SCHEMES), _LATER)
        for cls, name in (
            (v2.ConfigReference, "source"),
            (v2.CaReference, "source"),
            (v2.FileContents, "source"),
            (clc.Reference, "source"),
            (clc.Remote, "url"),
        )
    ),
    Field(v2.Verification, "hash", SHA512, _ALWAYS),
    *(Field(cls, "compression", words(["gzip"]), _ALWAYS) for cls in (v2.FileContents, clc.Remote)),
    Field(v2.HttpHeader, "name", TEXT, since("2.4"), required=True),
    # nodes
    *(Field(cls, "filesystem", TEXT, _ALWAYS, required=True) for cls in (v2.File, v2.Directory, v2.Link)),
    *(row for name in ("File", "Directory", "Link") for row in _both(f"{name}.path", ABSOLUTE, required=True)),
    *(Field(cls, "mode", MODE, _ALWAYS) for cls in (v2.File, v2.Directory)),
    *(Field(cls, "mode", MODE_IN_YAML, _ALWAYS) for cls in (clc.File, clc.Directory)),
    # disks
    *_both("Disk.device", ABSOLUTE, required=True),
    *_both("Partition.label", {"pattern": "^[^:]{0,36}$"}),
    Field(v2.Partition, "start", {"multipleOf": SECTORS_OF_A_MIB}, _ALWAYS),
    *_both("Partition.guid", GUIDS, _LATER),
    Field(v2.Partition, "type_guid", GUIDS, _ALWAYS),
    Field(
        clc.Partition,
        "type_guid",
        {"type": ["string", "null"], "pattern": f"^({GUID.pattern}|{'|'.join(clc.PARTITION_TYPES)})$"},
        _ALWAYS,
    ),
    *(Field(clc.Partition, name, SIZE, _ALWAYS) for name in ("size", "start")),
    *_both("Raid.level", words(LEVELS, required=True), required=True),
    *_both("Raid.devices", {"items": ABSOLUTE}),
    *_both("Filesystem.path", ABSOLUTE_OR_NOT),
    Field(v2.Mount, "format", _OLD_FORMATS, _OLDEST, required=True),
    *_both("Mount.format", words(FORMATS, required=True), _LATER, required=True),
    *_both("Mount.device", ABSOLUTE, required=True),
    # units and accounts
    *_both("Unit.name", suffix(SUFFIXES), required=True),
    *_both("Unit.dropins", {"items": has("name", suffix([".conf"]))}),
    *_both("NetworkdUnit.name", suffix(NETWORKD_SUFFIXES), required=True),
    *_both("NetworkdUnit.dropins", {"items": has("name", suffix([".conf"]))}),
    Field(v2.UserCreate, "uid", {"minimum": 0}, _OLDEST),
    Field(v2.PasswdGroup, "gid", {"minimum": 0}, _OLDEST),
    Field(clc.UserCreate, "uid", {"minimum": 0}, _ALWAYS),
    Field(clc.Group, "gid", {"minimum": 0}, _ALWAYS),
    # Container Linux Config alone
    Field(clc.Config, "version", {"enum": [0, None]}, _ALWAYS),
    Field(Locksmith, "reboot_strategy", STRATEGY, _ALWAYS),
    Field(Locksmith, "window_start", {"type": ["string", "null"], "pattern": _WINDOW}, _ALWAYS),
    Field(Locksmith, "window_length", {"type": ["string", "null"], "pattern": _DURATION}, _ALWAYS),
)

WHOLES: Final[tuple[Whole, ...]] = (
    *(
        Whole(cls, when(has("http_headers", LISTED), has("source", HTTP)), since("2.4"))
        for cls in (v2.ConfigReference, v2.CaReference, v2.FileContents)
    ),
    *(
        Whole(cls, no({"allOf": [said("id"), has("name", TEXT)]}), _LATER)
        for cls in (v2.NodeUser, v2.NodeGroup, clc.NodeUser, clc.NodeGroup)
    ),
    *(
        Whole(cls, no({"allOf": [has("append", TRUE), has("overwrite", TRUE)]}), since("2.2"))
        for cls in (v2.File, clc.File)
    ),
    Whole(v2.Disk, NUMBERED, since("2.3")),
    Whole(v2.Partition, no({"allOf": [_SIZED, _SIZED_IN_MIB]}), since("2.3")),
    Whole(
        v2.Partition,
        when(
            has("should_exist", {"const": False}),
            no(any_of(_SIZED, said("label"), has("guid", TEXT), has("type_guid", TEXT))),
        ),
        since("2.3"),
    ),
    *(Whole(cls, when(_STRIPED, no(_SPARE)), _ALWAYS) for cls in (v2.Raid, clc.Raid)),
    *(Whole(cls, {"oneOf": [has("mount", OBJECT), said("path")]}, _ALWAYS) for cls in (v2.Filesystem, clc.Filesystem)),
    *(
        Whole(cls, no(has("mount", {"allOf": [has("create", OBJECT), other]})), _LATER)
        for cls in (v2.Filesystem, clc.Filesystem)
        for other in (has("options", LISTED), has("wipe_filesystem", TRUE))
    ),
    *(
        Whole(cls, when(has("format", {"const": name}), {"properties": {"label": {"maxLength": most}}}), _LATER)
        for cls in (v2.Mount, clc.Mount)
        for name, most in LABELS.items()
    ),
    *(
        Whole(cls, when(has("create", OBJECT), no(has(name, value))), _LATER)
        for cls in (v2.PasswdUser, clc.User)
        for name, value in (
            *((name, TEXT) for name in ("gecos", "home_dir", "primary_group", "shell")),
            *((name, TRUE) for name in ("no_create_home", "no_log_init", "no_user_group", "system")),
            ("groups", LISTED),
            ("uid", {"type": "integer"}),
        )
    ),
    # Container Linux Config alone
    *(
        Whole(clc.Contents, no({"allOf": list(pair)}), _ALWAYS)
        for pair in (
            (has("inline", TEXT), has("local", TEXT)),
            (has("inline", TEXT), has("remote", has("url", TEXT))),
            (has("local", TEXT), has("remote", has("url", TEXT))),
        )
    ),
    Whole(
        clc.Hash,
        when(
            {"allOf": [has("function", TEXT), has("sum", TEXT)]},
            {"properties": {"function": {"const": "sha512"}, "sum": {"type": "string", "pattern": "^.{128}$"}}},
        ),
        _ALWAYS,
    ),
    Whole(
        Update,
        any_of(has("server", TEXT), has("group", {"type": "string", "pattern": f"^({caseless(GROUPS)})$"})),
        _ALWAYS,
    ),
    Whole(
        Locksmith,
        {
            "oneOf": [
                {"allOf": [has("window_start", TEXT), has("window_length", TEXT)]},
                no(any_of(has("window_start", TEXT), has("window_length", TEXT))),
            ]
        },
        _ALWAYS,
    ),
)

# Rules that look at several objects, at the meaning of a text, or warn of what is left open: beyond JSON Schema.
BEYOND: Final = frozenset(
    message.code
    for message in (
        *(m.INVALID_URL, m.INVALID_DATA_URL, m.CONTENTS_URL, m.UNIT_CONTENT, m.NO_INSTALL, m.DUPLICATE_HEADER),
        *(m.UNKNOWN_FILESYSTEM, m.SHADOWED_FILESYSTEM, m.NUMBERS_COLLIDE, m.PARTITIONS_OVERLAP, m.MIXED_UNITS),
        *(m.MODE_UNSET, m.SIZE_DEPRECATED, m.START_DEPRECATED),
        *(m.MOUNT_CREATE_DEPRECATED, m.USER_CREATE_DEPRECATED),
        *(cm.FILE_MODE, cm.SIZE_UNEVEN, cm.URL, cm.STRATEGY, cm.WINDOW_START, cm.WINDOW_DAY, cm.NETWORK_CONFIG),
        *(cm.LOCAL_UNREADABLE, cm.PLATFORM_NEEDED, cm.NO_FILES_DIR),
    )
)
