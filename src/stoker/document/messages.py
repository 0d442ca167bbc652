"""What can be wrong with a text before anyone asks what it means."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

NOT_YAML: Final = Message("yaml-syntax", "this is not YAML: {problem}", "check indentation and quotes around this line")
NOT_JSON: Final = Message("json-syntax", "{problem}", "the text is not JSON from here on")
WRONG_YAML_VERSION: Final = Message(
    "yaml-version", "found incompatible YAML document", "remove the `%YAML` line or make it `%YAML 1.1`"
)
LARGE: Final = Message("too-large", "the text is larger than {limit} bytes")
DEEP: Final = Message("too-deep", "collections are nested more than {limit} levels deep")
TANGLED: Final = Message("too-tangled", "there is too much inside of too many brackets", "write lists line by line")
UNKNOWN_ALIAS: Final = Message("unknown-alias", "alias `*{name}` has no anchor `&{name}` before it")
NOT_FOR_GO: Final = Message(
    "yaml-dialect", "this is YAML that Butane does not read: {problem}", "put the value in single quotes"
)
DUPLICATE_KEY: Final = Message(
    "duplicate-key", "mapping key `{key}` already defined at line {line}", "remove one of them"
)

# What makes a text no YAML, or none that is read.
SYNTAX: Final = (NOT_YAML, WRONG_YAML_VERSION, LARGE, DEEP, UNKNOWN_ALIAS, NOT_FOR_GO)
