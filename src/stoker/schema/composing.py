"""The two keys by which a document is made of parts. They are Stoker's: no variant has them, and none loses them.

In goes nothing; out go the keys, the types of variables, and what JSON Schema says of both.
"""

from __future__ import annotations

from typing import Any, Final

# The types of variables, and what a person is told is wanted.
VARIABLE_TYPES: Final = {
    "string": "a string",
    "integer": "an integer",
    "boolean": "a boolean",
    "list": "a list of strings",
}
# A value that is nothing but a reference to a variable.
REFERENCE: Final = r"^\$\{\{.*\}\}$"

_NAME: Final = {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}
_VALUE: Final = {"type": ["string", "number", "boolean", "array"]}

KEYS: Final[dict[str, dict[str, Any]]] = {
    "include": {
        "description": "Fragments to merge below this document when it is compiled, in order.",
        "type": ["array", "null"],
        "items": {
            "type": "object",
            "required": ["path"],
            "properties": {
                "path": {
                    "description": "The fragment, relative to this file.",
                    "type": ["string", "number", "boolean"],
                    "minLength": 1,
                },
                "with": {
                    "description": "Values for the variables of the fragment.",
                    "type": "object",
                    "propertyNames": _NAME,
                    "additionalProperties": _VALUE,
                },
            },
            "additionalProperties": False,
        },
    },
    "variables": {
        "description": "Variables of this document: `${{ name }}` in a value stands for them.",
        "type": "object",
        "propertyNames": _NAME,
        "additionalProperties": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"description": "What it is.", "enum": list(VARIABLE_TYPES)},
                "default": {"description": "What it is when the includer says nothing."} | _VALUE,
            },
            "additionalProperties": False,
        },
    },
}
