"""Faults inside the Go template room.

    TemplateError                    carries the text that Go would print
    ├── TemplateSyntaxError          the template cannot be read
    └── TemplateExecutionError       the template cannot be carried out with this data
        └── TemplateLimitError       it is too deep, too long or too slow
    RefusedError                     a function refuses its arguments; Expressions says where

They never leave the room: `parse` and `Template.render` turn each into an Entry of a Report.
"""

from __future__ import annotations

from stoker.report import Message
from stoker.templates.gotext.messages import EXECUTION


class TemplateError(Exception):
    """What is wrong in Go's words, and the offset of the part of the template at fault."""

    def __init__(self, text: str, offset: int, message: Message = EXECUTION, key: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.offset = offset
        self.message = message
        self.key = key


class TemplateSyntaxError(TemplateError):
    """The template cannot be read."""


class TemplateExecutionError(TemplateError):
    """The template cannot be carried out with this data."""


class TemplateLimitError(TemplateExecutionError):
    """A bound on depth, steps or output was reached."""


class RefusedError(Exception):
    """A function refuses its arguments, for the reason given in Go's words."""
