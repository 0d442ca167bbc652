"""JSON Schema of the programs that Container Linux Config configures: etcd and flannel, whose flags have versions.

In goes the name of a section; out comes its schema: every flag there is, and for each version those that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stoker.schema.clc_services import EDITIONS, Edition, edition_without_version
from stoker.schema.constraints import TEXT, TRUE, Fragment, has, no, said, when
from stoker.schema.decode import Row, rows


def service_schema(section: str, types: Mapping[type, Fragment]) -> Fragment:
    """The schema of a section; `types` says what a text, a number and a switch may be."""
    editions = [edition for edition in EDITIONS if edition[1].variant == section]
    known = {row.name: row for cls, spec in editions for row in rows(cls, spec)}
    versions = "|".join(_escaped(edition) for edition in editions)
    properties = {name: types[row.type] | {"description": row.doc} for name, row in known.items()}
    properties["version"] |= {"type": ["string", "null"], "pattern": rf"^({versions})\.[0-9]+([-+]|$)"}
    cases = [when(_is_version(edition), _flags(rows(*edition), types)) for edition in editions]
    default = edition_without_version(section)
    cases.append(when(no(said("version")), _flags(rows(*default), types)))
    return {
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
        "allOf": [*cases, no({"allOf": [has("kube_subnet_mgr", TRUE), has("network_config", TEXT)]})],
    }


def _is_version(edition: Edition) -> Fragment:
    return has("version", {"type": "string", "pattern": rf"^{_escaped(edition)}\."})


def _escaped(edition: Edition) -> str:
    return edition[1].version.replace(".", r"\.")


def _flags(known: tuple[Row, ...], types: Mapping[type, Fragment]) -> dict[str, Any]:
    """An object with no other flags than these."""
    return {
        "properties": {row.name: types[row.type] for row in known},
        "propertyNames": {"enum": [row.name for row in known]},
    }
