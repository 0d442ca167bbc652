"""The rules that JSON Schema can say, as data: what is written about one field, and about the fields of one object.

In goes nothing; out go two tables of dated rows, each a fragment of JSON Schema (draft 2020-12) with names as Butane
has them, and the codes of the rules that stay beyond it. The rules themselves are in `rules/`; a test holds that the
two agree. Lists of words (formats, levels, suffixes) are taken from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from stoker.schema import messages as m
from stoker.schema.features import MACHINE_CONFIG, NO_FORMAT_NONE, NO_SPECIAL_MODES, NUMBERS_BESIDE_ABSENT
from stoker.schema.marks import NEVER, Dates, since, sugar
from stoker.schema.objects import Object
from stoker.schema.rules.butane import LAYOUTS, LAYOUTS_S390X, QUADLETS, ROLE
from stoker.schema.rules.devices import FORMATS, GUID, LABELS, LEVELS, STRIPED
from stoker.schema.rules.resources import HASHES, SCHEMES
from stoker.schema.rules.units import SUFFIXES
from stoker.schema.specs import Spec
from stoker.schema.v3 import (
    BootDevice,
    BootDeviceMirror,
    ClevisCustom,
    Config,
    Directory,
    Disk,
    Dropin,
    File,
    Filesystem,
    GrubUser,
    HttpHeader,
    IgnitionConfig,
    Link,
    Luks,
    Metadata,
    NodeGroup,
    NodeUser,
    OpenShift,
    Partition,
    PasswdUser,
    Proxy,
    Quadlet,
    Raid,
    Resource,
    Tang,
    Tls,
    Tree,
    Unit,
    Verification,
)

Fragment = dict[str, Any]


class Field(NamedTuple):
    """A row: what the value of a field is like, and whether the field must be there."""

    cls: type[Object]
    name: str
    fragment: Fragment
    dates: Dates = since("3.0")
    required: bool = False


class Whole(NamedTuple):
    """A row: how the fields of an object depend on each other."""

    cls: type[Object]
    fragment: Fragment
    dates: Dates = since("3.0")


def said(*names: str) -> Fragment:
    """An object that says something under each of these names."""
    return {"type": "object", "required": list(names), "properties": dict.fromkeys(names, SAID)}


def has(name: str, fragment: Fragment) -> Fragment:
    """An object that has a field of this kind."""
    return {"type": "object", "required": [name], "properties": {name: fragment}}


def any_of(*fragments: Fragment) -> Fragment:
    """One of several."""
    return {"anyOf": list(fragments)}


def no(fragment: Fragment) -> Fragment:
    """Not so."""
    return {"not": fragment}


def when(condition: Fragment, then: Fragment) -> Fragment:
    """If so, then that too."""
    return {"if": condition, "then": then}


SAID: Final[Fragment] = {"type": ["string", "number", "integer", "boolean", "array", "object"]}
TEXT: Final[Fragment] = {"type": ["string", "number", "boolean"], "minLength": 1}
LISTED: Final[Fragment] = {"type": "array", "minItems": 1}
TRUE: Final[Fragment] = {"const": True}
PATH: Final[Fragment] = {"type": "string", "pattern": r"^(/|(/(?!\.{1,2}(/|$))[^/]+)+)$"}
PATH_OR_EMPTY: Final[Fragment] = {"type": ["string", "null"], "pattern": r"^(/?|(/(?!\.{1,2}(/|$))[^/]+)+)$"}
HTTP: Final[Fragment] = {"type": "string", "pattern": "^https?:"}
# 07777 is the most; an editor that reads YAML 1.2 takes `07777` for the decimal number.
MODE: Final[Fragment] = {"minimum": 0, "maximum": 7777}
MIRRORS: Final[Fragment] = {"anyOf": [{"maxItems": 0}, {"minItems": 2}, {"type": "null"}], "items": PATH}
SOURCES: Final = ("source", "inline", "local")
SOURCE: Final = any_of(*(said(name) for name in SOURCES))
SOURCED: Final = any_of(has("source", TEXT), said("inline"), said("local"))
WITH_SOURCE: Final = has("contents", SOURCE)


def words(choices: Iterable[str], *, required: bool = False) -> Fragment:
    """One of these words; an empty one and none at all say nothing where that may be."""
    return {"enum": [*sorted(choices), *([] if required else ["", None])]}


def suffix(endings: Iterable[str]) -> Fragment:
    """A text with one of these endings."""
    return {"type": "string", "pattern": rf"({'|'.join(re.escape(ending) for ending in sorted(endings))})$"}


def _dated(
    table: Mapping[str, Dates], cls: type[Object], name: str, make: Callable[[list[str]], Fragment]
) -> list[Field]:
    """A row for each time at which words came into a table of dated words; `make` makes the fragment of some words."""
    starts = sorted({dates.since for dates in table.values()})
    return [
        Field(cls, name, make([word for word, dates in table.items() if dates.since <= first]), Dates(first, until))
        for first, until in zip(starts, [*starts[1:], NEVER], strict=True)
    ]


def _url(schemes: list[str]) -> Fragment:
    plain = "|".join(re.escape(scheme) for scheme in sorted(schemes) if scheme != "data")
    return {"type": ["string", "null"], "pattern": rf"^($|({plain}):|data:[\s\S]*,)"}


def _hash(names: list[str]) -> Fragment:
    forms = "|".join(rf"{name}-.{{{HASHES[name][0]}}}" for name in sorted(names))
    return {"type": ["string", "null"], "pattern": f"^({forms})$"}


_CORE_ONLY: Final = sugar(openshift="4.8")
_MOUNTS_FIXED: Final = sugar(fcos="1.6")

FIELDS: Final[tuple[Field, ...]] = (
    Field(Config, "metadata", {}, MACHINE_CONFIG, required=True),
    # resources
    *_dated(SCHEMES, Resource, "source", _url),
    *_dated({name: dates for name, (_, dates) in HASHES.items()}, Verification, "hash", _hash),
    Field(Resource, "compression", words(["gzip"])),
    Field(HttpHeader, "name", TEXT, required=True),
    Field(HttpHeader, "value", {"minLength": 1}),
    Field(IgnitionConfig, "merge", {"items": SOURCED}, since("3.1")),
    Field(Tls, "certificate_authorities", {"items": SOURCED}),
    Field(Proxy, "http_proxy", {"type": ["string", "null"], "pattern": "^https?:"}),
    Field(Proxy, "https_proxy", {"type": ["string", "null"], "pattern": "^https:"}),
    # nodes
    *(Field(cls, "path", PATH, required=True) for cls in (File, Directory, Link)),
    *(Field(cls, "mode", MODE) for cls in (File, Directory)),
    Field(File, "mode", {"maximum": 777}, NO_SPECIAL_MODES),
    Field(File, "contents", {"properties": {"source": {"pattern": "^data:"}}}, _CORE_ONLY),
    Field(Link, "target", TEXT, since("3.3"), required=True),
    Field(Tree, "local", TEXT, sugar("3.1"), required=True),
    Field(Tree, "path", {"type": ["string", "null"], "pattern": "^(/|$)"}, sugar("3.1")),
    # disks
    Field(Disk, "device", PATH, required=True),
    Field(Partition, "label", {"pattern": "^[^:]{0,36}$"}),
    *(Field(Partition, name, {"pattern": f"^{GUID.pattern}$"}) for name in ("guid", "type_guid")),
    *_dated(FORMATS, Filesystem, "format", words),
    Field(Filesystem, "format", no({"const": "btrfs"}), _CORE_ONLY),
    Field(Filesystem, "format", no({"const": "none"}), NO_FORMAT_NONE),
    Field(Filesystem, "device", PATH, since("3.0", "3.7"), required=True),
    Field(Filesystem, "device", TEXT, since("3.7"), required=True),
    Field(Filesystem, "path", PATH_OR_EMPTY),
    Field(Raid, "level", words(LEVELS, required=True), required=True),
    Field(Raid, "devices", {"minItems": 1, "items": PATH}, required=True),
    Field(Luks, "name", {"pattern": "^[^/]*$"}),
    Field(Luks, "device", PATH, required=True),
    Field(Luks, "label", {"maxLength": 47}),
    Field(Tang, "url", HTTP, required=True),
    Field(Tang, "thumbprint", TEXT, required=True),
    Field(ClevisCustom, "pin", words(["tpm2", "tang", "sss"]), since("3.2", "3.6")),
    # units and accounts
    Field(Unit, "name", suffix(SUFFIXES), required=True),
    Field(Unit, "dropins", {"items": has("name", suffix([".conf"]))}),
    Field(Quadlet, "name", suffix(QUADLETS), sugar("3.7"), required=True),
    Field(PasswdUser, "name", {"const": "core"}, _CORE_ONLY, required=True),
    # the boot disk and the MachineConfig
    Field(BootDevice, "layout", {"enum": [*sorted(LAYOUTS), None]}, sugar(until="3.5")),
    Field(BootDevice, "layout", {"enum": [*sorted(LAYOUTS | LAYOUTS_S390X), None]}, sugar("3.5")),
    Field(BootDeviceMirror, "devices", MIRRORS, sugar()),
    Field(GrubUser, "name", TEXT, sugar(), required=True),
    Field(GrubUser, "password_hash", TEXT, sugar(), required=True),
    Field(Metadata, "name", TEXT, sugar(), required=True),
    Field(Metadata, "labels", has(ROLE, TEXT), sugar(), required=True),
    Field(OpenShift, "kernel_type", words(["default", "realtime"]), sugar()),
)

_PIN: Final = any_of(has("pin", TEXT), has("config", TEXT))
_PIN_OR_NETWORK: Final = any_of(has("pin", TEXT), has("config", TEXT), has("needs_network", TRUE))
_OTHER_PINS: Final = any_of(has("tang", LISTED), has("tpm2", TRUE), has("threshold", no({"enum": [0, None]})))
_CEX: Final = has("cex", has("enabled", TRUE))
_MOUNTED: Final = has("with_mount_unit", TRUE)
_FORMAT: Final = has("format", TEXT)
_MIRRORED: Final = has("mirror", has("devices", LISTED))
_WHOLE_DISKS: Final = {"s390x-eckd": "^/dev/dasd[a-z]$", "s390x-zfcp": "^/dev/sd[a-z]$"}
_NEED_FORMAT: Final = any_of(
    *(has(name, TEXT) for name in ("path", "label", "uuid")),
    has("wipe_filesystem", TRUE),
    *(has(name, LISTED) for name in ("mount_options", "options")),
)

# Where a partition shall not exist, all are told by number.
NUMBERED: Final = when(
    has("partitions", {"contains": has("should_exist", {"const": False})}),
    has("partitions", {"items": has("number", no({"enum": [0, None]}))}),
)

WHOLES: Final[tuple[Whole, ...]] = (
    # resources
    *(Whole(Resource, no(said(*pair)), sugar()) for pair in (SOURCES[:2], SOURCES[1:], SOURCES[::2])),
    Whole(Resource, when(has("verification", said("hash")), SOURCE)),
    Whole(Resource, when(has("http_headers", LISTED), has("source", HTTP))),
    # nodes
    *(Whole(cls, no({"allOf": [said("id"), has("name", TEXT)]})) for cls in (NodeUser, NodeGroup)),
    Whole(File, when(has("overwrite", TRUE), WITH_SOURCE)),
    # disks
    Whole(
        Partition,
        when(
            has("should_exist", {"const": False}),
            no(any_of(*(said(name) for name in ("label", "start_mib", "size_mib")), has("guid", TEXT))),
        ),
    ),
    Whole(Partition, when(has("should_exist", {"const": False}), no(has("type_guid", TEXT)))),
    Whole(Disk, NUMBERED, NUMBERS_BESIDE_ABSENT),
    Whole(Partition, any_of(said("label"), has("number", no({"enum": [0, None]})))),
    Whole(Filesystem, when(_NEED_FORMAT, _FORMAT)),
    Whole(Filesystem, when(no(has("format", {"const": "virtiofs"})), has("device", PATH)), since("3.7")),
    *(
        Whole(Filesystem, when(has("format", {"const": name}), {"properties": {"label": {"maxLength": most}}}))
        for name, most in LABELS.items()
    ),
    Whole(Filesystem, when(_MOUNTED, _FORMAT), sugar("3.1")),
    Whole(Filesystem, when(_MOUNTED, has("path", TEXT)), sugar("3.1", "3.3")),
    Whole(
        Filesystem,
        when({"allOf": [_MOUNTED, no(has("format", {"const": "swap"}))]}, has("path", TEXT)),
        sugar("3.3"),
    ),
    Whole(Filesystem, when(_MOUNTED, {"properties": {"path": {"pattern": "^(/(etc|var)(/|$)|$)"}}}), _MOUNTS_FIXED),
    Whole(Raid, when(has("level", {"enum": sorted(STRIPED)}), no(has("spares", no({"enum": [0, None]}))))),
    # encryption
    Whole(ClevisCustom, when(_PIN, {"allOf": [has("pin", TEXT), has("config", TEXT)]}), since("3.2", "3.3")),
    Whole(ClevisCustom, when(_PIN_OR_NETWORK, {"allOf": [has("pin", TEXT), has("config", TEXT)]}), since("3.3")),
    Whole(Luks, no(has("clevis", {"allOf": [said("custom"), _OTHER_PINS]})), since("3.2", "3.3")),
    Whole(Luks, no(has("clevis", {"allOf": [has("custom", has("pin", TEXT)), _OTHER_PINS]})), since("3.3")),
    Whole(
        Luks,
        when(
            _CEX,
            no(any_of(has("clevis", any_of(_OTHER_PINS, has("custom", has("pin", TEXT)))), has("key_file", SOURCE))),
        ),
        since("3.5"),
    ),
    # units
    *(
        Whole(cls, no(said("contents", "contents_local")), dates)
        for cls, dates in ((Unit, sugar("3.4")), (Dropin, sugar("3.4")), (Quadlet, sugar("3.7")))
    ),
    Whole(
        Quadlet,
        when(
            has("name", {"pattern": r"@[^.].*\."}),
            no(any_of(said("contents"), said("contents_local"))),
        ),
        sugar("3.7"),
    ),
    # the boot disk
    Whole(BootDevice, when(_MIRRORED, said("layout")), sugar()),
    *(
        Whole(
            BootDevice,
            when(has("layout", {"const": layout}), has("luks", has("device", {"type": "string", "pattern": pattern}))),
            sugar("3.5"),
        )
        for layout, pattern in _WHOLE_DISKS.items()
    ),
    Whole(BootDevice, when(has("layout", {"enum": sorted(LAYOUTS_S390X)}), no(_MIRRORED)), sugar("3.5")),
    Whole(BootDevice, when(has("luks", _CEX), has("layout", {"enum": sorted(LAYOUTS_S390X)})), sugar("3.5")),
    Whole(
        BootDevice,
        no(has("luks", {"allOf": [_CEX, any_of(has("tang", LISTED), has("tpm2", TRUE))]})),
        sugar("3.5"),
    ),
    Whole(
        BootDevice,
        when(has("luks", has("device", TEXT)), has("luks", any_of(has("tang", LISTED), has("tpm2", TRUE), _CEX))),
        sugar("3.6"),
    ),
)

# Rules that look at several objects, at the meaning of a text, or at files: JSON Schema cannot say them.
BEYOND: Final = frozenset(
    message.code
    for message in (
        # what lies in a text
        *(m.INVALID_URL, m.INVALID_DATA_URL, m.INVALID_ARN, m.INVALID_VERSION_ID, m.TANG_ADVERTISEMENT),
        *(m.UNIT_CONTENT, m.NO_INSTALL, m.NO_TEMPLATE_INSTALL, m.INNER_CONFIG, m.UNKNOWN_INNER_VERSION),
        # how a number was written
        *(m.DECIMAL_MODE, m.ILLEGAL_MODE, m.SPECIAL_MODE, m.SPECIAL_MODE_UNSUPPORTED),
        # how objects lie to each other
        *(m.DUPLICATE_ENTRY, m.PATH_IS_UNIT, m.FILE_BELOW_LINK, m.DIRECTORY_BELOW_LINK, m.LINK_BELOW_LINK),
        *(m.HARD_LINK_TO_DIRECTORY, m.HARD_LINK_OWNER, m.NUMBERS_COLLIDE, m.LABELS_COLLIDE, m.PARTITIONS_OVERLAP),
        *(m.PARTITIONS_OVERWRITTEN, m.IMPLICIT_WIPE, m.NODE_EXISTS, m.CEX_ARGUMENT),
        *(m.REUSE_BY_LABEL, m.WRONG_NUMBER, m.ROOT_TOO_SMALL, m.ROOT_CONSTRAINED),
        # what is in files
        *(m.LOCAL_UNREADABLE, m.NO_FILES_DIR, m.FILES_DIR_ESCAPE, m.TREE_FILE_TYPE, m.TREE_NOT_DIRECTORY),
        # how the text is written: aliases, items that say nothing
        *(m.TREE_MISMATCH, m.FIELD_ELIDED),
    )
)


def fields_of(cls: type[Object], name: str, spec: Spec) -> list[Field]:
    """What is said about a field of a class, those of its bases first."""
    bases = cls.__mro__
    fields, _ = _tables(spec)
    return [row for row in fields if row.name == name and row.cls in bases and row.dates.has(spec)]


def wholes_of(cls: type[Object], spec: Spec) -> list[Fragment]:
    """What is said about the fields of a class together."""
    _, wholes = _tables(spec)
    return [row.fragment for row in wholes if row.cls in cls.__mro__ and row.dates.has(spec)]


def _tables(spec: Spec) -> tuple[tuple[Field, ...], tuple[Whole, ...]]:
    if spec.family == "v3":
        return FIELDS, WHOLES
    from stoker.schema import constraints_old  # noqa: PLC0415 -- it is made of what stands above

    return constraints_old.FIELDS, constraints_old.WHOLES
