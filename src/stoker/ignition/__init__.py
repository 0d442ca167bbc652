"""The Ignition config: parse, judge, convert, merge, write."""

from stoker.ignition.convert import convert
from stoker.ignition.encode import encode
from stoker.ignition.merge import Source, Transcript, merge, trace
from stoker.ignition.parse import Parsed, check, find_spec, judge, parse, validate
from stoker.ignition.versions import find_target, to_version

__all__ = [
    "Parsed",
    "Source",
    "Transcript",
    "check",
    "convert",
    "encode",
    "find_spec",
    "find_target",
    "judge",
    "merge",
    "parse",
    "to_version",
    "trace",
    "validate",
]
