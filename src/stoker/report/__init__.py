"""What is wrong or happened, where, and how to mend it; as text and as JSON. Imports nothing of the other rooms."""

from stoker.report.entries import Entry, Message, Report, Severity
from stoker.report.events import Event
from stoker.report.lines import Level, Line
from stoker.report.places import ROOT, Place, Pointer, pointer_text

__all__ = [
    "ROOT",
    "Entry",
    "Event",
    "Level",
    "Line",
    "Message",
    "Place",
    "Pointer",
    "Report",
    "Severity",
    "pointer_text",
]
