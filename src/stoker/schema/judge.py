"""One verdict on a config: rules, duplicates, unknown keys.

In goes a decoded config with the spec it is read as; out come findings, in the order of the reference. Importing this
module registers every rule.
"""

from __future__ import annotations

from stoker.document.nodes import BOOLEAN, FLOAT, INTEGER, MAPPING, SEQUENCE, STRING, Document, Node
from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.decode import JSON, Faults, plan
from stoker.schema.duplicates import find_duplicates
from stoker.schema.rules import (
    ADVICE,
    RESULT,
    SOURCE,
    Finding,
    Say,
    butane,
    devices,
    nodes,
    resources,
    source_rule,
    units,
    walker,
)
from stoker.schema.rules.resources import version
from stoker.schema.specs import IGNITION, Spec
from stoker.schema.unused import find_unused
from stoker.schema.v3 import Config, ConfigReference, Ignition

__all__ = ["butane", "devices", "judge_ignition", "judge_result", "judge_source", "nodes", "resources", "units"]


def judge_source(config: Config, spec: Spec) -> list[Finding]:
    """Judge what a person wrote in Butane; pointers are Butane's."""
    say = Say(spec)
    walker(SOURCE, Config, spec).walk(config, (), say)
    return say.findings


def judge_result(config: Config, spec: Spec) -> list[Finding]:
    """Judge the Ignition config that came out of Butane: duplicates first; pointers are Ignition's."""
    say = Say(spec)
    find_duplicates(config, (), say)
    walker(RESULT, Config, spec).walk(config, (), say)
    return say.findings


def judge_ignition(config: Config, spec: Spec, document: Document | None, *, has_unknown: bool) -> list[Finding]:
    """Judge an Ignition config as written: rules, duplicates, then what its text says in vain."""
    say = Say(spec)
    walker(RESULT, Config, spec).walk(config, (), say)
    find_duplicates(config, (), say)
    if document is not None and has_unknown:
        for message, pointer, values in find_unused(Config, config, document, spec):
            say.warn(message, pointer, **values)
    return say.findings


def judge_advice(config: Config, spec: Spec) -> list[Finding]:
    """Say what a config would do to its machine that a person may not want; pointers are Ignition's."""
    from stoker.schema.rules import pitfalls, targets  # noqa: F401, PLC0415 -- their import registers them

    say = Say(spec)
    walker(ADVICE, Config, spec).walk(config, (), say)
    return say.findings


def decode_ignition(document: Document, spec: Spec) -> tuple[Config, Faults]:
    """Decode a JSON document as one Ignition version. What is not there is at its zero."""
    faults = Faults()
    config = None if document.root is None else plan(Config, spec, JSON).read(document.root, faults)
    return config or Config(ignition=Ignition(version="")), faults  # type: ignore[return-value]


_GO_KINDS = {STRING: "string", BOOLEAN: "bool", INTEGER: "number", FLOAT: "number"}
_GO_TYPES = {"string": "string", "integer": "int", "boolean": "bool"}


def go_type_error(document: Document, node: Node, wanted: str) -> str:
    """A value of the wrong type in the words of Go's decoder; the names of its types are left out."""
    (pointer,) = document.pointers_of([node])
    kind = {MAPPING: "object", SEQUENCE: "array"}.get(node.kind) or _GO_KINDS.get(node.tag or "", "value")
    number = f" {node.value}" if kind == "number" and wanted == "integer" else ""
    place = ".".join(["Config", *map(str, pointer)])
    field = "" if pointer and isinstance(pointer[-1], int) else "Go struct field "
    into = f"{field}{place}" if pointer else "Go value"
    return f"json: cannot unmarshal {kind}{number} into {into} of type {_GO_TYPES.get(wanted, wanted)}"


@source_rule(ConfigReference, "3.1")
def inner_config(reference: ConfigReference, at: Pointer, say: Say) -> None:
    """A config to merge that is given inline is judged too, when its version is the one that comes out.

    Its findings keep their own pointers, as in the reference.
    """
    if at[:2] != ("ignition", "config") or reference.inline is None:
        return
    if reference.local is not None or reference.source is not None:
        return
    from stoker.document import json  # noqa: PLC0415 -- configs within configs are rare

    document, report = json.read(reference.inline.encode("utf-8", "replace"), "")
    if document is None:
        for entry in report:
            say.error(m.INNER_CONFIG, (), fault=entry.message)
        say.error(m.INNER_CONFIG, (*at, "inline"), fault="config is not valid")
        return
    spec = IGNITION[say.spec.minor]
    config, faults = decode_ignition(document, spec)
    if faults.wrong:
        say.error(m.INNER_CONFIG, (), fault=go_type_error(document, *faults.wrong[0]))
        say.error(m.INNER_CONFIG, (*at, "inline"), fault="config is not valid")
        return
    about = Say(spec)
    version(config.ignition, (), about)
    if any(finding.message is m.UNKNOWN_VERSION for finding in about.findings):
        say.warn(m.UNKNOWN_INNER_VERSION, (*at, "version"))
        return
    say.findings += judge_ignition(config, spec, document, has_unknown=faults.unknown)
