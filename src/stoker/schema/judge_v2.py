"""One verdict on an Ignition 2 config: rules, then unknown keys.

In goes JSON, or a config with the spec it is read as; out come objects of `v2` and findings, in the order of the
reference's rules. Nothing is compared for duplicates: Ignition 2 took the later one. Importing this module registers
the rules of the family.
"""

from __future__ import annotations

from stoker.document.nodes import Document
from stoker.schema import messages as m
from stoker.schema.decode import JSON, Faults, plan
from stoker.schema.rules import RESULT, Finding, Say, v2, v2_devices, walker
from stoker.schema.specs import Spec
from stoker.schema.unused import find_unused
from stoker.schema.v2 import Config, Ignition

__all__ = ["decode_v2", "judge_v2", "v2", "v2_devices"]


def decode_v2(document: Document, spec: Spec) -> tuple[Config, Faults]:
    """Decode a JSON document as one Ignition 2 version. What is not there is at its zero."""
    faults = Faults()
    config = None if document.root is None else plan(Config, spec, JSON).read(document.root, faults)
    return config or Config(ignition=Ignition(version="")), faults  # type: ignore[return-value]


def judge_v2(
    config: Config, spec: Spec, document: Document | None = None, *, has_unknown: bool = False
) -> list[Finding]:
    """Judge a config as written in `spec`; keys it does not know are looked for in its text."""
    say = Say(spec)
    walker(RESULT, Config, spec).walk(config, (), say)
    if document is not None and has_unknown:
        for message, pointer, values in find_unused(Config, config, document, spec):
            if message is m.UNUSED_KEY:
                say.warn(m.UNRECOGNIZED_KEY, pointer, **values)
    return say.findings
