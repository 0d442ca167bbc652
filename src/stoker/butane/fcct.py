"""What fcct 0.2.0 gave, the first of Butane: fcos 1.0.0 alone, and JSON that writes empty objects.

In goes the text of a document; out comes a Translation whose report is all that is to be shown. Source: fcct v0.2.0
(config/config.go, config/common) and the types of Ignition v2.0.1.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from stoker.butane.compile import Compilation, compile_text
from stoker.butane.translate import Translation
from stoker.document import messages as document_messages
from stoker.ignition.encode import encode
from stoker.report import Entry, Message, Report
from stoker.schema import messages as schema_messages
from stoker.schema.v3 import Config

Form = dict[str, Any]  # a key, and the form of the object, list or null that is always there

_FCOS: Final = ("fcos", "1.0.0")
_REFUSED: Final = {
    "no-variant": "Error parsing variant. Variant must be specified",
    "no-version": "Error parsing version. Version must be a valid semver",
}
# What the decoder says itself, before there is anything to judge.
_DECODER: Final = {
    schema_messages.WRONG_TYPE.code,
    *(message.code for message in vars(document_messages).values() if isinstance(message, Message)),
}

# What is written even when there is nothing in it; a list stands for each of its items.
_NODE: Final[Form] = {"group": {}, "user": {}}
_CONTENTS: Final[Form] = {"verification": {}}
_REFERENCE: Final[Form] = {"source": None, "verification": {}}
_FORM: Final[Form] = {
    "ignition": {
        "config": {"merge": [_REFERENCE], "replace": _REFERENCE},
        "security": {"tls": {"certificateAuthorities": [_CONTENTS]}},
        "timeouts": {},
    },
    "passwd": {},
    "storage": {
        "directories": [_NODE],
        "files": [{**_NODE, "append": [_CONTENTS], "contents": _CONTENTS}],
        "links": [_NODE],
    },
    "systemd": {},
}
_FIRST: Final = ("group", "overwrite", "path", "user")  # of a file, directory or link


def translate(text: bytes, *, pretty: bool, strict: bool) -> Translation:
    """Translate as `fcct` does; `strict` refuses keys that are not used, and no other warning."""
    done = compile_text(text, as_reference=True)
    refused = _refusal(done, strict=strict)
    if refused is not None:
        return Translation(None, Report(), refused)
    if done.config is None:
        return Translation(None, done.report, "config generated was invalid")
    return Translation(_encode(done.config, pretty=pretty), done.report, None)


def _refusal(done: Compilation, *, strict: bool) -> str | None:
    """Why the document is not even read, in fcct's words where they are its own."""
    unread = _DECODER | ({schema_messages.UNUSED_KEY.code} if strict else set())
    stopping = [entry for entry in done.report if entry.code in unread]
    if stopping:
        yaml = "yaml: " + "\n  ".join(map(_line, stopping))
        return f"Error unmarshaling yaml: {yaml}" if done.spec is None else yaml
    if done.spec is not None:
        spec = (done.spec.variant, done.spec.version)
        return None if spec == _FCOS else f"No translator exists for variant {spec[0]} with version {spec[1]}"
    return next((_REFUSED.get(entry.code) for entry in done.report), None) or done.error


def _line(entry: Entry) -> str:
    return f"line {entry.place.line}: {entry.message}" if entry.place else entry.message


def _encode(config: Config, *, pretty: bool) -> bytes:
    return encode(_filled(msgspec.to_builtins(config), _FORM), pretty=pretty)


def _filled(data: dict[str, Any], form: Form) -> dict[str, Any]:
    """The object with all that its form always has, in the order of fcct's types."""
    data = dict(data)
    for key, inner in form.items():
        if isinstance(inner, list):
            if key in data:
                data[key] = [_filled(item, inner[0]) for item in data[key]]
        elif isinstance(inner, dict):
            data[key] = _filled(data.get(key, {}), inner)
        else:
            data.setdefault(key, inner)
    first = _FIRST if "group" in form else ()
    return {key: data[key] for key in sorted(data, key=lambda key: (key not in first, key))}
