"""The Ignition config: parse, judge, convert, merge, write."""

from stoker.ignition.convert import convert
from stoker.ignition.encode import encode
from stoker.ignition.merge import Source, Transcript, merge, trace
from stoker.ignition.parse import Parsed, check, find_spec, judge, parse, validate

__all__ = [
    "Parsed",
    "Source",
    "Transcript",
    "check",
    "convert",
    "encode",
    "find_spec",
    "judge",
    "merge",
    "parse",
    "trace",
    "validate",
]
