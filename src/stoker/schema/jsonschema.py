"""JSON Schema of a spec, for editors: what completes keys, shows what they mean and underlines what is wrong.

In goes a spec; out comes a schema as plain data, draft 2020-12. Names, types and descriptions are the table's, patterns
and dependencies those of `constraints.py`. What YAML writes loosely is allowed: numbers and booleans where a text is
wanted, `yes` and `on` as booleans, nothing at all where nothing need be said; and a reference to a variable.
Source: https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from typing import Any, Final

from stoker.schema.clc_services import Etcd2, Flannel
from stoker.schema.composing import KEYS, REFERENCE
from stoker.schema.constraints import Fragment, fields_of, wholes_of
from stoker.schema.decode import Row, rows
from stoker.schema.jsonschema_services import service_schema
from stoker.schema.meant import name_of
from stoker.schema.objects import Object, json_name
from stoker.schema.roots import root_of
from stoker.schema.rules.forbidden import FORBIDDEN
from stoker.schema.specs import Spec
from stoker.schema.v3 import Config

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TRUE_AND_FALSE: Final = [
    *(True, False),
    *("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"),
    *("n", "N", "no", "No", "NO", "off", "Off", "OFF"),
]
_BOOLEAN: Final[Fragment] = {"enum": [*_TRUE_AND_FALSE, None]}
_REFERENCE: Final[Fragment] = {"type": "string", "pattern": REFERENCE}
_REFERRING: Final[Fragment] = {"type": "string", "pattern": r"\$\{\{"}
_TEXT: Final[Fragment] = {"type": ["string", "number", "boolean", "null"]}
# What a text, a number, a switch may be. A reader of YAML 1.1 takes `0o644` for a text.
_JSON_TYPES: Final[dict[type, Fragment]] = {
    str: {"type": ["string", "null"]},
    int: {"type": ["integer", "null"]},
    bool: {"type": ["boolean", "null"]},
}
_YAML_TYPES: Final[dict[type, Fragment]] = {
    str: _TEXT,
    int: {"type": ["integer", "string", "null"], "pattern": "^0o[0-7]+$"},
    bool: {"$ref": "#/$defs/boolean"},
}
_COMPOSED_TYPES: Final[dict[type, Fragment]] = _YAML_TYPES | {
    int: {"type": ["integer", "string", "null"], "pattern": f"^0o[0-7]+$|{REFERENCE}"}
}

Path = tuple[str, ...]


def schema_of(spec: Spec) -> dict[str, Any]:
    """The schema of a spec."""
    making = _Making(spec)
    root = making.object(root_of(spec), ())
    return {
        "$schema": DIALECT,
        "$id": f"urn:stoker:schema:{spec.variant}:{spec.version}",
        "title": str(spec),
        **root,
        "$defs": {name: making.definitions[name] for name in sorted(making.definitions)},
    }


class _Making:
    """A schema on its way: the definitions so far."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        boolean = {"anyOf": [_BOOLEAN, _REFERENCE]} if spec.is_composed else _BOOLEAN
        self.definitions: dict[str, Fragment] = {"boolean": boolean} if spec.is_butane else {}
        self.types = _COMPOSED_TYPES if spec.is_composed else _YAML_TYPES if spec.is_butane else _JSON_TYPES
        self.forbidden = {tuple(path.split(".")) for path, _, dates in FORBIDDEN if dates.has(spec)}

    def object(self, cls: type[Object], way: Path) -> Fragment:
        """The schema of a class that stands at `way`, which what the variant forbids depends on."""
        known = [row for row in rows(cls, self.spec) if (*way, row.json) not in self.forbidden]
        properties = {name_of(row, self.spec): self._property(cls, row, (*way, row.json)) for row in known}
        if cls is Config and self.spec.is_butane:
            properties["variant"] |= {"const": self.spec.variant}
            properties["version"] |= {"const": self.spec.version}
            properties |= KEYS
        elif "version" in properties and self._is_version(cls, "version"):
            properties["version"] |= {"const": self.spec.version}
        required = [name_of(row, self.spec) for row in known if self._is_required(cls, row)]
        conditions = [self._spell(fragment) for fragment in wholes_of(cls, self.spec)]
        return {
            "description": _first_line(cls),
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            **({"allOf": conditions} if conditions else {}),
            "additionalProperties": False,
        }

    def _is_required(self, cls: type[Object], row: Row) -> bool:
        if any(field.required for field in fields_of(cls, row.name, self.spec)):
            return True
        return self._is_version(cls, row.name) or (row.name == "ignition" and not self.spec.is_butane)

    def _is_version(self, cls: type[Object], name: str) -> bool:
        """Whether a row says which language it is."""
        if self.spec.is_butane:
            return cls is Config and name in {"variant", "version"}
        return cls.__name__ == "Ignition" and name == "version"

    def _property(self, cls: type[Object], row: Row, way: Path) -> Fragment:
        fragments = [self._spell(field.fragment) for field in fields_of(cls, row.name, self.spec)]
        if self.spec.is_composed:
            fragments = [_opened(fragment) for fragment in fragments]
        if row.type in {Etcd2, Flannel}:
            return service_schema(row.name, self.types) | {"description": row.doc}
        if row.is_object:
            one: Fragment = {"$ref": f"#/$defs/{self._define(row.type, way)}"}
            if self.spec.family != "v3" and not row.is_list and not self._is_required(cls, row):
                one = {"anyOf": [one, {"type": "null"}]}
        elif row.is_map:
            one = {"type": "object", "additionalProperties": _TEXT}
        else:
            one = dict(self.types[row.type])
        if not row.is_list:
            return _merge(one, fragments) | {"description": row.doc}
        is_set = self.spec.family == "v3" and not row.is_object and row.name not in {*cls.APPEND, *cls.SHARED}
        many: Fragment = {"type": ["array", "null"], "items": one, **({"uniqueItems": True} if is_set else {})}
        if self._is_required(cls, row):
            many["type"] = ["array"]
        if self.spec.is_composed and not row.is_object:
            many["type"] = [*many["type"], "string"]
            many["pattern"] = REFERENCE
        return _merge(many, fragments) | {"description": row.doc}

    def _define(self, cls: type[Object], way: Path) -> str:
        """The name of the definition of a class; one of its own for each place where something of it is forbidden."""
        is_plain = not any(path[: len(way)] == way for path in self.forbidden)
        name = cls.__name__ if is_plain else "-".join((cls.__name__, *way))
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self.object(cls, way)
        return name

    def _spell(self, fragment: Any) -> Any:
        """A fragment with names as the spec has them."""
        if isinstance(fragment, list):
            return [self._spell(item) for item in fragment]
        if not isinstance(fragment, dict):
            return fragment
        spelled: Fragment = {}
        for key, value in fragment.items():
            if key == "required":
                spelled[key] = [self._name(name) for name in value]
            elif key == "properties":
                spelled[key] = {self._name(name): self._spell(one) for name, one in value.items()}
            else:
                spelled[key] = self._spell(value)
        return spelled

    def _name(self, name: str) -> str:
        return name if self.spec.is_butane else json_name(name)


def _opened(fragment: Fragment) -> Fragment:
    """What is said about a field, where a variable may stand for the text or a part of it."""
    opened = dict(fragment)
    if "pattern" in opened:
        opened["pattern"] = f"(?:{opened['pattern']})|{_REFERRING['pattern']}"
    if "items" in opened:
        opened["items"] = _opened(opened["items"])
    if "anyOf" in opened:
        opened["anyOf"] = [_opened(one) for one in opened["anyOf"]]
    if "enum" in opened:
        opened["anyOf"] = [{"enum": opened.pop("enum")}, _REFERRING]
    return opened


def _merge(one: Fragment, fragments: list[Fragment]) -> Fragment:
    """A type narrowed by what is said about the field; words replace the type, what cannot be joined stands beside."""
    merged = dict(one)
    for fragment in fragments:
        if "enum" in fragment or "const" in fragment:
            merged.pop("type", None)
        for key, value in fragment.items():
            if key == "type" and key in merged:
                merged[key] = [kind for kind in _listed(merged[key]) if kind in _listed(value)]
            elif key == "items":
                merged[key] = merged[key] | value
            elif key in merged:
                merged.setdefault("allOf", []).append({key: value})
            else:
                merged[key] = value
    return merged


def _listed(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds


def _first_line(cls: type[Object]) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]
