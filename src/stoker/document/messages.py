"""What can be wrong with a text before anyone asks what it means."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

NOT_YAML: Final = Message("yaml-syntax", "this is not YAML: {problem}", "check indentation and quotes around this line")
NOT_JSON: Final = Message("json-syntax", "this is not JSON: {problem}")
LARGE: Final = Message("too-large", "the text is larger than {limit} bytes")
DEEP: Final = Message("too-deep", "collections are nested more than {limit} levels deep")
EXPANDS: Final = Message("alias-bomb", "document contains excessive aliasing: more than {limit} values")
UNKNOWN_ALIAS: Final = Message("unknown-alias", "alias `*{name}` has no anchor `&{name}` before it")
ALIAS_OF_ITSELF: Final = Message("alias-of-itself", "anchor `&{name}` contains itself")
DUPLICATE_KEY: Final = Message("duplicate-key", "mapping key `{key}` already defined at line {line}", "remove one of them")
