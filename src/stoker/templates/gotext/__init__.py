"""Go's text/template: `parse` reads a text, `Template.render` makes bytes of it and of data; no I/O, all bounded."""

from stoker.templates.gotext.printing import sprint, sprintf
from stoker.templates.gotext.run import Limits, Rendered
from stoker.templates.gotext.template import Template, parse
from stoker.templates.gotext.values import StringMap

__all__ = ["Limits", "Rendered", "StringMap", "Template", "parse", "sprint", "sprintf"]
