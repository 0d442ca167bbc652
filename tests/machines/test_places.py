"""From what a machine posts to the line that a person wrote."""

from __future__ import annotations

import pytest

from stoker.butane import compile_document
from stoker.machines import Placed, origins_of, place_event
from stoker.report import Event, Place, Pointer
from stoker.templates.gotext import parse

TEMPLATE = b"""\
variant: fcos
version: 1.5.0
{{range .hosts}}{{/* none
is left out */}}# {{.}}
{{end}}storage:
  files:
    - path: /etc/hostname
      contents:
        inline: {{.name}}
    - path: /etc/motd
      contents:
        inline: hello
"""
ROWS: list[tuple[Pointer, list[int]]] = [
    (("storage", "files", 0), [7]),
    (("storage", "files", 0, "path"), [7]),
    (("storage", "files", 0, "contents", "source"), [9]),
    (("storage", "files", 1, "contents", "source"), [12]),
    ((), []),
]


@pytest.mark.parametrize("pointer, lines", ROWS, ids=[".".join(map(str, pointer)) for pointer, _ in ROWS])
def test_an_event_leads_to_the_line_of_the_template(pointer: Pointer, lines: list[int]) -> None:
    template, _ = parse(TEMPLATE, "web.bu", name="web.bu")
    assert template is not None
    rendered, _ = template.render({"hosts": ["a", "b", "c"], "name": "web"})
    assert rendered is not None
    compiled = compile_document(rendered.data, file="web.bu", raw=True)
    event = Event(1.0, "files", "x", "failed", digest="d", pointer=pointer)
    placed = place_event(event, origins_of(compiled, rendered, "web.bu"))
    assert placed.event == event
    assert [(place.file, place.line) for place in placed.places] == [("web.bu", line) for line in lines]
    later = place_event(event, origins_of(compiled)).places
    assert [place.line for place in later] == [line + 1 for line in lines]


def test_without_origins_or_a_pointer_there_is_no_place() -> None:
    event = Event(1.0, "files", "x", pointer=("storage",))
    assert place_event(event, None) == Placed(event)
    assert place_event(Event(1.0, "files", "x"), lambda _pointer: [Place("a", 1, 1)]).places == ()
