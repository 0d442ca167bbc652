"""What is found in a template: the catalogue of its findings; the texts are Go's."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

SYNTAX: Final = Message("template-syntax", "{text}")
EXECUTION: Final = Message("template-execution", "{text}")
LIMIT: Final = Message("template-limit", "{text}", "make the template smaller or feed it less data")
MISSING_KEY: Final = Message(
    "template-missing-key", "{text}", 'to allow a key to be absent write `{{{{if index . "{key}"}}}}`'
)
