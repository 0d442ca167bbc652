"""Configs as Matchbox makes them: a text goes in, an Ignition 3.4 config comes out, and a Report of what was found.

Matchbox v0.11 reads what it serves with Ignition's parser for 3.4 and writes it anew. What that parser does not take
(2.x, 3.5 and newer, a MachineConfig, broken JSON) becomes a config that says nothing, not even its version.
"""

from __future__ import annotations

from typing import Final

from stoker.butane import translate
from stoker.ignition.convert import convert
from stoker.ignition.encode import encode
from stoker.ignition.full import full
from stoker.ignition.parse import parse
from stoker.machines.messages import NOT_IGNITION
from stoker.report import Place, Report, Severity
from stoker.schema.specs import IGNITION
from stoker.schema.v3 import Config, Ignition

NEWEST: Final = IGNITION[4]
EMPTY: Final = encode(full(Config(ignition=Ignition(version="")), NEWEST))


def compile_template(text: bytes, file: str) -> tuple[bytes | None, Report]:
    """Make a config of a rendered Butane document; None where Butane refuses it."""
    done = translate(text, file=file, as_reference=True)
    if done.output is not None:
        return read_config(done.output, file)
    report = done.report
    if not report.has_errors:
        report.add(Severity.ERROR, NOT_IGNITION, place=Place(file, 1, 1), reason=done.error)
    return None, report


def read_config(text: bytes, file: str) -> tuple[bytes, Report]:
    """Write a config anew as 3.4; `EMPTY` where it cannot be read, with an error that says why."""
    done = parse(text, file=file)
    if done.config is not None and done.spec is not None and done.spec.minor <= NEWEST.minor:
        config, findings = convert(done.config, done.spec, NEWEST)
        return encode(full(config, NEWEST)), Report((*done.report, *findings))
    done.say_why(text, file)
    if not done.report.has_errors:
        version = done.spec.version if done.spec is not None else ""
        reason = f"its version is {version}, and what is read ends with {NEWEST.version}"
        done.report.add(Severity.ERROR, NOT_IGNITION, place=Place(file, 1, 1), reason=reason)
    return EMPTY, done.report
