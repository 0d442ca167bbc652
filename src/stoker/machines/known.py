"""What people say of machines: a file of `labels/` goes in, labels that count in matching come out, with a Report.

    {"selector": {"serial": "1234abcd"}, "labels": {"role": "worker", "rack": "1"}}

A document names a machine by `uuid`, `mac` or `serial` as a group does, and gives it labels. In matching they count
more than what the machine says of itself. Machines of sabakan are read as such documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from stoker.machines.addresses import parse_mac
from stoker.machines.documents import Group, Reader
from stoker.machines.messages import (
    BAD_LABELS,
    BAD_MAC,
    NO_SERIAL,
    NOT_SABAKAN,
    NOT_TEXT,
    TWO_SERIALS,
)
from stoker.machines.selection import Selection
from stoker.report import Place, Report, Severity
from stoker.store import Item

FOLDER: Final = "labels"
NAMES: Final = frozenset({"uuid", "mac", "serial"})  # what a machine may be named by


class Known(NamedTuple):
    """The documents, found as groups are: of two that name a machine the one with more selectors counts."""

    documents: Selection

    def labels(self, asked: Mapping[str, str]) -> dict[str, str]:
        """The labels that count for a machine that asks with these; its names stay those that it gives itself."""
        found = self.documents.find(asked)
        given = {} if found is None else found.metadata
        return {**asked, **{name: value for name, value in given.items() if name not in NAMES}}


NOBODY: Final = Known(Selection(()))


def read_labels(key: str, item: Item) -> tuple[Group | None, Report]:
    """Read `labels/KEY.json`: a group without a profile, whose metadata are the labels."""
    reader = Reader(item)
    members = reader.members()
    selector = _strings(reader, members, "selector")
    labels = _strings(reader, members, "labels")
    if "mac" in selector:
        address = parse_mac(selector["mac"])
        if address is None:
            reader.complain(BAD_MAC, "mac", value=selector["mac"])
        selector["mac"] = address or ""
    if not reader.report.has_errors and not NAMES & {name for name, value in selector.items() if value}:
        reader.complain(BAD_LABELS, "selector")
    return None if reader.report.has_errors else Group(key, selector=selector, metadata=labels), reader.report


def _strings(reader: Reader, members: dict[str, Any], key: str) -> dict[str, str]:
    given = reader.object(members, key)
    return {name: reader.typed(value, str, name, f"`{name}`", NOT_TEXT) for name, value in given.items()}


class _Bmc(msgspec.Struct):
    type: str = ""
    ipv4: str = ""


class _Spec(msgspec.Struct, rename="kebab"):
    """What sabakan knows of a machine (its docs/machine.md); versions before 3 have product and datacenter here."""

    serial: str = ""
    labels: dict[str, str] = {}
    product: str = ""
    datacenter: str = ""
    rack: int | None = None
    index_in_rack: int | None = None
    role: str = ""
    ipv4: list[str] | None = None
    ipv6: list[str] | None = None
    bmc: _Bmc = msgspec.field(default_factory=_Bmc)


def import_sabakan(text: bytes, file: str) -> tuple[dict[str, bytes], Report]:
    """Machines of sabakan as documents, by the key of each (`labels/1234abcd.json`).

    `text` is what `GET /api/v1/machines` answers, or what is sent there to register machines: a list, or one of them.
    """
    documents: dict[str, bytes] = {}
    report = Report()
    place = Place(file, 1, 1)
    try:
        data = msgspec.json.decode(text)
        machines = data if isinstance(data, list) else [data]
        specs = [msgspec.convert(_spec_of(machine), _Spec) for machine in machines]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        report.add(Severity.ERROR, NOT_SABAKAN, place=place, reason=str(error))
        return {}, report
    for number, spec in enumerate(specs, 1):
        key = f"{FOLDER}/{quote(spec.serial, safe=' ')}.json"
        if not spec.serial:
            report.add(Severity.ERROR, NO_SERIAL, place=place, number=number)
        elif key in documents:
            report.add(Severity.ERROR, TWO_SERIALS, place=place, number=number, serial=spec.serial)
        else:
            document = {"selector": {"serial": spec.serial}, "labels": _labels(spec)}
            documents[key] = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    return documents, report


def _spec_of(machine: object) -> object:
    return machine.get("spec", machine) if isinstance(machine, dict) else machine


def _labels(spec: _Spec) -> dict[str, str]:
    """Labels under the names by which sabakan searches; of several addresses the first, which is the node's."""
    numbers = {"rack": spec.rack, "index-in-rack": spec.index_in_rack}
    own = {
        "product": spec.product,
        "datacenter": spec.datacenter,
        **{name: "" if number is None else str(number) for name, number in numbers.items()},
        "role": spec.role,
        "ipv4": next(iter(spec.ipv4 or ()), ""),
        "ipv6": next(iter(spec.ipv6 or ()), ""),
        "bmc-type": spec.bmc.type,
        "bmc-ipv4": spec.bmc.ipv4,
    }
    return spec.labels | {name: value for name, value in own.items() if value}
